"""Async code that blocks: it is named within a second, and holds up its own provider only."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from heliograph.channel import OutgoingText, Provider, Sent
from heliograph.checkup.sending import look_at_senders
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries import watchdog
from heliograph.deliveries.calls import Handover, Released
from heliograph.deliveries.claim import Scope
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.obstacles import Obstacle, sender_obstacle
from heliograph.deliveries.provider_calls import ProviderCalls
from heliograph.deliveries.provider_loop import ProviderLoop
from heliograph.dnc import UNSUBSCRIBED, add_dnc
from heliograph.host import current_host
from heliograph.jobs.clock import Clock
from tests.deliveries.test_neighbours import begun
from tests.fixtures import a_number, busy, state_of, statuses, text_to
from tests.test_end_to_end import wait_until

Crowd = Callable[..., Any]
SENDER = "+15005550009"


@pytest.fixture
def sleeper(sending: Flask) -> Iterator[Any]:
    """The provider that blocks is the default; its desk. It is let go in the end."""
    current_host().enable("sleeper", default=True)
    desk = sys.modules["heliograph.plugins.sleeper"].desk
    desk.__init__()
    yield desk
    desk.gate.set()


@pytest.fixture
def run(sending: Flask) -> Iterator[Callable[[int], float]]:
    """Sends what is due of a broadcast; returns how many seconds that took."""
    loop = DeliveryLoop(sending)

    def once(broadcast_id: int) -> float:
        begin = time.monotonic()
        loop.send(scope_of(broadcast_id)).result(60)
        return time.monotonic() - begin

    yield once
    loop.stop()


def scope_of(broadcast_id: int) -> Scope:
    return Scope("sleeper", SENDER, broadcast_id=broadcast_id)


def obstacle_now() -> Obstacle | None:
    db.session.rollback()
    return sender_obstacle("sleeper", SENDER)


def blocked_lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if "blocks its event loop: send" in one.getMessage()]


def test_a_blocking_call_is_named_within_a_second_and_others_go_on(
    desk: Any, sleeper: Any, crowd: Crowd, ticking: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    sleeper.blocking = {a_number(1)}
    blocked = begun(crowd(60)[0].id)
    wait_until(lambda: bool(blocked_lines(caplog)), 10 * busy())
    line = blocked_lines(caplog)[0]
    text = text_to(1)
    since = line.created - (text.attempted_at or utcnow()).timestamp()
    assert since < 1.5 * busy()  # claimed, handed over, and then a second
    assert f"provider sleeper blocks its event loop: send of delivery {text.id} " in line.message
    assert "sleeper/__init__.py:" in line.message
    assert "in send" in line.message

    current_host().enable("recorder", default=True)
    quick = begun(crowd(200, first=1000)[0].id)
    wait_until(lambda: state_of(quick) == "finished", 10 * busy())
    assert statuses(quick) == {"accepted": 200}

    sleeper.gate.set()
    wait_until(lambda: state_of(blocked) == "finished", 60 * busy())
    assert statuses(blocked) == {"accepted": 60}
    assert set(Counter(one.to for one in sleeper.texts).values()) == {1}
    assert any("loop of provider sleeper runs again" in one.message for one in caplog.records)


def test_a_call_that_blocks_times_out_and_is_never_sent_again(
    sleeper: Any, crowd: Crowd, run: Callable[[int], float]
) -> None:
    sleeper.blocking = {a_number(0)}
    message, _ = crowd(1)
    assert run(begun(message.id)) < 5 * busy()
    assert text_to(0).reason == "unknown_outcome"
    assert "no answer within 1.5 seconds, and its call still hangs" in text_to(0).detail
    sleeper.gate.set()
    wait_until(lambda: statuses(message.id) == {"accepted": 1}, 20 * busy())
    assert len(sleeper.texts) == 1


def test_texts_that_never_began_wait_and_everybody_sees_why(
    sleeper: Any, crowd: Crowd, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "HOLD_AFTER", 1.0)
    sleeper.blocking = {a_number(0)}
    message = begun(crowd(30)[0].id)
    wait_until(lambda: obstacle_now() is not None, 10 * busy())
    obstacle = obstacle_now()
    assert obstacle is not None
    assert "The code of sleeper blocks its event loop: send of delivery" in obstacle.words
    assert any("blocks its event loop" in found.text for found in look_at_senders())
    sleeper.gate.set()
    wait_until(lambda: state_of(message) == "finished", 60 * busy())
    assert statuses(message) == {"accepted": 30}
    assert len(sleeper.texts) == 30
    attempts = db.session.scalars(db.select(Delivery.attempts)).all()
    assert set(attempts) == {1}  # what never began cost no attempt


def test_a_call_that_will_not_end_is_left_and_recorded_when_it_does(
    sleeper: Any, crowd: Crowd, run: Callable[[int], float]
) -> None:
    sleeper.deaf = True
    message, _ = crowd(1)
    run(begun(message.id))
    assert "its call still hangs" in text_to(0).detail
    sleeper.gate.set()
    wait_until(lambda: statuses(message.id) == {"accepted": 1}, 20 * busy())
    assert len(sleeper.texts) == 1


def test_a_look_up_that_blocks_ends_and_others_are_looked_up(
    desk: Any, sleeper: Any, sending: Flask
) -> None:
    sleeper.blocks_find = True
    past = utcnow()
    with transaction() as session:
        for person, name in enumerate(("sleeper", "recorder")):
            given = {"provider": name, "number": a_number(person), "status": "sending"}
            session.add(
                Delivery(source="test", text="Hi", attempted_at=past, lease_until=past, **given)
            )
    loop = DeliveryLoop(sending)
    try:
        asked = loop.begin_recovery()
        assert asked["recorder"].result(10 * busy()) == 1
        assert not asked["sleeper"].done()
        assert asked["sleeper"].result(20 * busy()) == 1
        assert text_to(0).status == "sending"  # asked about again later
    finally:
        loop.stop()


def test_the_process_ends_in_time_while_a_loop_is_blocked(
    sleeper: Any, crowd: Crowd, sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = sys.modules["heliograph.plugins.sleeper"].Sleeper
    monkeypatch.setattr(provider, "timeout", 50.0)
    sleeper.blocking = {a_number(0)}
    message = begun(crowd(30)[0].id)
    loop = DeliveryLoop(sending)
    loop.send(scope_of(message))
    wait_until(lambda: bool(sleeper.sent_on), 20 * busy())
    begin = time.monotonic()
    loop.stop(6)
    assert time.monotonic() - begin < 8 * busy()
    found = statuses(message)
    assert found["queued"] >= 30 - 5
    assert not sleeper.texts


def test_it_is_closed_on_the_loop_that_its_calls_ran_on(
    sleeper: Any, crowd: Crowd, sending: Flask
) -> None:
    message, _ = crowd(3)
    begun(message.id)
    loop = DeliveryLoop(sending)
    loop.send(scope_of(message.id)).result(20)
    loop.stop()
    assert sleeper.sent_on == {"heliograph-loop-sleeper"}
    assert sleeper.closed_on == ["heliograph-loop-sleeper"]


def test_a_slow_answer_that_gives_way_is_no_block(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        loop = ProviderLoop("patient", "", lambda _name, _words: None)
        await loop.run(asyncio.sleep, (2.0,))
        loop.stop()
        loop.join(2)

    asyncio.run(run())
    assert not caplog.records


def test_a_process_that_stood_still_is_no_block(caplog: pytest.LogCaptureFixture) -> None:
    """Both loops stand still, as after SIGSTOP: nobody is to blame."""

    async def run() -> None:
        loop = ProviderLoop("patient", "", lambda _name, _words: None)
        answer = asyncio.ensure_future(loop.run(asyncio.sleep, (3.0,)))
        await asyncio.sleep(0.1)
        stopped = threading.Event()
        loop._loop.call_soon_threadsafe(lambda: stopped.wait(1.5))
        await asyncio.sleep(0.05)
        time.sleep(1.4)
        await answer
        loop.stop()
        loop.join(2)

    asyncio.run(run())
    assert not caplog.records


class Decorated(Provider):
    """Its `send` is a plain function around an async one, as decorators make them."""

    name, label = "decorated", "Decorated"
    sender = SENDER

    def __init__(self) -> None:
        super().__init__(None)
        self.begun: list[str] = []

    def send(self, text: OutgoingText) -> Any:
        return self._send(text)

    async def _send(self, text: OutgoingText) -> Sent:
        self.begun.append(text.to)
        time.sleep(0.5)
        return Sent(f"D{text.to}")


def test_a_decorated_send_that_waited_for_its_loop_does_not_begin_late(app: Flask) -> None:
    provider = Decorated()

    async def run() -> list[Any]:
        calls = ProviderCalls(app, lambda _name, _words: None)
        until = time.monotonic() + 0.3
        texts = [OutgoingText(str(n), a_number(n), "Hi", SENDER, 1, "", utcnow()) for n in (0, 1)]
        asked = (calls.call(Handover(provider, until), text) for text in texts)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        calls.stop()
        return answers

    first, second = sorted(asyncio.run(run()), key=lambda one: isinstance(one, Released))
    assert isinstance(first, Sent)
    assert isinstance(second, Released)
    assert [f"D{number}" for number in provider.begun] == [first.provider_id]


def test_who_says_stop_behind_a_block_gets_nothing(
    sleeper: Any,
    crowd: Crowd,
    ticking: Clock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules["heliograph.plugins.sleeper"].Sleeper, "timeout", 30.0)
    sleeper.blocking = {a_number(0)}
    message = begun(crowd(5)[0].id)  # all are handed over at once
    wait_until(lambda: bool(blocked_lines(caplog)), 10 * busy())
    add_dnc(a_number(3), reason=UNSUBSCRIBED)
    time.sleep(0.5)
    sleeper.gate.set()
    wait_until(lambda: state_of(message) == "finished", 60 * busy())
    assert Counter(text.to for text in sleeper.texts) == Counter(map(a_number, (0, 1, 2, 4)))
