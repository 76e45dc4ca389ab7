"""The courier: many texts in flight, claimed ahead, recorded behind.

It runs on an asyncio loop. The database is only touched from `database`, a
thread of its own, in short transactions; provider calls happen in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from core.channel import Failure, FailureKind, Provider, Sent
from core.deliveries.claim import ClaimedText, Claims, Scope, claim_texts
from core.deliveries.outcomes import (
    CallOutcome,
    Released,
    outcome_of,
    record_outcomes,
    unknown_outcome,
)
from core.deliveries.policy import POLICIES, Then

log = logging.getLogger(__name__)

ProviderCall = Callable[[Callable[..., Any], object], Awaitable[Any]]

FLUSH_SIZE = 200
FLUSH_SECONDS = 0.2
IDLE_SECONDS = 0.05


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


@dataclass(slots=True)
class Courier:
    """Empties one scope of the queue through one provider, once.

    `database` runs a function in an application context on a thread and gives
    its result; `call` calls a method of the provider, plain or async.
    """

    provider: Provider
    scope: Scope
    database: Callable[[Callable[[], Any]], Any]
    call: ProviderCall
    batch: int = 100
    limit: int | None = None
    progress: Callable[[Tally], None] | None = None
    tally: Tally = field(default_factory=Tally)
    stopping: bool = False
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _done: list[CallOutcome] = field(default_factory=list)
    _claimed: int = 0
    _flushed_at: float = 0.0

    def stop(self) -> None:
        """Claim nothing more and let what has not been handed over go back."""
        self.stopping = True

    async def run(self) -> Tally:
        """Send until nothing of the scope can be claimed now."""
        gate = asyncio.Semaphore(self.provider.concurrency)
        try:
            while await self._claim_ahead(gate) or self._flying:
                await self._land()
                await self._flush(force=False)
            await self._flush(force=True)
        except BaseException:
            self.stopping = True
            raise
        finally:
            await self._settle()
        return self.tally

    async def _claim_ahead(self, gate: asyncio.Semaphore) -> bool:
        """Keep the flight full; False when there is nothing to claim right now."""
        room = min(2 * self.provider.concurrency - len(self._flying), self.batch)
        if self.limit is not None:
            room = min(room, self.limit - self._claimed)
        if self.stopping or room <= 0:
            return False
        if self._flying and room < min(self.batch, self.provider.concurrency):
            return True
        claims: Claims = await self.database(lambda: claim_texts(self.scope, room))
        self.tally.skipped += claims.skipped
        if not claims.open:
            self.stopping = True
            return False
        for claimed in claims.texts:
            self._claimed += 1
            task = asyncio.create_task(self._carry(claimed, gate))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        if claims.wait is not None and claims.wait <= 1 and not self._flying:
            await asyncio.sleep(claims.wait)
            return True
        return bool(claims.texts or claims.skipped or claims.postponed)

    async def _carry(self, claimed: ClaimedText, gate: asyncio.Semaphore) -> None:
        if claimed.wait:
            await asyncio.sleep(claimed.wait)
        async with gate:
            late = time.monotonic() > claimed.deadline - self.provider.timeout
            if self.stopping or late:
                result: Sent | Failure | Released = Released()
            else:
                result = await self._call(claimed)
        self._count(result)
        self._done.append(outcome_of(claimed, result))

    async def _call(self, claimed: ClaimedText) -> Sent | Failure:
        """One call; whatever is not a clear answer is an unknown outcome."""
        try:
            async with asyncio.timeout(self.provider.timeout):
                answer = await self.call(self.provider.send, claimed.text)
            return checked(answer)
        except Failure as failure:
            return failure
        except Exception as error:
            if not isinstance(error, TimeoutError):
                log.exception(
                    "provider %s raised for delivery %s", self.provider.name, claimed.delivery_id
                )
            return unknown_outcome(claimed.text, error)

    def _count(self, result: Sent | Failure | Released) -> None:
        if isinstance(result, Sent):
            self.tally.accepted += 1
        elif isinstance(result, Released):
            self._claimed -= 1
        elif result.kind is FailureKind.UNKNOWN_OUTCOME:
            self.tally.unsure += 1
        elif POLICIES[result.kind].then is not Then.FAIL:
            self._claimed -= 1
            self.tally.waiting += 1
            if POLICIES[result.kind].then is Then.PAUSE and self.scope.broadcast_id:
                self.stopping = True  # the next ones would fail the same way
        else:
            self.tally.failed += 1

    async def _land(self) -> None:
        if self._flying:
            await asyncio.wait(
                self._flying, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )

    async def _flush(self, *, force: bool) -> None:
        """Record in bulk: when enough came together, or some time has passed."""
        now = time.monotonic()
        if not self._done:
            return
        ripe = len(self._done) >= FLUSH_SIZE or now - self._flushed_at >= FLUSH_SECONDS
        if not (force or ripe):
            return
        batch, self._done = self._done, []
        self._flushed_at = now
        await self.database(lambda: record_outcomes(self.provider.name, batch))
        if self.progress is not None:
            self.progress(self.tally)

    async def _settle(self) -> None:
        """However the run ended: what is in flight lands, and is recorded."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=self.provider.timeout)
        await self._flush(force=True)


def checked(answer: object) -> Sent:
    """The answer, when it is one; nonsense counts as an unknown outcome."""
    if not isinstance(answer, Sent):
        raise TypeError(f"send must return Sent, not {answer!r}")
    if not isinstance(answer.provider_id, str) or not answer.provider_id.strip():
        raise TypeError("send must return a Sent with a provider_id")
    return answer
