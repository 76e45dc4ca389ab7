"""Reports in any order, early, late and again, around the answer of the call itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heliograph.channel import Failure, FailureKind, Sent, Status, StatusReport
from heliograph.db import database_now, db, transaction, utcnow
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.models import RANK, Delivery
from heliograph.deliveries.models import StatusReport as ReportRow
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.recovery import conclude, take_doubtful
from heliograph.deliveries.reports import match_waiting_reports, receive_status
from heliograph.dnc import Dnc, DncChange, find_dnc
from heliograph.providers import open_provider
from tests.fixtures import a_number, text_to

ID = "R1"
KINDS = {Status.UNDELIVERED: FailureKind.OPTED_OUT, Status.FAILED: FailureKind.UNREACHABLE}
ANSWER, LOST, FOUND, MATCH = "answer", "lost", "found", "match"
Event = str | tuple[Status, bool]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], Status]:
    """What happens, in order, and what the answer of the call says.

    The provider's words agree: there is one end at most. A report has our own id
    with it, or not. The answer comes, or it is lost and the text is looked up.
    """
    end = draw(st.sampled_from([None, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED]))
    words = [Status.ACCEPTED, Status.SENT, *([end] if end else [])]
    reports = draw(st.lists(st.tuples(st.sampled_from(words), st.booleans()), max_size=7))
    lost = draw(st.booleans())
    events: list[Event] = [*reports, MATCH, *([LOST, FOUND] if lost else [ANSWER])]
    order = draw(st.permutations(events))
    if lost and order.index(FOUND) < order.index(LOST):
        at, other = order.index(FOUND), order.index(LOST)
        order[at], order[other] = LOST, FOUND
    return order, Status.ACCEPTED if lost else draw(st.sampled_from(words))


@pytest.fixture
def sendings(sending: Flask) -> Callable[[], Delivery]:
    """Makes the world as it is while the one text is under way."""

    def make() -> Delivery:
        db.session.rollback()
        with transaction() as session:
            for table in (ReportRow, Delivery, Dnc, DncChange):
                session.execute(db.delete(table))
            row = Delivery(source="test", number=a_number(1), provider="recorder", text="Hi")
            row.status, row.claim, row.attempts = "sending", "claim", 1
            row.attempted_at = utcnow()
            row.lease_until = database_now() + timedelta(seconds=120)
            session.add(row)
        return row

    return make


def happen(event: Event, own_id: int, answer: Status) -> None:
    if event == ANSWER:
        record_outcomes("recorder", [CallOutcome(own_id, "claim", Sent(ID, status=answer))])
    elif event == LOST:
        lost = Failure(FailureKind.UNKNOWN_OUTCOME, "The line went dead.")
        record_outcomes("recorder", [CallOutcome(own_id, "claim", lost)])
    elif event == FOUND:
        for item in take_doubtful("recorder", 0):
            found = Sent(ID, number=item.text.to, created_at=item.text.attempted_at)
            conclude(open_provider("recorder"), item, [found])
    elif event == MATCH:
        match_waiting_reports()
    else:
        assert isinstance(event, tuple)
        word, ours = event
        reference = str(own_id) if ours else ""
        receive_status("recorder", StatusReport(ID, word, reference, KINDS.get(word), "77"))


@given(histories())
@example(([(Status.SENT, True), ANSWER, MATCH], Status.DELIVERED))
@example(([ANSWER, (Status.UNDELIVERED, False), MATCH], Status.UNDELIVERED))
@example(([(Status.FAILED, False), LOST, (Status.SENT, True), FOUND, MATCH], Status.ACCEPTED))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_end_never_depends_on_the_order(
    sendings: Callable[[], Delivery], history: tuple[list[Event], Status]
) -> None:
    events, answer = history
    own_id = sendings().id
    for event in events:
        happen(event, own_id, answer)
    match_waiting_reports()
    row = text_to(1)
    reported = {event[0] for event in events if isinstance(event, tuple)}
    highest = max({answer, *reported}, key=lambda word: RANK[word.value])
    assert (row.status, row.provider_id, row.claim) == (highest.value, ID, None)
    assert (row.final_at is not None) == (RANK[highest.value] == RANK["delivered"])
    kind = KINDS.get(highest) if highest in reported else None
    assert (row.reason, row.error_code) == ((kind.value, "77") if kind else ("", row.error_code))
    assert (find_dnc(row.number) is not None) == (kind is FailureKind.OPTED_OUT)
    assert row.accepted_at is not None
