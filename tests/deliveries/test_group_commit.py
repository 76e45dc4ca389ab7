"""Many threads, one transaction; a bad one fails alone, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from heliograph.channel import Status, StatusReport
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries import group_commit
from heliograph.deliveries.group_commit import GroupCommit
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.models import StatusReport as ReportRow
from heliograph.deliveries.reports import receive_status
from heliograph.errors import Overloaded
from tests.databases import Postgres

THREADS = 8


def test_those_who_come_meanwhile_share_a_batch() -> None:
    first_is_in, go_on = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def write(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        first_is_in.set()
        assert go_on.wait(10)
        return [item * 10 for item in items]

    commits = GroupCommit(write)
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(commits.submit, 0)
        assert first_is_in.wait(10)
        others = [pool.submit(commits.submit, item) for item in range(1, THREADS)]
        while len(commits._waiting) < THREADS - 1:
            pass
        go_on.set()
        assert first.result(10) == 0
        assert [other.result(10) for other in others] == [item * 10 for item in range(1, THREADS)]
    assert batches[0] == [0]
    assert sorted(batches[1]) == list(range(1, THREADS))
    assert len(batches) == 2


def test_a_bad_one_fails_alone() -> None:
    hold = threading.Event()

    def write(items: Sequence[int]) -> list[int]:
        hold.wait(1 if items == [0] else 0)
        if 3 in items:
            raise ValueError("three")
        return list(items)

    commits = GroupCommit(write)
    with ThreadPoolExecutor(THREADS) as pool:
        found = [pool.submit(commits.submit, item) for item in range(THREADS)]
    assert [number for number, one in enumerate(found) if one.exception()] == [3]
    assert [one.result() for one in found if not one.exception()] == [0, 1, 2, 4, 5, 6, 7]


def test_when_the_database_is_away_all_fail_and_later_ones_go() -> None:
    away = True

    def write(items: Sequence[int]) -> list[int]:
        if away:
            raise OperationalError("INSERT", {}, Exception("away"))
        return list(items)

    commits = GroupCommit(write)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda item: failed(commits, item), range(THREADS)))
    assert all(found)
    away = False
    assert commits.submit(5) == 5


def failed(commits: GroupCommit[int, int], item: int) -> bool:
    try:
        commits.submit(item)
    except OperationalError:
        return True
    return False


def test_nobody_waits_longer_than_a_provider_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.2)
    stuck, go_on = threading.Event(), threading.Event()
    written: list[int] = []

    def write(items: Sequence[int]) -> list[int]:
        stuck.set()
        assert go_on.wait(10)
        written.extend(items)
        return list(items)

    commits = GroupCommit(write)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(commits.submit, 1)
        assert stuck.wait(10)
        with pytest.raises(Overloaded) as refused:
            commits.submit(2)
        assert refused.value.status == 503
        go_on.set()
        assert first.result(10) == 1
    assert commits.submit(3) == 3
    assert written == [1, 3]


def accepted(count: int) -> list[tuple[int, str]]:
    now = utcnow()
    rows = [
        Delivery(
            source="test",
            number=f"+3361200{number:04}",
            provider="twilio",
            status="accepted",
            provider_id=f"SM{number}",
            attempted_at=now,
            accepted_at=now,
        )
        for number in range(count)
    ]
    with transaction() as session:
        session.add_all(rows)
        session.flush()
    return [(row.id, row.provider_id or "") for row in rows]


def test_threads_report_at_once_and_none_is_lost(app: Flask) -> None:
    texts = accepted(40)
    words = (Status.DELIVERED, Status.SENT, Status.SENT)
    known = [
        StatusReport(provider_id, word, reference=str(own))
        for word in words
        for own, provider_id in texts
    ]
    unknown = [StatusReport(f"SMx{number}", Status.SENT) for number in range(20)]
    db.session.remove()

    def report(one: StatusReport) -> bool:
        with app.app_context():
            return receive_status("twilio", one)

    with ThreadPoolExecutor(THREADS) as pool:
        new = list(pool.map(report, known + unknown))
    assert sum(new) == 40 * 2 + 20
    assert set(db.session.scalars(db.select(Delivery.status))) == {"delivered"}
    assert db.session.scalar(db.select(db.func.count()).select_from(ReportRow)) == 100
    waiting = db.select(db.func.count()).where(ReportRow.delivery_id.is_(None))
    assert db.session.scalar(waiting) == 20


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_is_away_is_a_5xx_and_nothing_is_lost(
    app: Flask, postgres: Postgres, database_url: str
) -> None:
    name = urlsplit(database_url).path.strip("/")
    texts = accepted(1)
    report = StatusReport(texts[0][1], Status.DELIVERED, reference=str(texts[0][0]))
    db.session.remove()
    db.engine.dispose()
    postgres.allow(name, False)
    try:
        with pytest.raises(OperationalError):
            receive_status("twilio", report)
    finally:
        postgres.allow(name, True)
    assert receive_status("twilio", report)
    assert db.session.scalars(db.select(Delivery.status)).all() == ["delivered"]
