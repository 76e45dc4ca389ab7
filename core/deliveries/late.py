"""Answers after their time: a thread cannot be ended, so what hangs in it may go out yet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from heliograph.channel import Failure, FailureKind
from heliograph.deliveries.answers import checked
from heliograph.deliveries.calls import CallOutcome, ClaimedText
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

HANGING = "hanging"  # error code of a text whose call may still hand it over
STILL_HANGS = Sentence(
    "No clear answer for %(number)s: no answer within %(seconds)s seconds, "
    "and its call still hangs, so that it may go out yet."
)


class StillUnderWay(TimeoutError):
    """The time of a call is over, its thread is not."""

    def __init__(self, future: Future[Any]) -> None:
        super().__init__("the call still hangs")
        self.future = future


def hanging(number: str, seconds: float) -> Failure:
    """What is known of such a call: even if the provider has no such text, it may get it yet."""
    words = STILL_HANGS.filled(number=number, seconds=f"{seconds:g}")
    return Failure(FailureKind.UNKNOWN_OUTCOME, words, code=HANGING)


def record_when_done(
    call: StillUnderWay,
    provider: str,
    claimed: ClaimedText,
    database: Callable[[Callable[[], Any]], Any],
) -> None:
    """When the thread comes back after all and the text was taken, write that down."""
    loop = asyncio.get_running_loop()
    tasks = set()

    async def record() -> None:
        try:
            answer = checked(call.future.result())
        except Exception as error:
            log.warning("delivery %s ended late: %r", claimed.delivery_id, error)
            return
        outcome = CallOutcome(claimed.delivery_id, claimed.claim, answer)
        await database(partial(record_outcomes, provider, [outcome]))

    def begin() -> None:
        task = asyncio.ensure_future(record())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def done(_future: Future[Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(begin)

    call.future.add_done_callback(done)
