"""Providers that hang and raise anything: their text tells, the rest goes on."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.channel import Failure, FailureKind, OutgoingText, Sent
from heliograph.db import transaction, utcnow
from heliograph.deliveries import threads
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.errors import Conflict
from heliograph.host import current_host
from heliograph.providers import open_provider
from tests.fixtures import a_number, statuses, text_to

Crowd = Callable[..., Any]
Send = Callable[..., Any]
TEXTS, GOOD = 4, 3  # a good one first, and some after the odd ones


def throw(error: BaseException) -> Callable[[OutgoingText], Any]:
    def act(_text: OutgoingText) -> Any:
        raise error

    return act


class NoWords(Exception):
    def __str__(self) -> str:
        raise ValueError("not even that")


class Bare(Failure):
    def __init__(self) -> None:
        """Forgets what a Failure has."""


RAISED: list[BaseException] = [
    *(SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("odd")),
    *(StopIteration(), asyncio.CancelledError(), MemoryError(), RecursionError("deep")),
    *(NoWords(), BaseExceptionGroup("two", [SystemExit(1), KeyboardInterrupt()]), Bare()),
    Failure("no such kind", None, code=12, retry_after="soon"),  # type: ignore[arg-type]
    Failure(FailureKind.UNKNOWN_OUTCOME, "\x00\ud800" * 900, code="\x00", retry_after=float("nan")),
]


def test_whatever_a_plain_provider_raises_the_rest_goes_on(
    plodder: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(len(RAISED) + GOOD)
    plodder.acts = {a_number(odd): throw(error) for odd, error in enumerate(RAISED, 1)}
    send()
    assert statuses(message.id) == {"accepted": GOOD, "unknown": len(RAISED)}
    for odd, error in enumerate(RAISED, 1):
        assert "Nobody can tell whether it went out" in text_to(odd).detail, error
        assert "not sent again by itself" in explain(text_to(odd)), error
    assert "SystemExit" in text_to(1).detail


def test_whatever_an_async_provider_raises_the_loop_lives(
    desk: Any, crowd: Crowd, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.deliveries.policy.MAX_ATTEMPTS", 1)
    message, _ = crowd(len(RAISED) + GOOD)
    desk.by_number = {a_number(odd): error for odd, error in enumerate(RAISED, 1)}
    send()
    assert statuses(message.id) == {"accepted": GOOD, "failed": len(RAISED)}
    for odd, error in enumerate(RAISED, 1):
        assert explain(text_to(odd)).startswith("No clear answer came"), error


def test_a_task_of_the_provider_that_ends_the_process_ends_nothing(
    desk: Any, crowd: Crowd, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = sys.modules["heliograph.plugins.recorder"].Recorder
    lazy = recorder.send
    tasks = []

    async def leave() -> None:
        sys.exit(1)

    async def send_and_leave(provider: Any, text: OutgoingText) -> Sent:
        tasks.append(asyncio.ensure_future(leave()))
        await asyncio.sleep(0)
        sent: Sent = await lazy(provider, text)
        return sent

    monkeypatch.setattr(recorder, "send", send_and_leave)
    message, _ = crowd(TEXTS)
    send()
    assert statuses(message.id) == {"accepted": TEXTS}
    assert [type(task.exception()) for task in tasks] == [SystemExit] * TEXTS


def test_one_that_does_not_start_is_told_and_a_sender_beside_it_goes_on(
    sending: Flask, desk: Any, crowd: Crowd, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    plodder = sys.modules["heliograph.plugins.plodder"].Plodder

    def leave(*_: Any) -> None:
        sys.exit(1)

    monkeypatch.setattr(plodder, "__init__", leave)
    current_host().enable("recorder", default=True)
    current_host().enable("plodder")
    with transaction() as session:
        session.add(doubtful("plodder"))
    message, _ = crowd(TEXTS)
    send()
    assert statuses(message.id) == {"accepted": TEXTS}
    with pytest.raises(Conflict, match="plodder does not start"):
        open_provider("plodder")
    loop = DeliveryLoop(sending)
    loop.recover()
    loop.stop()
    assert text_to(999_999).status == "unknown"
    assert "does not start" in text_to(999_999).detail


def doubtful(provider: str) -> Delivery:
    """A text whose lease ran out long ago."""
    long_ago = utcnow() - timedelta(hours=2)
    given = {"number": a_number(999_999), "provider": provider, "status": "sending", "text": "Hi"}
    return Delivery(source="test", attempted_at=long_ago, lease_until=long_ago, **given)


def test_one_that_hangs_holds_up_nobody_and_is_never_sent_again(
    sending: Flask, crowd: Crowd, send: Send
) -> None:
    current_host().enable("plodder", default=True)
    desk = sys.modules["heliograph.plugins.plodder"].desk
    desk.__init__()
    message, _ = crowd(TEXTS)
    go_on = threading.Event()
    desk.acts = {a_number(1): lambda text: go_on.wait(60) and desk.take(text)}
    try:
        send()
        assert statuses(message.id) == {"accepted": TEXTS - 1, "unknown": 1}
        assert "no answer within 1 seconds, and its call still hangs" in text_to(1).detail
        assert len(desk.texts) == TEXTS - 1
    finally:
        go_on.set()
    end = time.monotonic() + 20
    while text_to(1).status != "accepted" and time.monotonic() < end:
        time.sleep(0.05)
    assert text_to(1).status == "accepted"
    assert Counter(text.to for text in desk.texts)[a_number(1)] == 1


def test_when_all_hang_the_broadcast_pauses_and_says_why(
    plodder: Any, crowd: Crowd, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "MOST", 5)
    message, _ = crowd(30)
    never = threading.Event()
    plodder.always = lambda _text: never.wait(60)
    try:
        send()
    finally:
        never.set()
    broadcast = get_broadcast(message.id)
    assert broadcast.status == "paused"
    assert "never came back: its code hangs" in broadcast.reason
    assert statuses(message.id)["queued"] == 25
