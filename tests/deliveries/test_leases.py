"""Leases on an unlucky day: locks, clocks and two processes that look the same text up."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.channel import Failure, FailureKind, Sent
from heliograph.db import database_now, db, dialect_name, transaction, utcnow
from heliograph.deliveries import recovery
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.claim import LEASE, Scope, claim_texts
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.recovery import Doubtful, conclude, fields_of, take_doubtful, text_of
from heliograph.host import current_host
from heliograph.providers import open_provider
from tests.fixtures import a_number, text_to

Crowd = Callable[..., Any]
LOCKED = 3.0


@contextmanager
def locked() -> Iterator[None]:
    """Another program keeps everybody from writing deliveries."""
    with db.engine.connect().execution_options(writes=True) as connection:
        if dialect_name() == "postgresql":
            connection.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
        else:
            connection.execute(text("SELECT 1"))  # it has begun by BEGIN IMMEDIATE
        yield
        connection.rollback()


@pytest.fixture
def scope(crowd: Crowd) -> Scope:
    """A planned broadcast of three texts."""
    message, _ = crowd(3)
    broadcast = begin(message.id)
    plan_broadcast(message.id)
    db.session.rollback()
    return Scope("recorder", broadcast.sender or "", broadcast_id=message.id)


def test_the_lease_begins_when_the_waiting_for_a_lock_is_over(sending: Flask, scope: Scope) -> None:
    begun, claims = threading.Event(), []

    def claim() -> None:
        with sending.app_context():
            begun.set()
            claims.append(claim_texts(scope, 3))

    with locked():
        thread = threading.Thread(target=claim)
        thread.start()
        begun.wait(10)
        time.sleep(LOCKED)
    thread.join(60)
    (claimed,) = claims
    assert len(claimed.texts) == 3
    left = (text_to(1).lease_until - database_now()).total_seconds()
    for one in claimed.texts:
        assert one.deadline - time.monotonic() < left + 0.5


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_lease_is_in_the_time_of_the_database_that_all_machines_share(scope: Scope) -> None:
    with time_machine.travel(utcnow() - timedelta(hours=1), tick=True):
        claim_texts(scope, 3)
    left = (text_to(1).lease_until - database_now()).total_seconds()
    assert LEASE - 30 < left <= LEASE
    assert take_doubtful("recorder", 0) == []
    with time_machine.travel(utcnow() + timedelta(hours=1), tick=True):
        assert take_doubtful("recorder", 0) == []


def test_a_look_up_waits_until_the_call_itself_can_be_found(scope: Scope) -> None:
    claimed = claim_texts(scope, 1).texts[0]
    with transaction() as session:  # it waited long for its turn
        row = session.get_one(Delivery, claimed.delivery_id)
        row.attempted_at = utcnow() - timedelta(seconds=60)
    lost = Failure(FailureKind.UNKNOWN_OUTCOME, "The line went dead.")
    record_outcomes("recorder", [CallOutcome(claimed.delivery_id, claimed.claim, lost)])
    assert take_doubtful("recorder", 5) == []
    with transaction() as session:
        session.get_one(Delivery, claimed.delivery_id).lease_until -= timedelta(seconds=5)
    assert len(take_doubtful("recorder", 5)) == 1


def held_as(provider_id: str, item: Doubtful) -> Sent:
    """What `find` returns of the text that is looked for."""
    return Sent(provider_id, number=item.text.to, created_at=item.text.attempted_at)


def test_of_two_texts_alike_each_needs_a_text_of_its_own(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider holds one; two processes look at once, and each finds that one."""
    first, second = (doubtful(claimed.delivery_id) for claimed in claim_texts(scope, 2).texts)
    provider = open_provider("recorder")
    look = recovery.unclaimed

    def look_slowly(name: str, item: Doubtful, held: list[Sent]) -> Sent | None:
        ours = look(name, item, held)
        if item is second and held:  # between this one's look and its record
            monkeypatch.setattr(recovery, "unclaimed", look)
            db.session.rollback()
            conclude(provider, first, [held_as("R1", first)])
        return ours

    monkeypatch.setattr(recovery, "unclaimed", look_slowly)
    conclude(provider, second, [held_as("R1", second)])
    assert (stands(first).status, stands(first).provider_id) == ("accepted", "R1")
    assert (stands(second).status, stands(second).provider_id) == ("queued", None)


def doubtful(delivery_id: int) -> Doubtful:
    row = db.session.get_one(Delivery, delivery_id)
    found = Doubtful(delivery_id, row.claim or "", text_of(row), fields_of(row))
    db.session.rollback()
    return found


def stands(item: Doubtful) -> Delivery:
    db.session.rollback()
    return db.session.get_one(Delivery, item.delivery_id, populate_existing=True)


def test_an_answer_that_comes_after_the_look_up_stops_a_second_text(scope: Scope) -> None:
    claimed = claim_texts(scope, 1).texts[0]
    item = doubtful(claimed.delivery_id)
    conclude(open_provider("recorder"), item, [])
    assert stands(item).status == "queued"
    record_outcomes("recorder", [CallOutcome(item.delivery_id, claimed.claim, Sent("R1"))])
    assert (stands(item).status, stands(item).provider_id) == ("accepted", "R1")
    assert claim_texts(scope, 3).texts[0].delivery_id != item.delivery_id


def test_a_provider_that_hangs_in_look_ups_keeps_no_other_from_them(
    sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    current_host().enable("plodder")
    plodder, never = sys.modules["heliograph.plugins.plodder"].Plodder, threading.Event()
    monkeypatch.setattr(plodder, "find", lambda *_: never.wait(60))
    monkeypatch.setattr(plodder, "timeout", 50.0)
    past = database_now() - timedelta(seconds=1)
    for person, provider in enumerate(("plodder", "recorder"), 1):
        with transaction() as session:
            given = {"number": a_number(person), "provider": provider, "text": "Hi"}
            times = {"attempted_at": past, "lease_until": past}
            session.add(Delivery(source="test", status="sending", **given, **times))
    loop = DeliveryLoop(sending)
    try:
        asked = loop.begin_recovery()
        db.session.rollback()
        assert asked["recorder"].result(30) == 1
        assert not asked["plodder"].done()
        assert text_to(2).status == "queued"
        assert text_to(1).status == "sending"
    finally:
        never.set()
        loop.stop()
