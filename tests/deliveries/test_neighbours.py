"""Senders and broadcasts side by side: a slow one holds up no other, and all get their share."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.db import db
from heliograph.deliveries.direct import queue_text
from heliograph.host import current_host
from heliograph.jobs.clock import Clock
from heliograph.messages import create_message
from tests.fixtures import a_number, state_of, statuses
from tests.test_end_to_end import wait_until

Crowd = Callable[..., Any]
OTHER_SENDER = "+15005550008"


def begun(message_id: int) -> int:
    """The broadcast, frozen with the provider and sender of now."""
    begin(message_id)
    plan_broadcast(message_id)
    db.session.rollback()
    return message_id


def test_a_provider_that_hangs_holds_up_no_other(desk: Any, crowd: Crowd, ticking: Clock) -> None:
    plodder, never = sys.modules["heliograph.plugins.plodder"].desk, threading.Event()
    plodder.__init__()
    plodder.always = lambda _text: never.wait(60)
    try:
        current_host().enable("plodder", default=True)
        hanging = begun(crowd(60)[0].id)
        wait_until(lambda: statuses(hanging).get("sending", 0) >= 20, 30)
        current_host().enable("recorder", default=True)
        quick = begun(crowd(200, first=1000)[0].id)
        wait_until(lambda: state_of(quick) == "finished", 30)
        assert statuses(quick) == {"accepted": 200}
        assert "accepted" not in statuses(hanging)
        assert state_of(hanging) == "running"
    finally:
        never.set()


def test_a_sender_that_hangs_holds_up_no_other_of_its_provider(
    desk: Any, crowd: Crowd, ticking: Clock
) -> None:
    desk.delays["+15005550006"] = 60
    hanging = begun(crowd(60)[0].id)
    wait_until(lambda: desk.in_flight >= 20, 30)
    current_host().configure("recorder", {"sender": OTHER_SENDER})
    quick = begun(crowd(200, first=1000)[0].id)
    wait_until(lambda: state_of(quick) == "finished", 30)
    assert statuses(quick) == {"accepted": 200}
    assert {text.sender for text in desk.texts} == {OTHER_SENDER}
    assert state_of(hanging) == "running"


def test_two_broadcasts_of_a_sender_take_turns(desk: Any, crowd: Crowd, ticking: Clock) -> None:
    desk.delay = 0.2
    begun(crowd(1000, text="early")[0].id)
    wait_until(lambda: len(desk.texts) > 40, 60)
    begun(crowd(400, first=1000, text="late")[0].id)
    wait_until(lambda: sum(text.text == "late" for text in desk.texts) >= 150, 60)
    words = [text.text for text in desk.texts]
    both = words[words.index("late") :][:200]
    assert min(both.count("early"), both.count("late")) > 70, Counter(both)


def test_three_broadcasts_share_the_pace_of_their_sender(
    desk: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = sys.modules["heliograph.plugins.recorder"].Recorder
    monkeypatch.setattr(recorder, "concurrency", 200)  # each could take all the pace
    current_host().configure("recorder", {"pace": "2"})
    for at, words in enumerate(("one", "two", "three")):
        begun(crowd(100, first=at * 1000, text=words)[0].id)
    wait_until(lambda: len(desk.texts) >= 24, 60)
    # the others make up for what was claimed ahead by who came first
    found = Counter(text.text for text in desk.texts[:24])
    assert min(found[words] for words in ("one", "two", "three")) >= 6, found


def test_a_test_text_overtakes_a_broadcast_under_way(
    desk: Any, crowd: Crowd, ticking: Clock
) -> None:
    current_host().configure("recorder", {"pace": "20"})
    message, _ = crowd(200)
    begun(message.id)
    wait_until(lambda: len(desk.texts) > 10, 30)
    words = create_message(name="Test", text="quick").id
    at = len(desk.texts)
    queue_text(words, number=a_number(5000), contact=None, provider="recorder", source="test")
    db.session.rollback()
    wait_until(lambda: any(text.text == "quick" for text in desk.texts), 60)
    overtaken = next(n for n, text in enumerate(desk.texts) if text.text == "quick")
    assert overtaken - at < 100
    assert state_of(message.id) == "running"
