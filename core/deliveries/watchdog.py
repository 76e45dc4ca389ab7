"""Watching whether a provider's event loop still runs, and what is done when it does not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from heliograph.channel import Failure, FailureKind
from heliograph.deliveries.calls import Released
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
MISSED = 4  # ticks in a row without a sign of life: the loop is blocked
HOLD_AFTER = 5.0  # seconds blocked, then texts that wait go back to the queue
HOLD_SECONDS = 15.0
TELL_AGAIN = 60.0  # seconds until another block of the same loop is logged
BLOCKED = Sentence(
    "The code of %(provider)s blocks its event loop: %(call)s has not come back for "
    "%(seconds)s seconds. If this does not end, restart Heliograph."
)


class Watched(Protocol):
    """A provider's loop, as its watchdog sees it."""

    name: str

    @property
    def is_busy(self) -> bool:
        """Whether calls are under way, or wait for their turn."""

    def ping(self, answer: Callable[[], None]) -> None:
        """Have the loop call *answer* as soon as it runs."""

    def current_call(self) -> str:
        """The call that the loop runs right now, in words; "" when it is none of ours."""

    def current_place(self) -> str:
        """File and line of the provider's code where the loop is right now."""

    def withdraw_all(self, error: Callable[[], Exception], *, only_sends: bool) -> None:
        """Take calls back that have not begun; each ends with an *error* of its own."""


class Watchdog:
    """Used on the delivery loop. *held* is told in words while a block lasts."""

    def __init__(self, loop: Watched, held: Callable[[str, Sentence], None]) -> None:
        self._loop, self._held = loop, held
        self._ticker: asyncio.TimerHandle | None = None
        self._pinged = False
        self._missed = 0
        self._alive_at = self._told_at = self._held_at = 0.0
        self._blocked_since: float | None = None

    @property
    def sees_a_block(self) -> bool:
        return self._blocked_since is not None

    def wake(self) -> None:
        """Watch from now on, until the loop has nothing to do."""
        if self._ticker is None:
            self._alive_at = time.monotonic()
            self._tick_later()

    def refusal(self) -> Failure:
        """The text was never handed over: it waits, and that costs it no attempt."""
        return Failure(FailureKind.THROTTLED, self._words(), retry_after=HOLD_SECONDS)

    def _tick_later(self) -> None:
        home = asyncio.get_running_loop()
        self._ticker = home.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Look for a sign of life. Ticks are counted, as a whole process may stand still."""
        if not self._pinged:
            self._alive_at, self._missed = time.monotonic(), 0
            if self._blocked_since is not None:
                self._unblocked(self._blocked_since)
        else:
            self._missed += 1
            if self._missed >= MISSED:
                self._blocked()
        if not (self._loop.is_busy or self._pinged):
            self._ticker = None
            return
        if not self._pinged:
            self._pinged = True
            self._loop.ping(self._answered)
        self._tick_later()

    def _answered(self) -> None:
        """On the provider's loop: it runs."""
        self._pinged = False

    def _blocked(self) -> None:
        """Texts are taken back at once: what was asked before their call, do-not-contact
        for one, is asked again before the next. Look-ups wait a while.
        """
        now = time.monotonic()
        if self._blocked_since is None:
            self._blocked_since = self._alive_at
            if now - self._told_at > TELL_AGAIN or not self._told_at:
                self._told_at = now
                self._tell(now - self._alive_at)
        if now - self._blocked_since < HOLD_AFTER:
            self._loop.withdraw_all(Released, only_sends=True)
            return
        self._loop.withdraw_all(self.refusal, only_sends=False)
        if now - self._held_at > HOLD_SECONDS / 2:
            self._held_at = now
            self._held(self._loop.name, self._words())

    def _unblocked(self, since: float) -> None:
        self._blocked_since = None
        seconds = time.monotonic() - since
        if self._told_at >= since:
            fields = {"provider": self._loop.name, "seconds": round(seconds, 1)}
            words = "the event loop of provider %s runs again: it was blocked for %.1f seconds"
            log.warning(words, self._loop.name, seconds, extra=fields)

    def _tell(self, seconds: float) -> None:
        name, call, place = self._loop.name, self._loop.current_call(), self._loop.current_place()
        log.warning(
            "provider %s blocks its event loop: %s has not come back for %.1f seconds, at %s. "
            "Its other texts wait; a plain `send` in threads, or an async library, would not block",
            name,
            call or "code of its own",
            seconds,
            place,
            extra={"provider": name, "call": call, "place": place},
        )

    def _words(self) -> Sentence:
        return BLOCKED.filled(
            provider=self._loop.name,
            call=self._loop.current_call() or "its code",
            seconds=f"{time.monotonic() - (self._blocked_since or self._alive_at):.0f}",
        )
