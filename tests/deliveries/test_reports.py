from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.channel import FailureKind, Status, StatusReport
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.models import StatusReport as ReportRow
from heliograph.deliveries.reports import match_waiting_reports, receive_status
from heliograph.dnc import find_dnc

WORDS = [Status.ACCEPTED, Status.SENT, Status.DELIVERED]


@pytest.fixture
def sent(crowd: Callable[..., Any], send: Callable[..., Any], desk: Any) -> Delivery:
    crowd(1)
    send()
    return delivery()


def delivery() -> Delivery:
    db.session.rollback()
    return db.session.scalars(db.select(Delivery)).one()


def report(status: Status, row: Delivery, **more: Any) -> StatusReport:
    given = {"provider_id": row.provider_id or "R1", "reference": str(row.id)}
    return StatusReport(status=status, **(given | more))


@pytest.mark.parametrize("order", list(itertools.permutations(WORDS)))
def test_any_order_ends_delivered(sent: Delivery, order: tuple[Status, ...]) -> None:
    for status in order:
        receive_status("recorder", report(status, sent))
    assert delivery().status == "delivered"


def test_the_same_report_twice_is_one(sent: Delivery) -> None:
    assert receive_status("recorder", report(Status.SENT, sent))
    assert not receive_status("recorder", report(Status.SENT, sent))
    assert db.session.scalar(db.select(db.func.count()).select_from(ReportRow)) == 1


def test_of_two_final_words_the_first_wins(sent: Delivery) -> None:
    receive_status("recorder", report(Status.DELIVERED, sent))
    receive_status(
        "recorder", report(Status.UNDELIVERED, sent, kind=FailureKind.BAD_NUMBER, error_code="1")
    )
    row = delivery()
    assert (row.status, row.error_code) == ("delivered", "")


def test_undelivered_marks_the_number_and_an_opt_out_its_dnc(sent: Delivery) -> None:
    receive_status(
        "recorder",
        report(Status.UNDELIVERED, sent, kind=FailureKind.BAD_NUMBER, error_code="30005"),
    )
    assert delivery().error_code == "30005"
    contact = db.session.scalars(db.select(Contact)).one()
    assert contact.number_status == NUMBER_INVALID


def test_a_block_reported_late_puts_on_dnc(sent: Delivery) -> None:
    receive_status("recorder", report(Status.FAILED, sent, kind=FailureKind.OPTED_OUT))
    assert find_dnc(sent.number) is not None


def test_an_early_report_is_kept_and_matched(
    crowd: Callable[..., Any], send: Callable[..., Any], desk: Any
) -> None:
    crowd(1)
    assert receive_status("recorder", StatusReport("R00000001", Status.DELIVERED))
    send()
    row = delivery()
    assert (row.provider_id, row.status) == ("R00000001", "delivered")


def test_what_was_missed_is_matched_by_the_job(sent: Delivery) -> None:
    with transaction() as session:
        session.add(
            ReportRow(provider="recorder", provider_id=sent.provider_id, status="delivered")
        )
    assert match_waiting_reports() == "matched 1"
    assert delivery().status == "delivered"
    assert match_waiting_reports() is None


def test_an_unknown_text_is_kept_without_harm(sent: Delivery) -> None:
    assert receive_status("recorder", StatusReport("R999", Status.DELIVERED, reference="77"))
    assert receive_status("recorder", StatusReport("R998", Status.DELIVERED, reference="x"))
    assert delivery().status == "accepted"


def test_a_reference_of_another_provider_is_not_believed(sent: Delivery) -> None:
    receive_status("other", StatusReport("R5", Status.DELIVERED, reference=str(sent.id)))
    assert delivery().status == "accepted"


@given(st.lists(st.sampled_from(WORDS), max_size=8))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_end_never_depends_on_order_or_number(sent: Delivery, words: list[Status]) -> None:
    with transaction() as session:
        session.execute(db.delete(ReportRow))
        row = session.scalars(db.select(Delivery)).one()
        row.status, row.final_at = "accepted", None
    for status in words:
        receive_status("recorder", report(status, sent))
    highest = max(words, key=WORDS.index, default=Status.ACCEPTED)
    assert delivery().status == highest.value
