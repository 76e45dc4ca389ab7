"""Do-not-contact and replies that nobody can match, on their pages and in commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from heliograph.audit import AuditEntry
from heliograph.channel import InboundText
from heliograph.checkup.replies import look_at_replies
from heliograph.contacts import add_contact
from heliograph.db import db, utcnow
from heliograph.dnc import BOUNCED, MANUAL, UNSUBSCRIBED, add_dnc, find_beneath, find_dnc
from heliograph.replies.inbox import receive_reply
from heliograph.replies.models import Reply
from tests.cli.conftest import run as run_fixture
from tests.visitor import Visitor, sign_in

NUMBER = "+33612345678"
run = run_fixture


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


@pytest.fixture
def ada(app: Flask) -> int:
    return add_contact({"first_name": "Ada", "mobile": NUMBER}, region="FR").id


def reasons(number: str = NUMBER) -> list[str]:
    db.session.rollback()
    entry = find_dnc(number)
    beneath = find_beneath([number]).get(number, [])
    return [*([entry.reason] if entry else []), *(one.reason for one in beneath)]


def test_the_contact_page_never_lifts_a_stop(marc: Visitor, ada: int) -> None:
    place = f"/contacts/{ada}"
    add_dnc(NUMBER, reason=UNSUBSCRIBED, comment="Replied 'STOP'")
    page = marc.get(place).text
    assert "Lift do-not-contact" not in page
    assert "Only START, sent from this phone, takes that back." in page
    marc.post(place + "/dnc", {"lift": "1"})
    assert reasons() == [UNSUBSCRIBED]
    assert "stays on the list until that phone sends START" in marc.get(place).text
    marc.post(place + "/dnc", {"comment": "asked by phone"})
    assert reasons() == [UNSUBSCRIBED, MANUAL]
    page = marc.get(place).text
    assert "Beneath it:" in page
    assert "asked by phone" in page
    assert "Lift the entries beneath" in page
    marc.post(place + "/dnc", {"lift": "1"})
    assert reasons() == [UNSUBSCRIBED]


def test_the_list_shows_what_lies_beneath_and_lifts_no_stop(marc: Visitor, ada: int) -> None:
    add_dnc(NUMBER, reason=BOUNCED, comment="no such phone")
    add_dnc(NUMBER, reason=UNSUBSCRIBED, comment="Replied 'STOP'")
    add_dnc("+33612345679", reason=UNSUBSCRIBED)
    page = marc.get("/contacts/dnc").text
    assert "no such phone" in page
    assert page.count("until START") == 1
    for number in (NUMBER, "+33612345679"):
        marc.post("/contacts/dnc/lift", {"number": number})
        assert reasons(number) == [UNSUBSCRIBED]


def test_the_list_takes_and_finds_a_number_in_the_other_spelling(marc: Visitor) -> None:
    marc.post("/contacts/dnc", {"number": "+52 1 55 1234 5678", "reason": "manual"})
    assert reasons("+525512345678") == [MANUAL]
    assert "+525512345678" in marc.get("/contacts/dnc?number=%2B5215512345678").text
    bad = marc.post("/contacts/dnc", {"number": "nobody", "reason": "manual"})
    assert bad.status_code == 400


def test_a_sender_that_is_no_number_is_raised_until_it_is_old(marc: Visitor) -> None:
    receive_reply("recorder", InboundText("1", "messenger:123456789012345", text="STOP"))
    receive_reply("recorder", InboundText("2", "ACME", text="hello"))
    receive_reply("recorder", InboundText("3", NUMBER, text="hello"))
    inbox = marc.get("/inbox/").text
    assert "messenger:123456789012345" in inbox
    assert inbox.count("not a phone number") == 2
    assert "Put the contact on do-not-contact by hand." in inbox
    start = marc.get("/").text
    assert start.index("messenger:123456789012345") < start.index("ACME")
    assert "opted out, and is no phone number" in start
    (finding,) = look_at_replies()
    assert (finding.what, finding.level) == ("replies", "note")
    assert "2, of which 1 opted out" in finding.text
    with time_machine.travel(utcnow() + timedelta(days=8), tick=False):
        assert "of which 1 opted out" in next(look_at_replies()).text
        assert "phone number: 1," in next(look_at_replies()).text
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        assert list(look_at_replies()) == []


def test_a_sender_that_is_no_number_is_raised_until_a_person_is_done(
    app: Flask, marc: Visitor
) -> None:
    receive_reply("recorder", InboundText("1", "messenger:12345", text="STOP"))
    receive_reply("recorder", InboundText("2", NUMBER, text="hello"))
    unread, known = db.session.scalars(db.select(Reply.id).order_by(Reply.id)).all()
    place = f"/inbox/{unread}/done"
    assert f"/inbox/?before={unread + 1}" in marc.get("/").text
    page = marc.get("/inbox/").text
    assert page.count("Mark as done") == 1

    page = marc.get(marc.post(place).location.removeprefix(marc.prefix)).text
    assert "messenger:12345" in page
    assert "Mark as not done" in page
    assert "Mark as done" not in page
    assert "is no phone number" not in marc.get("/").text
    db.session.rollback()
    assert list(look_at_replies()) == []

    marc.post(place, {"undo": "1"})
    assert "is no phone number" in marc.get("/").text
    db.session.rollback()
    trail = db.select(AuditEntry).where(AuditEntry.action == "inbox.done").order_by(AuditEntry.id)
    entries = [(one.subject, one.changes) for one in db.session.scalars(trail)]
    assert entries == [("messenger:12345", {"done": done}) for done in ("True", "False")]
    for wrong in (known, unread + 100, 10**19):
        assert marc.post(f"/inbox/{wrong}/done").status_code == 404
    rita = sign_in(app, "reader", "rita@example.com")
    assert rita.post(place).status_code == 403
    assert "Mark as done" not in rita.get("/inbox/").text


def test_commands_keep_a_stop_too(sending: Flask, run: Callable[..., Any]) -> None:
    add_contact({"first_name": "Ada", "mobile": NUMBER}, region="FR")
    run("contacts", "dnc", NUMBER, "--comment", "by phone")
    add_dnc(NUMBER, reason=UNSUBSCRIBED, comment="Replied 'STOP'")
    shown = run("contacts", "show", NUMBER, "--json")["dnc"]
    assert (shown["reason"], [one["reason"] for one in shown["beneath"]]) == (
        UNSUBSCRIBED,
        [MANUAL],
    )
    said = run("contacts", "dnc", NUMBER, "--lift", code=1)
    assert "What lay beneath is lifted." in said
    assert "only a START" in said
    assert reasons() == [UNSUBSCRIBED]
    assert "only a START" in run("contacts", "dnc", NUMBER, "--lift", code=1)
    assert "not on do-not-contact" in run("contacts", "dnc", "+33612345670", "--lift", code=1)


def test_commands_read_the_other_spelling(sending: Flask, run: Callable[..., Any]) -> None:
    add_contact({"first_name": "Ana", "mobile": "+5491123456789"}, region="FR")
    run("contacts", "dnc", "+54 11 2345-6789")
    assert run("contacts", "show", "+541123456789", "--json")["dnc"]["reason"] == MANUAL


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00%2B12:00"])
def test_a_mark_that_is_none_of_ours_begins_the_list_anew(marc: Visitor, moment: str) -> None:
    add_dnc(NUMBER, reason=MANUAL)
    assert NUMBER in marc.get(f"/contacts/dnc?before={moment}~x").text
