"""A carrier: one sender of one provider in this process, and who may call it now.

All runs of that sender share its calls: texts that somebody waits for go first,
then broadcasts take turns. Throttling narrows the carrier for a while, and a
provider that keeps giving no clear answer is left alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from heliograph.channel import Failure, FailureKind, OutgoingText, Provider, Sent
from heliograph.deliveries.calls import ClaimedText, Result
from heliograph.deliveries.policy import POLICIES, Then
from heliograph.deliveries.turns import Turns
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

ProviderCall = Callable[..., Awaitable[Any]]  # a provider's method and its arguments
Task = asyncio.Task[Any]

DOUBTFUL = (FailureKind.UNKNOWN_OUTCOME, FailureKind.TRANSIENT)
DOUBTS = 20  # in a row, then the sender is held
NO_ANSWERS = Sentence("%(count)s texts in a row got no clear answer; the last: %(why)s")
REST_SECONDS = 30.0
SWEEP_SECONDS = 0.25
# nothing is handed over that was not known to be allowed within so many seconds
FRESH_SECONDS = 0.5
RECHECK_SECONDS = 0.25
NARROW_SECONDS = 1.0  # answers to calls made before a narrowing do not narrow again


class Run(Protocol):
    """What a carrier needs to know of a courier."""

    ready: deque[ClaimedText]

    @property
    def urgent(self) -> bool: ...

    def take(self) -> ClaimedText: ...

    async def recheck(self) -> None: ...

    async def carry(self, claimed: ClaimedText, task: Task) -> None: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """The sender is to be held for so many seconds, by every process."""

    seconds: float
    reason: str


class Carrier:
    """Used on the delivery loop only. `window` calls may be under way."""

    def __init__(self, provider: Provider, call: ProviderCall) -> None:
        self.provider, self.call = provider, call
        self.window = float(provider.concurrency)
        self.turns = Turns()
        self._urgent: deque[Run] = deque()
        self._bulk: deque[Run] = deque()
        self._working: set[asyncio.Task[None]] = set()
        self._held_until = self._narrowed_at = self._timer_at = 0.0
        self._doubts = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ends: dict[Task, float] = {}
        self._overdue: set[Task] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._rechecking: Task | None = None

    @property
    def idle(self) -> bool:
        return not (self._urgent or self._bulk or self._working)

    def join(self, run: Run) -> None:
        (self._urgent if run.urgent else self._bulk).append(run)
        self.turns.join(run)

    def leave(self, run: Run) -> None:
        (self._urgent if run.urgent else self._bulk).remove(run)
        self.turns.leave(run)

    def pump(self) -> None:
        """Begin calls while the window has room and a text is due."""
        while len(self._working) < int(self.window):
            found = self._next()
            if found is None:
                return
            task = asyncio.ensure_future(self._work(*found))
            self._working.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Several may have left a narrowed window at once, each counting on the others."""
        self._working.discard(task)
        self.pump()

    async def timed(
        self, task: Task, method: Callable[..., Any], text: OutgoingText, seconds: float
    ) -> Any:
        """Call *method* in *task*, the one that runs; raises TimeoutError after *seconds*.

        Or up to a sweep later: one sweep over all calls costs a tenth of a timer for each.
        """
        self._ends[task] = time.monotonic() + seconds
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)
        try:
            return await self.call(method, text)
        except asyncio.CancelledError:
            if task not in self._overdue:
                raise
            raise TimeoutError(f"no answer within {seconds:g} seconds") from None
        finally:
            del self._ends[task]
            if task in self._overdue:  # also when the provider made something else of it
                self._overdue.discard(task)
                task.uncancel()

    def _sweep(self) -> None:
        self._sweeper = None
        now = time.monotonic()
        for task, end in self._ends.items():
            if now > end and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        if self._ends:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    async def _work(self, run: Run, claimed: ClaimedText) -> None:
        """One call after the other, as long as there is something due."""
        task = asyncio.current_task()  # once: to ask takes a twentieth of a text's time
        if task is None:
            raise RuntimeError("a carrier works in a task")
        while True:
            await run.carry(claimed, task)
            if len(self._working) > self.window:
                return
            found = self._next()
            if found is None:
                return
            run, claimed = found

    def _next(self) -> tuple[Run, ClaimedText] | None:
        now, soonest = time.monotonic(), 0.0
        if now < self._held_until:
            soonest = self._held_until
        else:
            for runs in (self._urgent, self._bulk):
                for _ in range(len(runs)):
                    run = runs[0]
                    runs.rotate(-1)
                    if not run.ready:
                        continue
                    first = run.ready[0]
                    if first.due > now:
                        soonest = min(soonest or first.due, first.due)
                        continue
                    age = now - first.checked_at
                    if age > RECHECK_SECONDS:  # ahead of need, so that nobody waits for it
                        self._recheck()
                    if age < FRESH_SECONDS:
                        return run, run.take()
        if soonest:
            self._pump_in(soonest - now)
        return None

    def _recheck(self) -> None:
        """Begin to ask whether what is ready may still go, unless that is being asked."""
        if self._rechecking is None:
            self._rechecking = asyncio.ensure_future(self._recheck_all())

    async def _recheck_all(self) -> None:
        """Recheck all runs together: the first one to know would take all free calls."""
        old = time.monotonic() - RECHECK_SECONDS / 2
        runs = [run for run in (*self._urgent, *self._bulk) if run.ready]
        try:
            await asyncio.gather(*(run.recheck() for run in runs if run.ready[0].checked_at < old))
        finally:
            self._rechecking = None
        self.pump()  # an answer that took long may be too old: then it asks again

    def _pump_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        # uvloop gives a handle without `when` for what is due at once
        self._timer, self._timer_at = loop.call_later(seconds, self._timed), at

    def _timed(self) -> None:
        self._timer = None
        self.pump()

    def note(self, result: Result) -> Hold | None:
        """Learn from an answer; a Hold is for every process to keep."""
        if isinstance(result, Sent):
            self._doubts = 0
            if self.window < self.provider.concurrency:
                self.window = min(self.window + 1 / self.window, self.provider.concurrency)
                self.pump()
            return None
        if not isinstance(result, Failure):
            return None
        self._doubts = self._doubts + 1 if result.kind in DOUBTFUL else 0
        policy = POLICIES[result.kind]
        if policy.then is Then.HOLD:
            self._narrow(result.retry_after or policy.wait, self.window / 2)
        if self._doubts < DOUBTS:
            return None
        self._doubts = 0
        self._narrow(REST_SECONDS, 1)
        return Hold(REST_SECONDS, NO_ANSWERS.filled(count=DOUBTS, why=result.text))

    def _narrow(self, seconds: float, window: float) -> None:
        now = time.monotonic()
        self._held_until = max(self._held_until, now + seconds)
        if now - self._narrowed_at >= NARROW_SECONDS:
            self._narrowed_at = now
            self.window = max(1.0, window)
            name, sender = self.provider.name, self.provider.sender
            log.info(
                "sender %s of %s is slowed down: at most %s calls at once",
                sender,
                name,
                int(self.window),
                extra={"provider": name, "sender": sender, "window": int(self.window)},
            )

    def close(self) -> None:
        """End its timers; its provider is closed by whoever opened it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
