"""A reply is stored whatever it holds, and whatever happens to its contact at that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from heliograph.channel import InboundText, Media, Opt
from heliograph.contacts.merge import merge_rows
from heliograph.contacts.models import Contact
from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.dnc import find_dnc
from heliograph.replies.inbox import receive_reply
from heliograph.replies.models import Reply
from tests.fixtures import add_people

ANN = "+33612000000"


def stop(number: str = ANN, **more: Any) -> InboundText:
    return InboundText(**({"provider_id": "IN-1", "number": number, "text": "STOP"} | more))


UNSTORABLE = [
    {"text": "STOP \ud83d"},  # a provider that cuts by UTF-16 units leaves half an emoji
    {"text": "ST\x00OP"},
    {"to": "+1500\ud83d"},
    {"media": (Media("https://example.com/\x00.png", "image/png"),)},
    {"media": (Media("https://example.com/a.png", "\ud83d"),)},
    {"media": (Media(None, None),)},  # type: ignore[arg-type]
]


@pytest.mark.parametrize("given", UNSTORABLE)
def test_what_no_database_takes_costs_no_stop(app: Flask, given: dict[str, Any]) -> None:
    assert receive_reply("recorder", stop(**given))
    entry = find_dnc(ANN)
    assert entry is not None
    assert entry.reason == "unsubscribed"


@pytest.mark.parametrize("opt", ["out", "STOP", 7])
def test_an_opt_of_no_kind_is_read_or_passed_over(app: Flask, opt: Any) -> None:
    assert receive_reply("recorder", stop(opt=opt))
    assert db.session.scalars(db.select(Reply.opt)).one() == Opt.OUT.value
    assert find_dnc(ANN) is not None


def received_while(app: Flask, work: Callable[[], object], text: InboundText) -> list[object]:
    """What receiving *text* comes to, begun before the transaction that does *work* ends."""
    answers: list[object] = []

    def receive() -> None:
        with app.app_context():
            try:
                answers.append(receive_reply("recorder", text))
            except Exception as error:
                answers.append(error)

    receiving = threading.Thread(target=receive)
    with transaction():
        work()
        receiving.start()
        receiving.join(0.5)  # it waits for us, on a lock of the database
    receiving.join(20)
    return answers


def test_a_stop_of_a_contact_that_is_being_deleted(app: Flask) -> None:
    (contact_id,) = add_people(1)
    gone = delete(Contact).where(Contact.id == contact_id)
    assert received_while(app, lambda: change_rows(gone), stop()) == [True]
    db.session.rollback()
    assert db.session.scalars(db.select(Reply.contact_id)).one() is None
    assert find_dnc(ANN) is not None


def test_a_reply_to_a_contact_that_is_being_merged_is_the_other_ones(app: Flask) -> None:
    ann, ben = add_people(2)
    with transaction() as session:
        facts = {"source": "test", "provider": "recorder", "status": "delivered"}
        text = Delivery(**facts, number=ANN, contact_id=ann, attempted_at=utcnow())
        session.add(text)
    assert received_while(app, lambda: merge_rows(ben, ann), stop()) == [True]
    db.session.rollback()
    reply = db.session.scalars(db.select(Reply)).one()
    assert (reply.contact_id, reply.delivery_id) == (ben, text.id)
    assert find_dnc(ANN) is not None
