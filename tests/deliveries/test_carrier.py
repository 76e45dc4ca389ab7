"""The carrier of a sender: whoever leaves it, what is ready goes on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

import pytest

from heliograph.channel import Failure, FailureKind, Provider, Sent
from heliograph.db import utcnow
from heliograph.deliveries.calls import ClaimedText, OutgoingText
from heliograph.deliveries.carrier import Carrier, Task

TEXTS = 40


class Slow(Provider):
    """Answers many calls in one moment: first all are throttled, then all are sent."""

    name = "slow"
    concurrency = 4

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.calls = 0

    async def send(self, text: OutgoingText) -> Sent:
        self.calls += 1
        number = self.calls
        if number <= self.concurrency:
            await self.gate.wait()
            raise Failure(FailureKind.THROTTLED, "slow down", retry_after=0.05)
        return Sent(f"S{number}")


class Errand:
    """What a carrier needs of a courier."""

    urgent = False

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.ready = deque(claimed(number) for number in range(TEXTS))
        self.done = 0

    def take(self) -> ClaimedText:
        return self.ready.popleft()

    async def recheck(self) -> None:
        raise AssertionError("nothing waits that long")

    async def carry(self, text: ClaimedText, task: Task) -> None:
        try:
            result: Any = await self.carrier.timed(task, self.carrier.provider.send, text.text, 5)
        except Failure as failure:
            result = failure
        self.carrier.note(result)
        self.done += 1


def claimed(number: int) -> ClaimedText:
    text = OutgoingText(str(number), "+33612345678", "Hi", "", 1, "", utcnow())
    return ClaimedText(number, text, "claim", 0, 1e12, time.monotonic())


async def call(method: Any, argument: object) -> Any:
    return await method(argument)


def test_calls_that_end_together_after_a_throttling_leave_nobody_waiting() -> None:
    async def run() -> int:
        provider = Slow()
        carrier = Carrier(provider, call)
        errand = Errand(carrier)
        carrier.join(errand)
        carrier.pump()
        await asyncio.sleep(0.01)
        provider.gate.set()
        async with asyncio.timeout(5):
            while errand.done < TEXTS:
                await asyncio.sleep(0.01)
        carrier.leave(errand)
        return errand.done

    assert asyncio.run(run()) == TEXTS


def test_texts_that_are_due_in_a_moment_are_waited_for() -> None:
    """uvloop has another kind of timer for what is due at once."""
    uvloop = pytest.importorskip("uvloop")

    async def run() -> int:
        carrier = Carrier(Slow(), call)
        errand = Errand(carrier)
        carrier.provider.gate.set()
        for text in errand.ready:
            text.due = time.monotonic() + 0.0004
        carrier.join(errand)
        carrier.pump()
        carrier.pump()
        async with asyncio.timeout(5):
            while errand.done < TEXTS:
                await asyncio.sleep(0.01)
        carrier.leave(errand)
        return errand.done

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()) == TEXTS


class Delayed(Errand):
    """Its texts waited, and the first answers about them come too late to be of use."""

    def __init__(self, carrier: Carrier, late: int) -> None:
        super().__init__(carrier)
        self.asked, self.late = 0, late
        for text in self.ready:
            text.checked_at -= 60

    async def recheck(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        for text in self.ready:
            text.checked_at = time.monotonic() - (60 if self.asked <= self.late else 0)


def test_an_answer_that_comes_too_late_is_asked_for_again() -> None:
    async def run() -> tuple[int, int]:
        provider = Slow()
        provider.gate.set()
        errand = Delayed(Carrier(provider, call), late=3)
        errand.carrier.join(errand)
        errand.carrier.pump()
        async with asyncio.timeout(5):
            while errand.done < TEXTS:
                await asyncio.sleep(0.01)
        errand.carrier.leave(errand)
        return errand.done, errand.asked

    assert asyncio.run(run()) == (TEXTS, 4)
