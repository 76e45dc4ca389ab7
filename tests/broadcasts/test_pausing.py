"""Pause, resume and cancel while the clock and the loop of a server run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from heliograph.broadcasts.lifecycle import cancel, pause, resume
from heliograph.channel import Failure, FailureKind
from heliograph.jobs.clock import Clock
from tests.fixtures import state_of, statuses
from tests.test_end_to_end import wait_until

Crowd = Callable[..., Any]
TEXTS = 300


def held(desk: Any, message_id: int) -> int:
    """The number of texts sent in all, once what was in flight has landed; no more follow."""
    wait_until(lambda: desk.in_flight == 0 and "sending" not in statuses(message_id), 30)
    landed = len(desk.texts)
    time.sleep(1)  # the clock looks for work five times in it
    assert len(desk.texts) == landed
    return landed


def test_a_pause_holds_within_seconds_and_a_resume_sends_the_rest_once(
    desk: Any, crowd: Crowd, ticking: Clock
) -> None:
    message, _ = crowd(TEXTS)
    desk.delay = 0.2
    wait_until(lambda: len(desk.texts) > TEXTS // 10, 60)
    pause(message.id)
    sent = held(desk, message.id)
    assert sent < TEXTS
    assert statuses(message.id) == {"accepted": sent, "queued": TEXTS - sent}
    desk.delay = 0.01
    resume(message.id)
    wait_until(lambda: state_of(message.id) == "finished", 60)
    assert statuses(message.id) == {"accepted": TEXTS}
    assert set(Counter(text.to for text in desk.texts).values()) == {1}
    assert len(desk.texts) == TEXTS


def test_what_is_cancelled_is_never_sent_also_what_was_to_be_tried_again(
    desk: Any, crowd: Crowd, ticking: Clock
) -> None:
    message, _ = crowd(TEXTS)
    desk.delay = 0.2
    desk.failures = [Failure(FailureKind.TRANSIENT, "Later.", retry_after=3.0)] * 5
    desk.lose_answers = 5
    wait_until(lambda: len(desk.texts) > TEXTS // 10, 60)
    cancel(message.id)
    sent = held(desk, message.id)
    wait_until(lambda: statuses(message.id) == {"accepted": sent, "cancelled": TEXTS - sent}, 30)
    time.sleep(2)
    assert len(desk.texts) == sent
    assert state_of(message.id) == "cancelled"
