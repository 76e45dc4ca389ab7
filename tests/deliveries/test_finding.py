"""Looked up at the provider: only what is ours counts as sent, whoever shares the account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.channel import Sent, Status, StatusReport
from heliograph.db import database_now, db, transaction, utcnow
from heliograph.deliveries.claim import Scope, claim_texts
from heliograph.deliveries.finding import Verdict, same_number
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.recovery import GIVE_UP_AFTER, Doubtful, conclude, take_doubtful
from heliograph.deliveries.reports import receive_status
from heliograph.providers import open_provider
from heliograph.references import EXTENSION, Installation, installation, reference_of

Crowd = Callable[..., Any]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lost(crowd: Crowd) -> Doubtful:
    """A text whose lease ran out: nobody knows whether the provider has it."""
    message, _ = crowd(1)
    broadcast = begin(message.id)
    plan_broadcast(message.id)
    claim_texts(Scope("recorder", broadcast.sender or "", broadcast_id=message.id), 1)
    return abandoned()


def abandoned() -> Doubtful:
    with transaction() as session:
        session.scalars(db.select(Delivery)).one().lease_until = database_now() - 2 * MINUTE
    return take_doubtful("recorder", 0)[0]


def row() -> Delivery:
    db.session.rollback()
    return db.session.scalars(db.select(Delivery).execution_options(populate_existing=True)).one()


def found(item: Doubtful, **more: Any) -> Sent:
    """What the provider says that it holds."""
    facts: dict[str, Any] = {"number": item.text.to, "created_at": item.text.attempted_at}
    return Sent("HELD", **(facts | more))


@pytest.mark.parametrize("spelling", ["{}", "whatsapp:+{}", "00{}", "+{}"])
@pytest.mark.parametrize("later", [timedelta(), timedelta(seconds=40), -5 * MINUTE])
def test_a_text_to_its_number_since_the_attempt_is_ours(
    lost: Doubtful, spelling: str, later: timedelta
) -> None:
    number = spelling.format(lost.text.to.removeprefix("+"))
    at = lost.text.attempted_at + later
    conclude(open_provider("recorder"), lost, [found(lost, number=number, created_at=at)])
    assert (row().status, row().provider_id) == ("accepted", "HELD")


OTHERS: list[Callable[[Doubtful], Sent]] = [
    lambda item: found(item, number="+33699999999"),
    lambda item: found(item, created_at=item.text.attempted_at - timedelta(days=2)),
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_text_to_another_number_or_of_long_ago_is_not_ours(
    lost: Doubtful, other: Callable[[Doubtful], Sent]
) -> None:
    """As after a restored backup: without this a lost text counted as sent."""
    conclude(open_provider("recorder"), lost, [other(lost)])
    assert (row().status, row().provider_id) == ("queued", None)


UNSURE: list[Callable[[Doubtful], Sent]] = [
    lambda item: found(item, number=""),
    lambda item: found(item, number=None),
    lambda item: found(item, created_at=None),
    lambda item: found(item, created_at="2026-11-30"),
    lambda item: found(item, created_at=datetime(2099, 1, 1)),
    lambda item: found(item, created_at=item.text.attempted_at - timedelta(hours=3)),
    lambda item: found(item, number=item.text.to.removeprefix("+33")),
]


@pytest.mark.parametrize("answer", UNSURE)
def test_what_lacks_number_or_time_is_neither_sent_nor_resent(
    lost: Doubtful, answer: Callable[[Doubtful], Sent]
) -> None:
    conclude(open_provider("recorder"), lost, [answer(lost)])
    assert (row().status, row().provider_id) == ("sending", None)
    with time_machine.travel(utcnow() + GIVE_UP_AFTER + MINUTE):
        conclude(open_provider("recorder"), lost, [answer(lost)])
    assert (row().status, row().provider_id) == ("unknown", None)
    assert "may be this one" in row().detail


def test_what_is_ours_counts_whatever_else_lies_there(lost: Doubtful) -> None:
    others = [Sent("A", number="+33699999999", created_at=utcnow()), Sent("B")]
    conclude(open_provider("recorder"), lost, [*others, found(lost)])
    assert (row().status, row().provider_id) == ("accepted", "HELD")


def test_an_unclear_text_that_is_another_of_ours_makes_nothing_unclear(lost: Doubtful) -> None:
    with transaction() as session:
        session.add(
            Delivery(
                source="test",
                number=lost.text.to,
                provider="recorder",
                provider_id="HELD",
                status="accepted",
            )
        )
    conclude(open_provider("recorder"), lost, [found(lost, created_at=None)])
    db.session.rollback()
    assert db.session.get_one(Delivery, lost.delivery_id).status == "queued"


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ("+33612345678", Verdict.OURS),
        ("0612345678", Verdict.UNSURE),
        ("5678", Verdict.ANOTHER),
        ("+33612345679", Verdict.ANOTHER),
        ("", Verdict.UNSURE),
        ("Acme", Verdict.UNSURE),
    ],
)
def test_numbers_are_compared_in_any_spelling(theirs: str, verdict: Verdict) -> None:
    assert same_number("+33612345678", theirs) is verdict


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5491143210000", "+541143210000"),
        ("+5511987654321", "551187654321"),
        ("+5491143210000", "whatsapp:+5491143210000"),
    ],
)
def test_a_number_in_the_spelling_of_an_earlier_plan_is_ours(ours: str, theirs: str) -> None:
    assert same_number(ours, theirs) is Verdict.OURS


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("+79123456789", "89123456789"),
        ("+36301234567", "06301234567"),
        ("+525512345678", "0445512345678"),
        ("+298123456", "123456"),
        ("+3545812345", "5812345"),
        ("+5491143210000", "01115 4321-0000"),
    ],
)
def test_a_number_as_it_is_dialled_at_home_may_be_ours_and_is_not_texted_again(
    ours: str, theirs: str
) -> None:
    assert same_number(ours, theirs) is Verdict.UNSURE


# -- references ------------------------------------------------------------------


def test_a_reference_is_of_this_installation_alone(lost: Doubtful) -> None:
    code = db.session.scalars(db.select(Installation.code)).one()
    assert lost.text.reference == f"{code}-{lost.delivery_id}"
    assert lost.text.callback_url.endswith(f"?delivery={code}-{lost.delivery_id}")
    assert len(lost.text.reference) <= 40
    assert [text.reference for text in lost.asked_as] == [lost.text.reference]


def test_what_was_sent_by_a_bare_id_is_looked_up_by_that_too(sending: Flask, crowd: Crowd) -> None:
    """Texts that were under way when the installation got its code."""
    message, _ = crowd(1)
    broadcast = begin(message.id)
    plan_broadcast(message.id)
    claim_texts(Scope("recorder", broadcast.sender or "", broadcast_id=message.id), 1)
    with transaction() as session:
        session.get_one(Installation, 1).created_at = utcnow() + MINUTE
    sending.extensions.pop(EXTENSION, None)
    item = abandoned()
    names = [text.reference for text in item.asked_as]
    assert names == [reference_of(item.delivery_id), str(item.delivery_id)]


REFERENCES = {
    "ours": (reference_of, True),
    "bare, of before": (str, True),
    "another installation's": (lambda number: f"ffffffff-{number}", False),
    "nonsense": (lambda number: f"{installation().code}-{number}x", False),
    "negative": (lambda number: f"{installation().code}--{number}", False),
}


@pytest.mark.parametrize("kind", REFERENCES)
def test_a_report_by_reference_is_ours_only_when_the_reference_is(
    lost: Doubtful, kind: str
) -> None:
    make, ours = REFERENCES[kind]
    report = StatusReport("X1", Status.DELIVERED, reference=make(lost.delivery_id))
    assert receive_status("recorder", report)
    assert row().status == ("delivered" if ours else "sending")
