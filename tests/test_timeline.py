"""The timeline of a contact, out of all its sources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from heliograph.contacts import Contact, ContactEvent
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery, StatusReport
from heliograph.dnc import DncChange
from heliograph.host import current_host
from heliograph.imports.models import Import, ImportContact
from heliograph.replies.models import Reply
from heliograph.timeline import TimelineEntry, timeline

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "+33612345678"


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def store(*rows: object) -> None:
    with transaction() as session:
        session.add_all(rows)


@pytest.fixture
def anna(app: Flask) -> Contact:
    contact = Contact(first_name="Anna", mobile=NUMBER)
    store(contact)
    return contact


def text_to(contact: Contact, text: str | None = "Hello", **values: object) -> Delivery:
    given = {
        "source": "api",
        "contact_id": contact.id,
        "number": NUMBER,
        "provider": "acme",
        "text": text,
        "created_at": minute(0),
    }
    delivery = Delivery(**(given | values))
    store(delivery)
    return delivery


def report(delivery: Delivery, status: str, at: datetime, **values: str) -> None:
    store(
        StatusReport(
            delivery_id=delivery.id,
            provider="acme",
            provider_id=f"p{delivery.id}",
            status=status,
            at=at,
            **values,
        )
    )


def lines(entries: list[TimelineEntry]) -> list[tuple[int, str]]:
    return [(int((e.at - NOON).total_seconds() // 60), e.title) for e in entries]


def test_a_text_has_an_entry_for_each_status(anna: Contact) -> None:
    delivery = text_to(
        anna,
        "Hello Anna, 5 € off",
        status="delivered",
        accepted_at=minute(1),
        final_at=minute(3),
        sender="+15005550006",
        parts=1,
        source="broadcast",
        source_id=7,
    )
    report(delivery, "accepted", minute(1))
    report(delivery, "sent", minute(2))
    report(delivery, "delivered", minute(3))
    entries = timeline(anna)
    assert lines(entries) == [
        (3, "Text was delivered"),
        (2, "Text was sent"),
        (1, "Text was accepted"),
    ]
    assert {entry.text for entry in entries} == {"Hello Anna, 5 € off"}
    assert {entry.kind for entry in entries} == {"text"}
    assert entries[0].details == {
        "Status": "delivered",
        "Number": NUMBER,
        "Sender": "+15005550006",
        "Provider": "acme",
        "Parts": "1",
        "Source": "broadcast 7",
        "Delivery": str(delivery.id),
    }


def test_a_failure_says_why(anna: Contact) -> None:
    text_to(
        anna,
        status="undelivered",
        accepted_at=minute(1),
        final_at=minute(2),
        reason="unreachable",
        detail="The phone could not be reached.",
        error_code="30003",
    )
    failed, accepted = timeline(anna)
    assert failed.title == "Text was not delivered"
    assert failed.details["Why"] == "The phone could not be reached."
    assert failed.details["Error code"] == "30003"
    assert "Why" not in accepted.details


@pytest.mark.parametrize(
    ("values", "title", "why", "at"),
    [
        ({"status": "queued"}, "Text is queued", None, 0),
        ({"status": "queued", "reason": "quiet"}, "Text is queued", "quiet", 0),
        ({"status": "sending", "attempted_at": minute(1)}, "Text is being sent", None, 1),
        (
            {"status": "unknown", "attempted_at": minute(1), "reason": "unknown_outcome"},
            "Nobody knows yet whether the text went out",
            "unknown outcome",
            1,
        ),
        (
            {"status": "skipped", "reason": "dnc", "final_at": minute(2)},
            "Text was skipped",
            "dnc",
            2,
        ),
        ({"status": "failed", "detail": "No.", "final_at": minute(2)}, "Text failed", "No.", 2),
        ({"status": "cancelled", "final_at": minute(2)}, "Text was cancelled", None, 2),
    ],
)
def test_a_text_shows_where_it_stands(
    anna: Contact, values: dict[str, object], title: str, why: str | None, at: int
) -> None:
    text_to(anna, None, **values)
    (entry,) = timeline(anna)
    assert lines([entry]) == [(at, title)]
    assert entry.details.get("Why") == why
    assert entry.text == ""


def test_a_queued_text_says_until_when_it_waits(anna: Contact) -> None:
    text_to(anna, status="queued", not_before=minute(60))
    (entry,) = timeline(anna)
    assert entry.details["Waits until"] == "2026-11-23T13:00:00+00:00"


def test_sent_is_shown_once_with_or_without_a_report(anna: Contact) -> None:
    text_to(anna, status="sent", accepted_at=minute(1))
    delivery = text_to(anna, status="sent", accepted_at=minute(2))
    report(delivery, "sent", minute(3))
    assert lines(timeline(anna)) == [
        (3, "Text was sent"),
        (2, "Text was accepted"),
        (1, "Text was sent"),
        (1, "Text was accepted"),
    ]


def test_a_late_report_that_changed_nothing_is_shown_too(anna: Contact) -> None:
    delivery = text_to(anna, status="delivered", accepted_at=minute(1), final_at=minute(2))
    report(delivery, "undelivered", minute(9), kind="unreachable", error_code="30003")
    late = timeline(anna)[0]
    assert lines([late]) == [(9, "Text was not delivered")]
    assert late.details["Why"] == "unreachable"
    assert late.details["Error code"] == "30003"


def everything(contact: Contact) -> None:
    text_to(contact, status="delivered", accepted_at=minute(1), final_at=minute(2))
    item = Import(filename="people.csv", path="x", created_at=minute(0), finished_at=minute(5))
    store(item)
    media = [{"url": "https://example.com/a.jpg", "type": "image/jpeg"}]
    store(
        ImportContact(import_id=item.id, contact_id=contact.id, outcome="created"),
        Reply(
            provider="acme",
            provider_id="1",
            number=NUMBER,
            text="STOP",
            opt="out",
            media=media,
            contact_id=contact.id,
            received_at=minute(3),
        ),
        DncChange(
            channel="sms",
            number=NUMBER,
            change="on",
            reason="unsubscribed",
            comment="Replied 'STOP'",
            source="reply 1",
            at=minute(4),
        ),
        ContactEvent(contact_id=contact.id, kind="edited", text="City: none → Lyon", at=minute(6)),
    )


def test_it_merges_all_sources_newest_first(anna: Contact) -> None:
    everything(anna)
    entries = timeline(anna)
    assert lines(entries) == [
        (6, "Contact was edited"),
        (5, "Contact was created by an import"),
        (4, "Do not contact: unsubscribed"),
        (3, "Reply: opted out"),
        (2, "Text was delivered"),
        (1, "Text was accepted"),
    ]
    assert [entry.text for entry in entries[:4]] == [
        "City: none → Lyon",
        "people.csv",
        "Replied 'STOP'",
        "STOP",
    ]
    assert entries[3].details["Media 1"] == "https://example.com/a.jpg image/jpeg"
    assert all(entry.icon for entry in entries)


def test_kinds_leave_only_those(anna: Contact) -> None:
    everything(anna)
    cases = {
        ("reply", "dnc"): [4, 3],
        ("text",): [2, 1],
        ("import", "change"): [6, 5],
        (): [],
        ("unheard of",): [],
    }
    found = {kinds: [at for at, _ in lines(timeline(anna, kinds=kinds))] for kinds in cases}
    assert found == cases


def test_it_keeps_to_this_contact(anna: Contact) -> None:
    everything(anna)
    other = Contact(first_name="Bea", mobile="+33612345679")
    store(other)
    assert timeline(other) == []
    nobody = Contact(first_name="Nobody")
    store(nobody)
    assert timeline(nobody) == []


def test_pages_follow_each_other_without_gap_or_repeat(anna: Contact) -> None:
    everything(anna)
    for number in range(20):
        at = minute(10 + number // 2)
        store(ContactEvent(contact_id=anna.id, kind="edited", text=str(number), at=at))
        text_to(anna, str(number), status="delivered", accepted_at=at, final_at=at)
    whole = timeline(anna, limit=500)
    assert len(whole) == 66
    read: list[TimelineEntry] = []
    before = None
    while page := timeline(anna, before=before, limit=7):
        assert 7 <= len(page) < 14 or page[-1] == whole[-1]
        read += page
        before = page[-1].at
    assert read == whole
    assert [entry.at for entry in whole] == sorted((e.at for e in whole), reverse=True)


def test_a_text_of_long_ago_that_ended_today_is_in_its_place(anna: Contact) -> None:
    text_to(anna, "old", created_at=minute(-9000), status="delivered", final_at=minute(50))
    for number in range(30):
        text_to(anna, "new", status="skipped", final_at=minute(number))
    assert timeline(anna, limit=3)[0].text == "old"


def test_it_reads_a_bounded_page_of_each_source(anna: Contact) -> None:
    texts: list[dict[str, Any]] = [
        {"status": "delivered", "accepted_at": minute(n), "final_at": minute(n)} for n in range(200)
    ]
    for values in texts[:3]:
        text_to(anna, **values)
    with transaction() as session:
        row = {"source": "api", "contact_id": anna.id, "number": NUMBER, "provider": "acme"}
        session.add_all([Delivery(**(row | values)) for values in texts[3:]])
        session.add_all(
            [
                ContactEvent(contact_id=anna.id, kind="edited", text="x", at=minute(n))
                for n in range(200)
            ]
        )
    statements: list[str] = []
    rows = 0

    def count(_c: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        rows = len(timeline(anna, limit=10))
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert rows < 20
    sources = [s for s in statements if s != "BEGIN" and "plugin_states" not in s]
    assert len(sources) == 9
    assert all("LIMIT" in statement for statement in sources)


def test_a_ledger_page_is_found_by_index(anna: Contact) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("a small table is always scanned there")
    plans: list[str] = []

    def explain(connection: object, _c: object, statement: str, given: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            cursor = connection.connection.cursor()  # type: ignore[attr-defined]
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(row[3] for row in cursor.fetchall())

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        timeline(anna, before=minute(9))
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    scanned = {plan for plan in plans if plan.startswith("SCAN")}
    assert scanned <= {"SCAN plugin_states", "SCAN anon_1"}
    assert any("ix_deliveries_contact" in plan for plan in plans)


PLUGIN = '''"""Shop - orders on the timeline."""
from datetime import datetime, timedelta, timezone
from heliograph.plugin import TimelineEntry, hookimpl

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

@hookimpl
def timeline_entries(contact, before, limit):
    orders = [TimelineEntry(NOON + timedelta(minutes=n), "order", f"Order {n}") for n in range(30)]
    naive = TimelineEntry(datetime(2026, 11, 23), "order", "no zone")
    return [*orders, naive, "not an entry"]
'''


def test_a_plugin_adds_entries_and_cannot_spoil_the_rest(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    for name, code in (
        ("shop", PLUGIN),
        ("broken", PLUGIN.replace("orders = ", "orders = 1 / 0, ")),
    ):
        folder = tmp_path / "more" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(code)
    app = make_app(plugin_dirs=str(tmp_path / "more"))
    with app.app_context():
        contact = Contact(first_name="Anna", mobile=NUMBER)
        store(contact)
        text_to(contact, status="delivered", accepted_at=minute(5), final_at=minute(5))
        current_host().enable("shop")
        current_host().enable("broken")
        entries = timeline(contact, before=minute(7), limit=4)
        assert lines(entries) == [
            (6, "Order 6"),
            (5, "Text was delivered"),
            (5, "Text was accepted"),
            (5, "Order 5"),
        ]
        assert lines(timeline(contact, limit=1, kinds=["order"])) == [(29, "Order 29")]
        assert all(entry.kind == "text" for entry in timeline(contact, kinds=["text"]))
