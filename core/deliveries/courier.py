"""The courier: claims texts ahead of their calls, and hands them to its carrier.

It runs on an asyncio loop. The database is only touched from `database`, a
thread of its own, in short transactions; provider calls happen in between.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from heliograph.channel import Failure, FailureKind, Sent
from heliograph.deliveries.answers import checked, sane, unknown_outcome
from heliograph.deliveries.calls import (
    CallOutcome,
    ClaimedText,
    Handover,
    Released,
    Result,
    Skipped,
)
from heliograph.deliveries.carrier import SWEEP_SECONDS, Carrier, Task
from heliograph.deliveries.claim import LEASE, Claims, Scope, claim_texts, is_open
from heliograph.deliveries.late import StillUnderWay, hanging, record_when_done
from heliograph.deliveries.outcome_writer import OutcomeWriter, waited
from heliograph.deliveries.policy import POLICIES, Then
from heliograph.deliveries.recheck import MOST, Rechecked, recheck
from heliograph.deliveries.streak import Streak
from heliograph.logs import text_fields

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
AHEAD_SECONDS = 0.25
USUAL_LATENCY = 0.2  # seconds of a call, until the pace is known
MOST_AHEAD = 1000
EMPTY_SECONDS = 0.25  # nothing was found to claim: so long until the next look
STALE_SECONDS = 0.75  # the oldest check a call may begin with: FRESH_SECONDS and a busy loop
WATCH_SECONDS = 1.0  # a pause is noticed that soon, also while nothing is claimed


@dataclass(slots=True)
class Tally:
    """What a run did; `handed_over` counts texts that reached the provider."""

    accepted: int = 0
    failed: int = 0
    unsure: int = 0
    waiting: int = 0
    skipped: int = 0

    @property
    def handed_over(self) -> int:
        return self.accepted + self.failed + self.unsure


@dataclass(slots=True, eq=False)
class Courier:
    """Empties one scope of the queue through a carrier, once.

    `batch` is how many texts are claimed at a time, as many as the pace needs when
    it is None.

    `database` runs a function in an application context on a thread and gives
    its result.
    """

    carrier: Carrier
    scope: Scope
    database: Callable[[Callable[[], Any]], Any]
    batch: int | None = None
    limit: int | None = None
    progress: Callable[[Tally], None] | None = None
    tally: Tally = field(default_factory=Tally)
    stopping: bool = False
    ready: deque[ClaimedText] = field(default_factory=deque)
    _flying: int = 0
    _claimed: int = 0
    _taken: int = 0
    _pace: float = 0.0
    _counted_at: float = 0.0
    _writer: OutcomeWriter = field(init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _fault: Exception | None = None
    _end: float = math.inf
    _looked_at: float = 0.0
    _again_at: float = 0.0
    _hopes: bool = False  # what is waited for is the pace or a turn, not new texts
    _streak: Streak = field(default_factory=Streak)

    def __post_init__(self) -> None:
        name, sender = self.carrier.provider.name, self.scope.sender
        self._writer = OutcomeWriter(
            name, sender, self.scope.broadcast_id, self.database, self._tell
        )

    @property
    def urgent(self) -> bool:
        return self.scope.urgent

    @property
    def timeout(self) -> float:
        """Seconds for one call: half a lease at most, so that nobody looks it up meanwhile."""
        return min(self.carrier.provider.timeout, LEASE / 2)

    def stop(self, end: float = math.inf) -> None:
        """Claim nothing more and let what has not been handed over go back.

        What is in flight is waited for until *end* (monotonic) at most.
        """
        self.stopping, self._end = True, min(end, self._end)
        self._wake.set()

    async def run(self) -> Tally:
        """Send until nothing of the scope can be claimed now."""
        self.carrier.join(self)
        self._pace = self.carrier.window / USUAL_LATENCY
        self._counted_at = time.monotonic()
        writing = asyncio.ensure_future(self._writer.run())
        try:
            while await self._claim_ahead() or self.ready or self._waits:
                await waited(self._wake, POLL_SECONDS)
        finally:
            self.stopping = True
            self._release()
            try:
                await self._landed()
                writing.cancel()
                await asyncio.wait([writing])
                await self._writer.finish(lambda: self._end)
            finally:
                self.carrier.leave(self)
        return self.tally

    @property
    def _waits(self) -> bool:
        """Whether more may come of what is in flight: texts to try again, a limit not reached."""
        return self._flying > 0 and not self.stopping

    def _enough(self) -> int:
        """So many ready texts last until the next claim is done.

        Not more: what this process holds ready, no other can send.
        """
        window = int(self.carrier.window)
        return min(max(window // 2, 10, int(self._pace * AHEAD_SECONDS)), MOST_AHEAD)

    @property
    def _takes_turns(self) -> bool:
        return self.scope.rate > 0 and not self.urgent

    def _room(self) -> int:
        """How many texts to claim now: none while enough are ready."""
        room = self._enough() if self.batch is None else self.batch
        if len(self.ready) >= room:
            return 0
        return room if self.limit is None else min(room, self.limit - self._claimed)

    async def _claim_ahead(self) -> bool:
        """Keep the carrier busy; False when there is nothing to claim right now."""
        now = time.monotonic()
        if self.stopping:
            self._release()
            return False
        if self._fault is not None:
            raise self._fault
        room = self._room()
        if room <= 0:
            await self._watch(now)
            return bool(self.ready)
        if now < self._again_at:
            return self._hopes
        self._hopes = True
        if self._takes_turns:
            room = min(room, self.carrier.turns.room(self, self.scope.rate))
        if room == 0:
            return True
        self._learn_pace(now)
        self._looked_at = now
        claims: Claims = await self.database(partial(claim_texts, self.scope, room))
        return self._take_in(claims, now)

    async def _watch(self, now: float) -> None:
        """Notice a pause also while nothing is claimed."""
        if now - self._looked_at >= WATCH_SECONDS:
            self._looked_at = now
            if not await self.database(partial(is_open, self.scope)):
                self.stop()

    def _take_in(self, claims: Claims, now: float) -> bool:
        """Make ready what was claimed; False when nothing more can be claimed right now."""
        self.tally.skipped += claims.skipped
        if not claims.open:
            self.stop()
            return False
        if self._takes_turns and claims.wait is None:
            self.carrier.turns.took(self, sum(one.text.parts for one in claims.texts))
        self._claimed += len(claims.texts)
        self.ready.extend(claims.texts)
        self.carrier.pump()
        if claims.wait is not None and claims.wait <= 1:
            self._again_at = now + claims.wait
            return True
        if not (claims.texts or claims.skipped or claims.postponed):
            self._again_at, self._hopes = now + EMPTY_SECONDS, False
            return False
        return True

    def _learn_pace(self, now: float) -> None:
        """Texts per second that the carrier took lately."""
        seconds = now - self._counted_at
        if seconds >= 0.05:
            self._pace = (self._pace + self._taken / seconds) / 2
            self._taken, self._counted_at = 0, now

    def take(self) -> ClaimedText:
        """The carrier takes the next text, and will `carry` it."""
        self._flying += 1
        self._taken += 1
        claimed = self.ready.popleft()
        if len(self.ready) < self._enough():
            self._wake.set()
        return claimed

    async def recheck(self) -> None:
        """Ask whether what is ready may still go.

        Without an answer nothing may: the run ends as when nothing can be claimed.
        """
        texts = list(islice(self.ready, MOST))
        try:
            found: Rechecked = await self.database(partial(recheck, self.scope, texts))
        except Exception as error:
            self._fault = error
            self._release()
            self._wake.set()
            return
        if not found.open:
            self.stop()
            self._release()
            return
        self._put_aside(found.stopped)
        for text in texts:
            text.checked_at = found.asked_at

    def _put_aside(self, stopped: Mapping[tuple[int, str], Skipped | Released]) -> None:
        """Remove from the ready texts those that may not go; what was handed over has gone."""
        if not stopped:
            return
        ready = list(self.ready)
        self.ready.clear()
        for claimed in ready:
            result = stopped.get((claimed.delivery_id, claimed.claim))
            if result is None:
                self.ready.append(claimed)
                continue
            self._writer.add(CallOutcome(claimed.delivery_id, claimed.claim, result))
            self._claimed -= 1
            self.tally.skipped += isinstance(result, Skipped)
        self._wake.set()

    async def carry(self, claimed: ClaimedText, task: Task) -> None:
        """Hand one text over, unless it is too late for that; raises nothing."""
        begun = time.monotonic()
        try:
            result = await self._call(claimed, task) if self._in_time(claimed) else Released()
        finally:
            self._flying -= 1
        self._land(claimed, result, time.monotonic() - begun)
        hold = self.carrier.note(result)
        if hold is not None:
            self._writer.hold(hold)

    def _in_time(self, claimed: ClaimedText) -> bool:
        """Whether it may still go, and a whole call fits into the lease.

        Two clocks measure the lease, as one may have stood still.
        """
        now, timeout = time.monotonic(), self.timeout
        if self.stopping or now - claimed.checked_at > STALE_SECONDS:
            return False
        return (
            now < claimed.deadline - timeout
            and time.time() - claimed.text.attempted_at.timestamp() < LEASE - timeout
        )

    async def _call(self, claimed: ClaimedText, task: Task) -> Result:
        """One call; whatever is not a clear answer is an unknown outcome."""
        provider = self.carrier.provider
        send = Handover(provider, claimed.checked_at + STALE_SECONDS)
        try:
            answer = await self.carrier.timed(task, send, claimed.text, self.timeout)
            return checked(answer)
        except Released as released:  # it never began
            return released
        except Failure as failure:
            return sane(failure)
        except StillUnderWay as call:
            record_when_done(call, provider.name, claimed, self.database)
            return hanging(claimed.text.to, self.timeout)
        except TimeoutError as error:
            return unknown_outcome(claimed.text.to, error)
        except Exception as error:
            log.exception(
                "provider %s raised for delivery %s",
                provider.name,
                claimed.delivery_id,
                extra=self._fields(claimed),
            )
            return unknown_outcome(claimed.text.to, error)

    def _fields(self, claimed: ClaimedText) -> dict[str, object]:
        return text_fields(
            claimed.delivery_id,
            broadcast_id=self.scope.broadcast_id,
            provider=self.carrier.provider.name,
            sender=claimed.text.sender,
            attempt=claimed.attempt,
        )

    def _land(self, claimed: ClaimedText, result: Result, seconds: float) -> None:
        self._writer.add(CallOutcome(claimed.delivery_id, claimed.claim, result, seconds))
        reason = self._streak.note(result)
        if reason and self.scope.broadcast_id is not None:
            self._writer.pause = reason
            self.stop()
        if not (self._flying or self.ready):
            self._wake.set()
        if isinstance(result, Sent):
            self.tally.accepted += 1
        elif isinstance(result, Released | Skipped):
            self._claimed -= 1
        elif result.kind is FailureKind.UNKNOWN_OUTCOME:
            self.tally.unsure += 1
        elif POLICIES[result.kind].then is Then.FAIL:
            self.tally.failed += 1
        else:
            self._claimed -= 1
            self.tally.waiting += 1
            if POLICIES[result.kind].then is Then.PAUSE and self.scope.broadcast_id:
                self.stop()  # the next ones would fail the same way

    def _release(self) -> None:
        """Give back what is claimed and not handed over."""
        while self.ready:
            claimed = self.ready.popleft()
            self._claimed -= 1
            self._writer.add(CallOutcome(claimed.delivery_id, claimed.claim, Released()))

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.tally)

    async def _landed(self) -> None:
        """However the run ended: what is in flight lands, and is recorded meanwhile."""
        end = time.monotonic() + self.timeout + 2 * SWEEP_SECONDS
        while self._flying and time.monotonic() < min(end, self._end):
            await asyncio.sleep(0.02)
