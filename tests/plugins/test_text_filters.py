"""A stranger's plugin changes the words of texts; where it fails, no text goes without it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text as sql

from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.vetoes import ASK_AGAIN
from heliograph.errors import Conflict
from heliograph.host import current_host
from heliograph.links.models import Link
from heliograph.messages import create_message
from heliograph.messages.filtering import sample_text
from heliograph.messages.library import preview
from tests.fixtures import a_number, statuses, text_to

Crowd = Callable[..., Any]
Send = Callable[..., Any]
LATER = ASK_AGAIN + timedelta(seconds=30)
LINK = "https://sms.example.com/mautic/l/[0-9A-Za-z]{10}"


@pytest.fixture
def footer(sending: Flask) -> ModuleType:
    current_host().enable("footer")
    module = sys.modules["heliograph.plugins.footer"]
    module.faults.clear()
    module.begun.clear()
    return module


def fall() -> None:
    raise RuntimeError("the printer is out of ink")


def break_transaction() -> None:
    db.session.execute(sql("SELECT * FROM no_such_table"))


def leave() -> None:
    sys.exit(3)


def test_each_text_gets_its_line_with_tokens_and_a_short_link_of_its_own(
    footer: ModuleType, desk: Any, crowd: Crowd, send: Send
) -> None:
    message, ids = crowd(3, text="Hi {contactfield=firstname}")
    db.session.get_one(Contact, ids[1]).last_name = "Lee"
    db.session.commit()
    send()
    sent = {text.to: text.text for text in desk.texts}
    for person, name in enumerate(["friend", "Lee", "friend"]):
        row = text_to(person)
        expected = rf"Hi Ann{person} Bye {name}, {LINK} #{row.id}"
        assert re.fullmatch(expected, sent[a_number(person)])
    assert db.session.scalars(db.select(Link.url)).all() == ["https://acme.example/no"]
    assert [words.message_id for words in footer.begun] == [message.id]


def test_a_preview_and_a_count_show_what_will_be_sent(
    footer: ModuleType, desk: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(1, text="Hi {contactfield=firstname}")
    shown = preview(message.text, Contact(first_name="Ann0", custom={}))
    send()
    assert (shown.measure.characters, shown.measure.parts) == (
        len(desk.texts[0].text),
        desk.texts[0].parts,
    )
    assert shown.text.endswith(" #0")
    counted = sample_text(message.text, track=True)
    assert len(counted) - len(message.text) == len(
        " Bye {contactfield=lastname|friend}, https://sms.example.com/mautic/l/0123456789 #0"
    )


def test_what_it_leaves_alone_or_a_plugin_that_is_off_changes_nothing(
    footer: ModuleType, desk: Any, crowd: Crowd, send: Send
) -> None:
    crowd(1, text="plain")
    send()
    current_host().disable("footer")
    crowd(1, first=1, text="other")
    send()
    assert [text.text for text in desk.texts] == ["plain", "other"]


@pytest.mark.parametrize("fault", [fall, leave, break_transaction, lambda: "no"])
@pytest.mark.parametrize("where", ["begin", "finish"])
def test_where_it_fails_texts_wait_and_say_why(
    footer: ModuleType, desk: Any, crowd: Crowd, send: Send, fault: Any, where: str
) -> None:
    if where == "finish" and fault is not fall:
        fault = {leave: leave}.get(fault, lambda: None)  # it works on words alone
    message, _ = crowd(2)
    footer.faults[where] = fault
    send()
    assert desk.texts == []
    assert statuses(message.id) == {"queued": 2}
    assert text_to(0).reason == "veto_failed"
    assert "The plugin footer, which changes texts, failed" in text_to(0).detail
    footer.faults.clear()
    with time_machine.travel(utcnow() + LATER, tick=True):
        send()
    assert len(desk.texts) == 2
    assert all("Bye friend" in text.text for text in desk.texts)


def test_a_single_text_is_refused_with_words_and_nothing_is_stored(
    footer: ModuleType, desk: Any
) -> None:
    message = create_message(name="One", text="Hello")
    footer.faults["begin"] = fall
    asked = {"number": a_number(1), "contact": None, "provider": "recorder", "source": "test"}
    with pytest.raises(Conflict, match="out of ink"):
        queue_text(message.id, **asked)
    assert db.session.scalars(db.select(Delivery)).all() == []


def test_previews_go_on_without_a_filter_that_fails(footer: ModuleType) -> None:
    footer.faults["sample"] = fall
    assert preview("Hi", Contact(custom={})).text == "Hi"
    assert sample_text("Hi", track=True) == "Hi"
