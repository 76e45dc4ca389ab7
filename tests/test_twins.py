"""One person under two spellings of a number, from the file to the STOP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.counts import count_broadcast
from heliograph.channel import InboundText
from heliograph.contacts import Contact, add_contact, get_contact
from heliograph.contacts.search import contacts_with_number
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.dnc import MANUAL, add_dnc, blocked, find_dnc
from heliograph.imports import create_import, run_import
from heliograph.messages import create_message
from heliograph.replies.inbox import receive_reply
from heliograph.replies.models import Reply
from heliograph.segments import add_members, create_segment
from heliograph.timeline import timeline
from tests.test_spellings import ONLY_SENDERS, SPELLINGS


@pytest.mark.parametrize(("number", "other"), [*SPELLINGS, *ONLY_SENDERS])
def test_a_stop_from_the_other_spelling_stops_the_contact(
    app: Flask, number: str, other: str
) -> None:
    contact = add_contact({"mobile": number, "first_name": "Ana"}, region="FR")
    receive_reply("recorder", InboundText("1", f"whatsapp:{other}", text="STOP"))
    entry = find_dnc(contact.mobile)
    assert entry is not None
    assert entry.reason == "unsubscribed"
    titles = [(entry.kind, entry.text) for entry in timeline(contact, limit=10)]
    assert ("reply", "STOP") in titles
    assert "dnc" in {kind for kind, _ in titles}
    receive_reply("recorder", InboundText("2", other, text="START"))
    assert find_dnc(contact.mobile) is None


@pytest.mark.parametrize(("number", "other"), SPELLINGS)
def test_a_contact_brought_in_under_the_other_spelling_is_found_by_the_one(
    app: Flask, tmp_path: Path, number: str, other: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"mobile;name\n{other};Ana\n{number};Ana\n", encoding="utf-8")
    job = run_import(create_import(path, filename="people.csv", region="FR").id)
    assert (job.created, job.rejected) == (1, 0)
    receive_reply("recorder", InboundText("1", number, text="STOP"))
    db.session.rollback()
    (contact,) = db.session.scalars(db.select(Contact))
    assert find_dnc(contact.mobile) is not None
    assert db.session.scalars(db.select(Reply.contact_id)).all() == [contact.id]


def test_a_plugin_that_stores_the_old_spelling_stores_the_person(app: Flask) -> None:
    contact = add_contact({"first_name": "Ana"}, region="FR")
    with transaction():
        contact.mobile = "+5215512345678"
    db.session.expire_all()
    assert get_contact(contact.id).mobile == "+525512345678"
    assert [one.id for one in contacts_with_number("+525512345678")] == [contact.id]


def test_do_not_contact_answers_for_both_spellings(app: Flask) -> None:
    add_dnc("+5215512345678", reason=MANUAL)
    add_dnc("+5511987654321", reason=MANUAL)
    asked = ["+525512345678", "+5215512345678", "+551187654321", "+33612345678"]
    assert blocked(asked) == set(asked[:3])


def test_two_contacts_under_twin_spellings_get_one_text(
    sending: Flask, send: Callable[..., Any], desk: Any
) -> None:
    people = [
        add_contact({"mobile": spelling}, region="FR").id
        for spelling in ("+5511987654321", "+551187654321", "+525512345678", "+5215512345678")
    ]
    segment = create_segment("All")
    add_members(segment.id, people)
    add_dnc("+5215512345678", reason=MANUAL)
    message = create_message(name="Hi", text="Hi", segments=[segment.id], publish_up=utcnow())
    send()
    assert [text.to for text in desk.texts] == ["+5511987654321"]
    assert count_broadcast(message.id).skipped == {"shared_number": 1, "dnc": 2}
    receive_reply("recorder", InboundText("1", "whatsapp:+551187654321", text="Oi"))
    reply = db.session.scalars(db.select(Reply)).one()
    assert reply.contact_id == people[0]
    assert reply.delivery_id == db.session.scalars(db.select(Delivery.id)).one()
