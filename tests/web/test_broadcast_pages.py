"""Broadcasts by their pages: the review tells the truth, and each button does what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from heliograph.broadcasts.counts import count_broadcast, count_due_broadcasts, kept_counts
from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.broadcasts.review import left_out, review
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.pace import hold_sender
from heliograph.dnc import MANUAL, add_dnc
from heliograph.figures import read_figures, refresh_figures, today
from heliograph.host import current_host
from heliograph.messages import create_message, edit_message
from heliograph.segments import add_members, create_segment
from tests.fixtures import add_people, statuses
from tests.visitor import Visitor, sign_in

Crowd = Callable[..., tuple[Any, list[int]]]
Send = Callable[..., list[Any]]


@pytest.fixture
def marc(sending: Flask) -> Visitor:
    return sign_in(sending, "marketer")


@pytest.fixture
def mixed(sending: Flask) -> int:
    """A message to seven people, of whom only three can be texted."""
    ids = add_people(6)
    with transaction() as session:
        people = [session.get_one(Contact, one) for one in ids]
        people[0].mobile = None
        people[1].number_status = NUMBER_INVALID
        twin = Contact(mobile=people[3].mobile, first_name="Twin")
        session.add(twin)
    add_dnc(people[2].mobile or "", reason=MANUAL)
    segment = create_segment("Mixed")
    add_members(segment.id, [*ids, twin.id])
    text = "Hello {contactfield=firstname|you}" + "!" * 160
    return create_message(name="Mixed", text=text, segments=[segment.id]).id


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_review_foretells_the_plan(mixed: int, desk: Any, send: Send) -> None:
    seen = review(mixed)
    assert seen.recipients == 3
    assert seen.skipped == {"no_number": 1, "invalid_number": 1, "dnc": 1, "shared_number": 1}
    assert (seen.parts, seen.problems) == (6, [])
    names = {why: [one.first_name for one in left_out(mixed, why)] for why in seen.skipped}
    assert names["shared_number"] == ["Twin"]
    assert names["dnc"] == ["Ann2"]
    edit_message(mixed, publish_up=utcnow())
    send()
    counts = count_broadcast(mixed)
    assert (counts.recipients, counts.skipped, counts.parts) == (3, seen.skipped, 6)


def test_send_now_send_later_and_not_at_all(marc: Visitor, mixed: int) -> None:
    page = marc.get(f"/broadcasts/{mixed}")
    assert "Draft" in page.text
    assert ">3<" in marc.get(f"/broadcasts/{mixed}/review").text
    assert "Twin" in marc.get(f"/broadcasts/{mixed}/skipped?reason=shared_number").text
    later = {"seen": seen(page.text), "when": "later", "at": "2031-01-01T10:00"}
    assert marc.post(f"/broadcasts/{mixed}/send", later).location
    assert "Unschedule" in marc.get(f"/broadcasts/{mixed}").text
    marc.post(f"/broadcasts/{mixed}/unschedule")
    page = marc.get(f"/broadcasts/{mixed}")
    assert "Unschedule" not in page.text
    bare = marc.post(f"/broadcasts/{mixed}/send", {"when": "now"})
    assert bare.status_code == 409  # whoever has seen nothing sends nothing
    assert get_broadcast(mixed).status == "draft"
    marc.post(f"/broadcasts/{mixed}/send", {"seen": seen(page.text), "when": "now"})
    assert "within a moment" in marc.get(f"/broadcasts/{mixed}").text


def test_pause_resume_and_cancel(marc: Visitor, crowd: Crowd, desk: Any, send: Send) -> None:
    message, _ = crowd(6)
    send(limit=2)
    place = f"/broadcasts/{message.id}"
    assert "2 / 6" in marc.get(place + "/progress").text
    marc.post(place + "/pause")
    page = marc.get(place).text
    assert "Paused" in page
    assert "Resume" in page
    db.session.rollback()
    send()
    assert len(desk.texts) == 2
    marc.post(place + "/resume", {"seen": seen(page)})
    db.session.rollback()
    send(limit=1)
    marc.post(place + "/cancel")
    db.session.rollback()
    send()
    assert len(desk.texts) == 3
    db.session.rollback()
    assert get_broadcast(message.id).status == "cancelled"
    again = marc.post(place + "/send", {"when": "now"})
    assert again.status_code == 409
    assert marc.post(place + "/explode").status_code == 404


def test_what_was_changed_after_its_page_is_not_resumed(
    sending: Flask, marc: Visitor, mixed: int
) -> None:
    """The page says when it is sent, and what: neither may be another by then."""
    place = f"/broadcasts/{mixed}"
    nine = datetime(2031, 1, 1, 9, tzinfo=UTC)
    edit_message(mixed, publish_up=nine)
    marc.post(place + "/pause")
    page = marc.get(place).text
    assert "It is sent at" in page

    def refused(form: dict[str, str], visitor: Visitor = marc) -> bool:
        answer = visitor.post(place + "/resume", form)
        db.session.rollback()
        words = visitor.get(answer.location.removeprefix("/mautic")).text
        changed = "was changed meanwhile. Nothing was sent: look again" in words
        return changed and get_broadcast(mixed).status == "paused"

    assert refused({})
    edit_message(mixed, text="Another text")
    assert refused({"seen": seen(page)})
    page = marc.get(place).text
    with time_machine.travel(nine + timedelta(minutes=5)):  # it would be sent now
        lea = sign_in(sending, "marketer", "lea@example.com")
        assert refused({"seen": seen(page)}, lea)


def test_every_text_explains_itself(marc: Visitor, crowd: Crowd, desk: Any, send: Send) -> None:
    message, _ = crowd(4)
    desk.by_number["+33612000001"] = Failure(FailureKind.UNREACHABLE, "Switched off.", code="30003")
    desk.by_number["+33612000002"] = Failure(FailureKind.TRANSIENT, "Busy.", retry_after=3600)
    add_dnc("+33612000003", reason=MANUAL)
    send()
    page = marc.get(f"/broadcasts/{message.id}/texts").text
    assert "Switched off." in page
    words = {text.number[-1]: explain(text) for text in db.session.scalars(db.select(Delivery))}
    assert "took it" in words["0"]
    assert words["1"] == "The phone could not be reached. Switched off."
    assert "tried again at" in words["2"]
    failed = marc.get(f"/broadcasts/{message.id}/texts?status=failed").text
    (place,) = re.findall(r'href="/mautic(/broadcasts/texts/\d+)"', failed)
    assert "30003" in marc.get(place).text
    assert "Ann3" in marc.get(f"/broadcasts/{message.id}/skipped?reason=dnc").text
    marc.post(f"/broadcasts/{message.id}/pause")
    db.session.rollback()
    db.session.expire_all()
    waiting = db.session.scalars(db.select(Delivery).where(Delivery.status == "queued")).one()
    assert "paused" in explain(waiting)


def test_counts_are_kept_for_large_ones_and_right(
    crowd: Crowd, desk: Any, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, _ = crowd(5)
    send()
    exact = count_broadcast(message.id)
    monkeypatch.setattr("heliograph.broadcasts.counts.FEW", 2)
    assert kept_counts(get_broadcast(message.id)).size == 0  # nothing was kept yet
    count_due_broadcasts()
    assert kept_counts(get_broadcast(message.id)) == exact
    due = get_broadcast(message.id).count_due_at
    assert due is not None
    assert due > utcnow() + timedelta(seconds=30)


def test_the_dashboard_counts_by_day(
    sending: Flask, crowd: Crowd, desk: Any, send: Send, marc: Visitor
) -> None:
    crowd(3)
    desk.by_number["+33612000002"] = Failure(FailureKind.UNREACHABLE, "Off.")
    send()
    with transaction() as session:
        old = session.scalars(db.select(Delivery).where(Delivery.status == "accepted")).first()
        assert old is not None
        old.attempted_at = utcnow() - timedelta(days=2)
    refresh_figures()
    figures = read_figures(5)
    assert list(figures)[-1] == today()
    assert [day["sent"] for day in figures.values()] == [0, 0, 1, 0, 1]
    assert [day["failed"] for day in figures.values()] == [0, 0, 0, 0, 1]
    page = marc.get("/").text
    assert "Texts by day" in page
    assert "As a table" in page


def test_a_person_settles_what_nobody_knows(marc: Visitor, crowd: Crowd, send: Send) -> None:
    message, _ = crowd(2)
    send()
    with transaction() as session:
        for text in session.scalars(db.select(Delivery)):
            text.status, text.provider_id = "unknown", None
    place = f"/broadcasts/{message.id}"
    assert "They failed" in marc.get(place).text
    assert marc.post(place + "/settle", {"way": "perhaps"}).status_code == 400
    marc.post(place + "/settle", {"way": "failed"})
    db.session.rollback()
    assert statuses(message.id) == {"failed": 2}


def test_a_test_text_is_queued_once_and_explains_itself(marc: Visitor, mixed: int) -> None:
    answer = marc.post(f"/messages/{mixed}/test", {"number": "+33 6 12 99 99 99"})
    place = answer.location.removeprefix("/mautic")
    assert "waits for its turn" in marc.get(place).text
    assert "Hello you" in marc.get(place).text
    refused = marc.post(f"/messages/{mixed}/test", {"number": "nonsense"})
    assert (refused.status_code, "was not sent" in refused.text) == (400, True)


def test_without_a_provider_nothing_can_be_sent(make_app: Callable[..., Flask]) -> None:
    app = make_app(public_url="https://sms.example.com/mautic")
    with app.app_context():
        visitor = sign_in(app)
        segment = create_segment("A")
        message = create_message(name="A", text="Hi", segments=[segment.id])
        page = visitor.get(f"/broadcasts/{message.id}").text
        assert "No provider is enabled" in page
        assert visitor.post(f"/broadcasts/{message.id}/send", {"when": "now"}).status_code == 409
        assert "No provider is enabled" in visitor.get("/").text


def test_the_page_says_why_a_broadcast_stands_still(
    marc: Visitor, crowd: Crowd, desk: Any, send: Send
) -> None:
    message, _ = crowd(3)
    send(limit=1)
    place = f"/broadcasts/{message.id}/progress"
    page = marc.get(place).text
    assert "The next text" in page
    assert "waits for its turn" in page
    until = utcnow() + timedelta(hours=1)
    hold_sender("recorder", "+15005550006", until, "The daily limit is <reached>.")
    page = marc.get(place).text
    assert "The sender +15005550006 is held until" in page
    assert "The daily limit is &lt;reached&gt;." in page
    assert "The next text" not in page
    current_host().disable("recorder")
    page = marc.get(place).text
    assert "The provider cannot send. The provider recorder is disabled." in page
    assert "heliograph plugins" not in page
    assert "The provider cannot send." in marc.get("/").text
    marc.post(f"/broadcasts/{message.id}/pause")
    assert "Paused by hand." in marc.get(place).text
