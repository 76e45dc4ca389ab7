"""Log lines: each about a text has its ids as fields, and none has its words or number."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from heliograph.broadcasts.lifecycle import cancel, pause, resume
from heliograph.broadcasts.run import keep_sending, start_due
from heliograph.channel import Failure, FailureKind, InboundText, OutgoingText
from heliograph.db import db, once_committed, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.pace import hold_sender
from heliograph.host import current_host
from heliograph.logs import JsonFormatter, shortened
from heliograph.replies.inbox import receive_reply

Crowd = Callable[..., Any]
Send = Callable[..., Any]
Lines = Callable[[], list[dict[str, Any]]]
SENDER = "+15005550006"


@pytest.fixture
def lines(sending: Flask) -> Iterator[Lines]:
    """What was logged so far, as a collector would read it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("heliograph")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def about(found: list[dict[str, Any]], words: str) -> dict[str, Any]:
    (line,) = [line for line in found if words in line["text"]]
    return line


def test_a_failure_has_the_ids_and_not_the_number(
    crowd: Crowd, send: Send, desk: Any, lines: Lines
) -> None:
    message, _ = crowd(2)
    words = "The 'To' number +33612000001 is not valid: Hello Ann1"
    desk.by_number["+33612000001"] = Failure(FailureKind.BAD_NUMBER, words, code="21211")
    send()
    failed = db.session.scalars(db.select(Delivery).where(Delivery.status == "failed")).one()
    line = about(lines(), "bad_number 21211")
    wanted = {"delivery_id": failed.id, "broadcast_id": message.id, "provider": "recorder"}
    wanted |= {"sender": SENDER, "attempt": 1, "kind": "bad_number", "code": "21211"}
    assert wanted.items() <= line.items()
    assert line["level"] == "INFO"
    everything = json.dumps(lines())
    assert "33612000001" not in everything
    assert "Hello Ann" not in everything


def test_an_unclear_answer_and_its_look_up_have_the_ids(
    crowd: Crowd, send: Send, desk: Any, lines: Lines
) -> None:
    message, _ = crowd(1)
    desk.nonsense = "sent to +33612000000"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heliograph.deliveries.policy.MAX_ATTEMPTS", 1)
        send()
    text_id = db.session.scalars(db.select(Delivery.id)).one()
    found = lines()
    told = [about(found, words) for words in ("raised for", "unknown_outcome", "given up after")]
    for line in told:
        assert (line["delivery_id"], line["broadcast_id"]) == (text_id, message.id)
        assert (line["provider"], line["sender"], line["attempt"]) == ("recorder", SENDER, 1)
    assert "sent to +33…0000" in told[0]["traceback"]
    assert [line["level"] for line in told] == ["ERROR", "WARNING", "WARNING"]


def test_a_text_found_after_its_answer_was_lost_is_told(
    crowd: Crowd, send: Send, desk: Any, lines: Lines
) -> None:
    crowd(1)
    desk.lose_answers = 1
    send()
    assert about(lines(), "it is recorded as sent")["delivery_id"]


def test_the_life_of_a_broadcast_is_told(crowd: Crowd, send: Send, desk: Any, lines: Lines) -> None:
    message, _ = crowd(3)
    send(limit=1)
    pause(message.id)
    resume(message.id)
    send()
    other, _ = crowd(1, text="Other")
    cancel(other.id)
    texts = [line["text"] for line in lines() if line.get("broadcast_id") == message.id]
    assert texts == [
        f"broadcast {message.id} starts through recorder",
        f"broadcast {message.id}: 3 texts queued",
        f"broadcast {message.id} is paused: Paused by hand.",
        f"broadcast {message.id} is running",
        f"broadcast {message.id} is finished",
    ]
    assert about(lines(), f"broadcast {other.id} is cancelled")


def test_a_broadcast_that_pauses_itself_warns(
    crowd: Crowd, send: Send, desk: Any, lines: Lines
) -> None:
    message, _ = crowd(1)
    desk.failures = [Failure(FailureKind.ACCOUNT, "Wrong token", code="20003")]
    send()
    line = about(lines(), "paused itself")
    assert (line["level"], line["broadcast_id"]) == ("WARNING", message.id)
    assert "Wrong token" in line["text"]


def test_a_hold_is_told_once_and_a_longer_one_again(lines: Lines) -> None:
    now = utcnow()
    for seconds in (10, 11, 12, 600):
        hold_sender("recorder", SENDER, now + timedelta(seconds=seconds), "Slow down.")
    held = [line for line in lines() if "is held for" in line["text"]]
    assert [line["level"] for line in held] == ["INFO", "WARNING"]
    assert {(line["provider"], line["sender"]) for line in held} == {("recorder", SENDER)}


def test_throttling_is_told(crowd: Crowd, send: Send, desk: Any, lines: Lines) -> None:
    crowd(2)
    desk.failures = [Failure(FailureKind.THROTTLED, "slow down", retry_after=0.2)]
    send()
    line = about(lines(), "is slowed down")
    assert (line["provider"], line["sender"], line["window"]) == ("recorder", SENDER, 10)
    assert not [line for line in lines() if "throttled" in line["text"]]


def test_the_same_trouble_is_not_told_each_second(
    sending: Flask, crowd: Crowd, send: Send, lines: Lines, desk: Any
) -> None:
    message, _ = crowd(2)
    send(limit=1)
    waiting, _ = crowd(1, text="Another")
    current_host().disable("recorder")
    loop = DeliveryLoop(sending)
    for _ in range(3):
        start_due()
        keep_sending(loop)
        for run in list(loop._runs.values()):
            run.exception()
        db.session.rollback()
    loop.stop()
    assert about(lines(), "is disabled")["broadcast_id"] == message.id
    assert about(lines(), "No provider is enabled")["broadcast_id"] == waiting.id


def test_a_reply_is_told_without_its_words(
    crowd: Crowd, send: Send, desk: Any, lines: Lines
) -> None:
    crowd(1)
    send()
    receive_reply("recorder", InboundText("IN1", "+33612000000", text="Stop"))
    line = about(lines(), "do-not-contact was changed")
    assert line["delivery_id"] == db.session.scalars(db.select(Delivery.id)).one()
    assert line["opt"] == "out"


def test_what_is_undone_is_not_told(app: Flask) -> None:
    told: list[str] = []

    def fail() -> None:
        with transaction():
            once_committed(lambda: told.append("undone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction():
        once_committed(lambda: told.append("stored"))
        assert told == []
    once_committed(lambda: told.append("alone"))
    assert told == ["stored", "alone"]


def test_errors_of_the_database_hide_what_was_to_be_stored(app: Flask) -> None:
    statement = text("INSERT INTO text_messages (id, text) VALUES (:id, :text)")
    with pytest.raises(IntegrityError) as caught, transaction() as session:
        session.execute(statement, {"id": 1, "text": "a secret word"})
    assert "INSERT INTO text_messages" in str(caught.value)
    assert ":text" not in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_an_outgoing_text_does_not_show_its_words() -> None:
    outgoing = OutgoingText("1", "+33612000000", "a secret word", SENDER, 1, "", utcnow())
    assert "secret" not in repr(outgoing)


def test_numbers_are_shortened_wherever_they_stand() -> None:
    assert shortened("to +33612345678, %2B15005550006 and (+4915112345678)") == (
        "to +33…5678, %2B15…0006 and (+49…5678)"
    )
    assert shortened("at 2026-01-01T10:00:00+0000 delivery 33612345678") == (
        "at 2026-01-01T10:00:00+0000 delivery 33612345678"
    )
