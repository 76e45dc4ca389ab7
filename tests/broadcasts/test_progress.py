"""A broadcast that stands still says why, and what is due is never left unexplained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, render_template_string
from flask_babel import force_locale

from heliograph.broadcasts.lifecycle import begin, get_broadcast, pause, resume
from heliograph.broadcasts.models import Broadcast
from heliograph.broadcasts.progress import obstacle_of, progress_of, stalled_broadcasts
from heliograph.broadcasts.run import start_due
from heliograph.channel import Failure, FailureKind
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import Delivery, Sender
from heliograph.deliveries.obstacles import WORDS, Obstacle
from heliograph.deliveries.pace import hold_sender
from heliograph.host import current_host
from heliograph.installation import current_settings
from heliograph.web.locale import LANGUAGES, words_of_time
from heliograph.web.words import obstacle_words
from tests.visitor import sign_in

Crowd = Callable[..., Any]
Send = Callable[..., Any]
SENDER = "+15005550006"


def obstacle(broadcast_id: int) -> Obstacle | None:
    db.session.rollback()
    return obstacle_of(get_broadcast(broadcast_id))


def kind(broadcast_id: int) -> str:
    found = obstacle(broadcast_id)
    return found.kind if found else ""


def change(broadcast_id: int, **values: Any) -> None:
    with transaction() as session:
        session.execute(db.update(Broadcast).where(Broadcast.id == broadcast_id).values(**values))


@pytest.fixture
def halfway(crowd: Crowd, send: Send, desk: Any) -> int:
    """A broadcast of three texts, one of which is out."""
    message, _ = crowd(3)
    send(limit=1)
    db.session.rollback()
    return int(message.id)


def test_while_texts_go_out_nothing_is_in_the_way(halfway: int) -> None:
    progress = progress_of(get_broadcast(halfway), 2)
    assert progress.obstacle is None
    assert progress.speed.per_second > 0
    assert progress.speed.seconds_left is not None
    assert progress.waiting is not None
    assert "waits for its turn" in progress.waiting.why


def test_a_provider_that_cannot_send_is_named(halfway: int) -> None:
    current_host().configure("recorder", {"required": ""})
    found = obstacle(halfway)
    assert found is not None
    assert (found.kind, found.needs_a_person) == ("provider", True)
    assert "required: is required" in found.words
    current_host().disable("recorder")
    found = obstacle(halfway)
    assert found is not None
    assert "recorder is disabled" in found.words


def test_a_held_sender_is_named_with_its_reason(halfway: int) -> None:
    until = utcnow() + timedelta(hours=3)
    hold_sender("recorder", SENDER, until, "The daily limit is reached.")
    progress = progress_of(get_broadcast(halfway), 2)
    assert progress.held is not None
    assert progress.obstacle == Obstacle("held", "The daily limit is reached.", until, SENDER)
    assert progress.obstacle.words == (
        f"The sender {SENDER} is held until {until:%Y-%m-%d %H:%M} UTC. The daily limit is reached."
    )
    assert progress.waiting is not None
    assert "is held until" in progress.waiting.why


def test_quiet_hours_say_when_it_goes_on(
    sending: Flask, crowd: Crowd, send: Send, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = replace(current_settings(), quiet_hours="00:00-23:59", timezone="UTC")
    monkeypatch.setitem(sending.extensions, "heliograph_settings", quiet)
    with time_machine.travel("2027-03-03 12:00 +0000", tick=True):
        message, _ = crowd(2)
        send()
        found = obstacle(message.id)
    assert found is not None
    assert found.words == "Quiet hours where the contacts live: it goes on at 2027-03-03 23:59 UTC."


def test_what_is_left_to_be_tried_again_says_when(crowd: Crowd, send: Send, desk: Any) -> None:
    message, _ = crowd(1)
    desk.failures = [Failure(FailureKind.TRANSIENT, "Busy.", retry_after=3600)]
    send()
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        found = obstacle(message.id)
    assert found is not None
    assert found.kind == "retry"
    assert found.until is not None
    assert found.words.endswith(f"tried again at {found.until:%Y-%m-%d %H:%M} UTC. Busy.")


def test_a_sender_with_a_slow_pace_says_when_it_may_send(halfway: int) -> None:
    hold_sender("recorder", SENDER, utcnow(), "")
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        with transaction() as session:
            sender = session.get_one(Sender, ("recorder", SENDER))
            sender.next_free_at = utcnow() + timedelta(seconds=30)
        found = obstacle(halfway)
    assert found is not None
    assert found.kind == "pace"
    assert SENDER in found.words


def test_texts_without_an_answer_are_looked_up_and_say_so(sending: Flask, halfway: int) -> None:
    with time_machine.travel(utcnow() + timedelta(minutes=5), tick=True):
        with transaction() as session:
            for text in session.scalars(db.select(Delivery).where(Delivery.status == "queued")):
                text.status, text.attempted_at = "sending", utcnow() - timedelta(minutes=3)
                text.lease_until = utcnow() + timedelta(seconds=60)
        progress = progress_of(get_broadcast(halfway), 2)
        assert (progress.speed.in_flight, progress.speed.unanswered) == (0, 2)
        assert progress.obstacle is not None
        assert progress.obstacle.kind == "answers"
        assert progress.waiting is not None
        assert "the provider is asked" in progress.waiting.why
        page = sign_in(sending).get(f"/broadcasts/{halfway}/progress").text
        assert "2 without an answer" in page


def test_when_no_process_sends_that_is_said(halfway: int) -> None:
    assert kind(halfway) == ""
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        found = obstacle(halfway)
        assert found is not None
        assert (found.kind, found.needs_a_person) == ("nobody", True)
        assert "heliograph worker" in found.words
        pause(halfway)
        assert kind(halfway) == "paused"
        resume(halfway)
        assert kind(halfway) == ""  # it may just be beginning
        assert stalled_broadcasts() == []


def test_one_that_does_not_begin_or_is_not_planned_says_why(
    crowd: Crowd, send: Send, desk: Any
) -> None:
    message, _ = crowd(1)
    assert kind(message.id) == ""
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        assert kind(message.id) == "nobody"
    current_host().disable("recorder")
    start_due()
    found = obstacle(message.id)
    assert found is not None
    assert "No provider is enabled" in found.words
    current_host().enable("recorder")
    begin(message.id)
    assert kind(message.id) == ""
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        assert kind(message.id) == "nobody"
    change(message.id, planning_until=utcnow() + timedelta(seconds=60))
    assert kind(message.id) == "planning"


def test_one_whose_texts_are_done_is_about_to_finish(halfway: int) -> None:
    with transaction():
        db.session.execute(db.update(Delivery).values(status="delivered"))
    with time_machine.travel(utcnow() + timedelta(minutes=1), tick=True):
        assert kind(halfway) == "finishing"
    change(halfway, status="finished")
    assert kind(halfway) == ""


def test_a_test_text_explains_that_its_provider_is_off(halfway: int) -> None:
    current_host().disable("recorder")
    db.session.rollback()
    text = db.session.scalars(db.select(Delivery).where(Delivery.status == "queued")).first()
    assert text is not None
    assert "recorder is disabled" in explain(text)


@pytest.mark.parametrize("name", list(WORDS))
def test_each_obstacle_has_its_words_in_each_language(app: Flask, name: str) -> None:
    at = utcnow()
    found = Obstacle(name, "<why>", at, SENDER)
    assert found.words.count(SENDER) == (name in ("held", "pace"))
    assert "<why>" in found.words
    told = set()
    for language in LANGUAGES:
        with app.test_request_context(), force_locale(language):
            shown = render_template_string("{{ obstacle_words(found) }}", found=found)
            told.add(obstacle_words(replace(found, detail="", until=None)))
            until = words_of_time(at, "yMMMd", "Hm")
        assert ("&lt;why&gt;" in shown) == (name != "nobody")
        assert shown.count(SENDER) == found.words.count(SENDER)
        assert (until in shown) == ("%(until)s" in WORDS[name].template)
    assert len(told) == len(LANGUAGES)
