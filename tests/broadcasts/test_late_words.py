"""Words on the first text that come while, or after, its contact is sent another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.broadcasts.resend import resend_failed
from heliograph.channel import FailureKind, Sent, Status, StatusReport
from heliograph.db import db, transaction
from heliograph.deliveries.claim import Scope, claim_texts
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.recovery import Doubtful, conclude, fields_of, text_of
from heliograph.deliveries.reports import receive_status
from heliograph.providers import open_provider
from tests.fixtures import text_to

Crowd = Callable[..., tuple[Any, list[int]]]
Send = Callable[..., list[Any]]
OLD, NEW = "R00000001", "R00000002"


def report(status: Status, provider_id: str = OLD, **more: Any) -> StatusReport:
    return StatusReport(provider_id, status, reference=str(text_to(0).id), **more)


@pytest.fixture(params=["reported", "answered"])
def resent(request: Any, desk: Any, crowd: Crowd, send: Send) -> int:
    """A text that failed, by a report or in the answer, and waits to be sent again."""
    message, _ = crowd(1)
    send()
    if request.param == "reported":
        failed = report(Status.UNDELIVERED, kind=FailureKind.UNREACHABLE)
        assert receive_status("recorder", failed)
    else:
        with transaction() as session:
            row = session.scalars(db.select(Delivery)).one()
            row.status, row.reason = "failed", "unreachable"
    assert resend_failed(message.id, ["unreachable"]) == 1
    return int(message.id)


@pytest.mark.parametrize("word", [Status.ACCEPTED, Status.SENT, Status.FAILED])
def test_a_late_word_on_the_old_text_moves_nothing(
    resent: int, desk: Any, send: Send, word: Status
) -> None:
    receive_status("recorder", report(word))
    assert (text_to(0).status, text_to(0).provider_id) == ("queued", None)
    send()
    assert len(desk.texts) == 2
    receive_status("recorder", report(Status.SENT, NEW))
    receive_status("recorder", report(Status.DELIVERED))
    assert (text_to(0).status, text_to(0).provider_id) == ("sent", NEW)


def test_a_late_word_on_the_old_text_does_not_speak_for_the_one_under_way(resent: int) -> None:
    claim_texts(scope(resent), 1)
    for word in (Status.SENT, Status.DELIVERED):
        receive_status("recorder", report(word))
        assert (text_to(0).status, text_to(0).provider_id) == ("sending", None)
    receive_status("recorder", report(Status.SENT, NEW))  # an early word on the new one does
    receive_status("recorder", report(Status.DELIVERED, NEW))
    assert (text_to(0).status, text_to(0).provider_id) == ("delivered", NEW)


def test_the_old_text_is_not_taken_for_the_new_one_when_it_is_looked_up(resent: int) -> None:
    claim_texts(scope(resent), 1)
    row = text_to(0)
    lost = Doubtful(row.id, row.claim or "", text_of(row), fields_of(row))
    db.session.rollback()
    old = Sent(OLD, number=row.number, created_at=row.attempted_at)
    conclude(open_provider("recorder"), lost, [old])
    assert (text_to(0).status, text_to(0).provider_id) == ("queued", None)


def test_who_got_the_old_text_after_all_is_not_sent_another(
    resent: int, desk: Any, send: Send
) -> None:
    receive_status("recorder", report(Status.DELIVERED))
    assert (text_to(0).status, text_to(0).provider_id) == ("delivered", OLD)
    send()
    assert len(desk.texts) == 1


def scope(broadcast_id: int) -> Scope:
    return Scope("recorder", "+15005550006", broadcast_id=broadcast_id)
