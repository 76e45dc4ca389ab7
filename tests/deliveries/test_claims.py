"""Only who holds the claim of a text says what becomes of it, and no longer than its lease."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.channel import Failure, FailureKind, Sent
from heliograph.contacts.models import Contact
from heliograph.db import database_now, db, transaction, utcnow
from heliograph.deliveries.calls import CallOutcome, ClaimedText, Released, Result, Skipped
from heliograph.deliveries.carrier import Carrier
from heliograph.deliveries.claim import LEASE, Scope, claim_texts
from heliograph.deliveries.courier import Courier
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.recovery import Doubtful, conclude, take_doubtful
from heliograph.host import current_host
from heliograph.providers import open_provider
from heliograph.sentences import Sentence
from tests.fixtures import text_to

Crowd = Callable[..., Any]


@pytest.fixture
def scope(crowd: Crowd) -> Scope:
    """A planned broadcast of one text."""
    message, _ = crowd(1, first=1)
    broadcast = begin(message.id)
    plan_broadcast(message.id)
    db.session.rollback()
    return Scope("recorder", broadcast.sender or "", broadcast_id=message.id)


def claim_one(scope: Scope) -> ClaimedText:
    (claimed,) = claim_texts(scope, 1).texts
    return claimed


def let_lease_end() -> None:
    with transaction() as session:
        row = session.get_one(Delivery, text_to(1).id, with_for_update=True)
        row.lease_until = database_now() - timedelta(seconds=10)


def look_up() -> Doubtful:
    (item,) = take_doubtful("recorder", 0)
    return item


def taken_over(scope: Scope) -> tuple[ClaimedText, ClaimedText]:
    """The claim of a process that stood still, and the one of who sends the text now."""
    lost = claim_one(scope)
    let_lease_end()
    conclude(open_provider("recorder"), look_up(), [])
    return lost, claim_one(scope)


def stands() -> tuple[Any, ...]:
    row = text_to(1)
    return row.status, row.claim, row.attempts, row.lease_until, row.reason, row.final_at


def is_ok() -> bool:
    db.session.rollback()
    return db.session.scalars(db.select(Contact.number_status)).one() == "ok"


RESULTS: list[Result] = [
    Released(),
    Skipped("dnc", Sentence("The number is on do-not-contact.")),
    *(Failure(kind, "It failed.") for kind in FailureKind),
]


@pytest.mark.parametrize(
    "result", RESULTS, ids=lambda one: getattr(one, "kind", type(one).__name__)
)
def test_who_lost_the_claim_changes_nothing_of_a_text_that_another_sends(
    scope: Scope, result: Result
) -> None:
    lost, held = taken_over(scope)
    before = stands()
    assert before[:3] == ("sending", held.claim, 2)
    record_outcomes("recorder", [CallOutcome(lost.delivery_id, lost.claim, result)])
    assert stands() == before
    assert is_ok()


def test_whatever_the_old_process_says_the_text_goes_out_once(scope: Scope) -> None:
    """It gives back, fails and skips the text in one go, while the new one is calling."""
    lost, held = taken_over(scope)
    outcomes = [CallOutcome(lost.delivery_id, lost.claim, result) for result in RESULTS]
    record_outcomes("recorder", outcomes)
    assert claim_texts(scope, 1).texts == []
    record_outcomes("recorder", [CallOutcome(held.delivery_id, held.claim, Sent("R1"))])
    assert (text_to(1).status, text_to(1).provider_id) == ("accepted", "R1")
    record_outcomes("recorder", outcomes)
    assert text_to(1).status == "accepted"
    assert claim_texts(scope, 1).texts == []


@pytest.mark.parametrize(
    "found",
    [[], Failure(FailureKind.UNKNOWN_OUTCOME, "It cannot tell.")],
    ids=["absent", "unsure"],
)
def test_a_look_up_that_took_too_long_concludes_nothing(
    scope: Scope, found: list[Sent] | Failure
) -> None:
    claim_one(scope)
    let_lease_end()
    slow = look_up()
    let_lease_end()
    conclude(open_provider("recorder"), look_up(), [])
    claim_one(scope)
    before = stands()
    conclude(open_provider("recorder"), slow, found)
    assert stands() == before


async def call(method: Any, text: Any) -> Any:
    return await method(text)


async def nothing(*_: Any) -> None:
    raise AssertionError("the database is not asked for anything")


def carry(one: Courier, claimed: ClaimedText) -> None:
    """What a carrier does when it is the text's turn, and the record of it."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        await one.carry(claimed, task)

    asyncio.run(run())
    batch, one._writer._outcomes = one._writer._outcomes, []
    record_outcomes("recorder", batch)


