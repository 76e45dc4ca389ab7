"""Writes the outcomes of a run's calls to the database, in bulk and behind the calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from heliograph.db import AWAY, transaction, utcnow
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.carrier import Hold
from heliograph.deliveries.counting import count_calls
from heliograph.deliveries.failures import pause_for
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.pace import hold_sender

log = logging.getLogger(__name__)

FLUSH_SIZE = 500
FLUSH_SECONDS = 0.2
RETRY_SECONDS = 30.0  # how long the last outcomes of a run are retried


@dataclass(slots=True, eq=False)
class OutcomeWriter:
    """Used on the delivery loop only. `written` is called after each batch."""

    provider: str
    sender: str
    broadcast_id: int | None
    database: Callable[[Callable[[], Any]], Any]
    written: Callable[[], None]
    pause: str = ""  # why the broadcast is to be paused
    _outcomes: list[CallOutcome] = field(default_factory=list)
    _holds: list[Hold] = field(default_factory=list)
    _full: asyncio.Event = field(default_factory=asyncio.Event)
    _flushing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, outcome: CallOutcome) -> None:
        self._outcomes.append(outcome)
        if len(self._outcomes) >= FLUSH_SIZE:
            self._full.set()

    def hold(self, hold: Hold) -> None:
        self._holds.append(hold)

    async def run(self) -> None:
        """Write until cancelled: when enough came together, or some time has passed."""
        while True:
            await waited(self._full, FLUSH_SECONDS)
            try:
                await asyncio.shield(self._flush())
            except Exception as error:  # the database is away: nothing may be lost
                fields = {"broadcast_id": self.broadcast_id, "provider": self.provider}
                log.warning(
                    "%s outcomes wait for the database: %s",
                    len(self._outcomes),
                    error,
                    extra=fields | {"sender": self.sender},
                )
                await asyncio.sleep(1)

    async def finish(self, end: Callable[[], float]) -> None:
        """Write what is left; a database that is away is waited for, until *end* at most."""
        latest = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                return await self._flush()
            except AWAY:
                if time.monotonic() > min(latest, end()):
                    raise
                await asyncio.sleep(0.5)

    async def _flush(self) -> None:
        """Write what came so far; on an error it is kept for the next time."""
        async with self._flushing:
            batch, self._outcomes = self._outcomes, []
            holds, self._holds = self._holds, []
            pause, self.pause = self.pause, ""
            if not (batch or holds or pause):
                return
            try:
                await self.database(partial(self._write, batch, holds, pause))
            except BaseException:
                self._outcomes, self._holds = batch + self._outcomes, holds + self._holds
                self.pause = pause or self.pause
                raise
        self.written()

    def _write(self, batch: list[CallOutcome], holds: list[Hold], pause: str) -> None:
        record_outcomes(self.provider, batch)
        count_calls(self.provider, batch)
        if pause and self.broadcast_id is not None:
            with transaction():
                pause_for(self.broadcast_id, pause)
        for hold in holds:
            until = utcnow() + timedelta(seconds=hold.seconds)
            hold_sender(self.provider, self.sender, until, hold.reason)


async def waited(event: asyncio.Event, seconds: float) -> None:
    """Wait for *event*, at most *seconds*, and clear it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
