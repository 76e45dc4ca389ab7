from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.contacts import add_contact
from heliograph.db import db, transaction, utcnow
from heliograph.errors import BadInput, Conflict, NotFound
from heliograph.messages import (
    clone_message,
    create_message,
    edit_message,
    get_message,
    list_messages,
    preview,
)
from heliograph.messages.models import TextMessage
from heliograph.segments import create_segment


def write(**changes: Any) -> TextMessage:
    return create_message(**({"name": "Hello", "text": "Hi"} | changes))


def test_without_segments_it_is_a_template(app: Flask) -> None:
    message = write()
    assert message.type == "template"
    with pytest.raises(NotFound):
        get_broadcast(message.id)


def test_with_segments_its_broadcast_has_its_id(app: Flask) -> None:
    segment = create_segment("all").id
    assert get_broadcast(write(segments=[segment]).id).status == "draft"
    due = write(segments=[segment], publish_up=utcnow())
    assert get_broadcast(due.id).status == "scheduled"
    edit_message(due.id, publish_up=None)
    assert get_broadcast(due.id).status == "draft"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "name: is empty"),
        ({"name": "x" * 121}, "121 characters"),
        ({"text": ""}, "text: is empty"),
        ({"text": " \n"}, "text: is empty"),
        ({"text": "x" * 1601}, "1601 characters"),
        ({"text": "Hi {contactfield=fristname}"}, "column 4"),
        ({"text": "a\x00b"}, "NUL"),
        ({"language": "English!"}, "language"),
        ({"segments": [99]}, "segments: '99' is no segment"),
        ({"category": "x" * 61}, "category"),
    ],
)
def test_bad_input_is_named_and_nothing_is_stored(
    app: Flask, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        write(**changes)
    db.session.rollback()
    assert list(list_messages()) == []


def test_it_cannot_end_before_it_begins(app: Flask) -> None:
    now = utcnow()
    with pytest.raises(BadInput, match="publish_down"):
        write(publish_up=now, publish_down=now - timedelta(hours=1))


def test_what_was_sent_cannot_be_changed(app: Flask) -> None:
    message = write(segments=[create_segment("all").id], publish_up=utcnow())
    with transaction():
        get_broadcast(message.id).started_at = utcnow()
    with pytest.raises(Conflict, match="Clone it"):
        edit_message(message.id, text="Other")
    edit_message(message.id, name="Renamed", published=False)
    assert get_message(message.id).name == "Renamed"
    copy = clone_message(message.id)
    assert (copy.text, copy.publish_up, get_broadcast(copy.id).status) == ("Hi", None, "draft")


def test_a_preview_shows_the_text_of_one_contact(app: Flask) -> None:
    ada = add_contact({"mobile": "+33612345678", "firstname": "Ada"}, region="FR")
    shown = preview("Hi {contactfield=firstname} 👋", ada)
    assert (shown.text, shown.measure.encoding) == ("Hi Ada 👋", "ucs2")