AGES = {"monotonic": (LEASE, 0.0), "wall": (0.0, LEASE), "neither": (0.0, 0.0)}


@pytest.mark.parametrize("clock", AGES)
def test_a_lease_that_is_over_by_either_clock_lets_nothing_out(
    scope: Scope, desk: Any, clock: str
) -> None:
    """One of them may have stood still, or been set back, while the process was asleep."""
    slept, passed = AGES[clock]
    claimed = claim_one(scope)
    claimed = replace(claimed, deadline=claimed.deadline - slept, checked_at=time.monotonic() + 10)
    one = Courier(Carrier(open_provider("recorder"), call), scope, nothing)
    with time_machine.travel(utcnow() + timedelta(seconds=passed), tick=True):
        carry(one, claimed)
    expected = ("accepted", 1, 1) if clock == "neither" else ("queued", 0, 0)
    assert (text_to(1).status, text_to(1).attempts, len(desk.texts)) == expected


@pytest.mark.parametrize(("busy", "status"), [(0.0, "accepted"), (0.9, "queued")])
@pytest.mark.parametrize("name", ["recorder", "plodder"])
def test_a_call_that_a_busy_provider_begins_late_is_given_back(
    desk: Any, scope: Scope, busy: float, status: str, name: str
) -> None:
    """Somebody may have said STOP since we asked: it goes back, and is asked about again."""
    current_host().enable("plodder")
    plodder = sys.modules["heliograph.plugins.plodder"].desk
    plodder.__init__()
    claimed = replace(claim_one(scope), checked_at=time.monotonic())

    async def late(method: Any, text: Any) -> Any:
        await asyncio.sleep(busy)
        found = method(text)
        return await found if asyncio.iscoroutine(found) else found

    carry(Courier(Carrier(open_provider(name), late), scope, nothing), claimed)
    assert text_to(1).status == status
    assert len(desk.texts) + len(plodder.texts) == (status == "accepted")


def attempts_until_given_up(scope: Scope, most: int) -> int:
    """How often the text is tried with a provider that always fails for a moment."""
    busy = Failure(FailureKind.TRANSIENT, "Not now.")
    for attempt in range(most):
        with time_machine.travel(utcnow() + timedelta(hours=attempt), tick=True):
            claims = claim_texts(scope, 1)
            if not claims.texts:
                return attempt
            one = claims.texts[0]
            record_outcomes("recorder", [CallOutcome(one.delivery_id, one.claim, busy)])
    return most


def test_a_text_is_tried_five_times_at_a_provider_that_always_fails_for_a_moment(
    scope: Scope,
) -> None:
    assert attempts_until_given_up(scope, most=8) == 5
    row = text_to(1)
    assert (row.status, row.reason, row.attempts) == ("failed", "transient", 5)
    assert row.final_at is not None


@pytest.mark.parametrize(("days", "status"), [(6, "queued"), (8, "failed")])
def test_a_campaign_text_is_tried_for_a_week(scope: Scope, days: int, status: str) -> None:
    with transaction() as session:
        row = session.get_one(Delivery, text_to(1).id)
        row.source, row.attempts = "campaign", 20
        row.created_at = utcnow() - timedelta(days=days)
    one = claim_one(scope)
    busy = Failure(FailureKind.TRANSIENT, "Not now.")
    record_outcomes("recorder", [CallOutcome(one.delivery_id, one.claim, busy)])
    assert text_to(1).status == status


def test_a_text_that_is_never_found_is_given_up_after_five_tries(scope: Scope) -> None:
    for attempt in range(1, 9):
        with time_machine.travel(utcnow() + timedelta(hours=attempt), tick=True):
            claims = claim_texts(scope, 1)
            if not claims.texts:
                break
            let_lease_end()
            conclude(open_provider("recorder"), look_up(), [])
    row = text_to(1)
    assert (row.status, row.attempts) == ("failed", 5)
