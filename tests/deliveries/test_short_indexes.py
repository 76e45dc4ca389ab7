"""What is asked every few seconds goes by the short indexes, however large a broadcast is.

PostgreSQL knows by its statistics; SQLite has to be asked in the right words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from heliograph.broadcasts.lifecycle import cancel, finish_if_done, get_broadcast, sweep_cancelled
from heliograph.broadcasts.progress import progress_of, stalled_broadcasts
from heliograph.broadcasts.run import other_scopes
from heliograph.db import db, transaction
from heliograph.deliveries.claim import Scope, in_flight, ready_rows, seconds_until_due
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.reconcile import silent_providers
from heliograph.deliveries.recovery import doubtful_providers
from tests.fixtures import statuses

SHORT = re.compile("ix_deliveries_(sending|queued|postponed|unreported|unknown|attempted_at)")


def plans_of(work: Callable[[], object]) -> list[tuple[str, str]]:
    """How SQLite finds the deliveries that *work* asks for: (step, question)."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        found.append((statement, given))

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    connection = db.session.connection()
    return [
        (row[3], statement)
        for statement, given in found
        if "deliveries" in statement
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        if " deliveries" in row[3]
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_question_goes_through_a_whole_broadcast(
    sending: Flask, crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(5)
    send(limit=2)
    scope = Scope("recorder", "+15005550006", broadcast_id=message.id)
    asked = {
        "in flight": lambda: in_flight(scope),
        "due": lambda: seconds_until_due(scope),
        "progress": lambda: progress_of(get_broadcast(message.id), 3),
        "stalled": stalled_broadcasts,
        "single texts": other_scopes,
        "doubtful": doubtful_providers,
        "silent": silent_providers,
        "sweep": sweep_cancelled,
    }
    for name, work in asked.items():
        plans = plans_of(work)
        assert plans or name == "sweep"
        assert [plan for plan in plans if not SHORT.search(plan[0])] == [], name


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_broadcast_that_is_nearly_all_there_is_is_not_read_from_its_first_text(
    sending: Flask, crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(1500)
    send(limit=1)
    db.session.execute(text("ANALYZE deliveries"))
    queued = ready_rows(Scope("recorder", "+15005550006", broadcast_id=message.id))
    query = queued.where(Delivery.not_before.is_(None)).limit(40)
    asked = query.order_by(Delivery.broadcast_id, Delivery.id)
    words = asked.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(text(f"EXPLAIN {words}".replace(":", "\\:"))))
    assert "ix_deliveries_queued" in plan, plan


def test_a_text_that_comes_back_after_the_cancel_is_swept(
    sending: Flask, crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(3)
    send(limit=1)
    cancel(message.id)
    assert statuses(message.id) == {"accepted": 1, "cancelled": 2}
    assert sweep_cancelled() == 0
    with transaction() as session:
        back = session.scalars(db.select(Delivery).where(Delivery.status == "cancelled")).first()
        back.status = "queued"
    assert sweep_cancelled() == 1
    assert statuses(message.id) == {"accepted": 1, "cancelled": 2}
    assert not finish_if_done(message.id)
