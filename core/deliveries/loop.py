"""The delivery loop of a process: one event loop, a thread or three for the database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask

from heliograph.channel import Failure, Provider
from heliograph.db import AWAY, database_now, db, dialect_name, utcnow
from heliograph.deliveries.carrier import Carrier, ProviderCall
from heliograph.deliveries.claim import LEASE, Scope
from heliograph.deliveries.courier import Courier, Tally
from heliograph.deliveries.pace import hold_sender
from heliograph.deliveries.provider_calls import ProviderCalls
from heliograph.deliveries.provider_loop import new_loop
from heliograph.deliveries.reconcile import reconcile
from heliograph.deliveries.recovery import doubtful_providers, give_up, recover
from heliograph.deliveries.threads import Threads
from heliograph.deliveries.wallclock import WallClock
from heliograph.deliveries.watchdog import HOLD_SECONDS
from heliograph.errors import HeliographError
from heliograph.garbage import collect_less_often
from heliograph.host.state import states
from heliograph.meters import current_meters
from heliograph.providers import open_provider
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

DATABASE_THREADS = 3
KEPT_SECONDS = 60.0  # an idle carrier keeps its connections that long
CLOSE_SECONDS = 10.0
CarrierKey = tuple[str, str, datetime | None]
Database = Callable[[Callable[[], Any]], Any]
Question = Callable[[Provider, Database, ProviderCall], Awaitable[int]]


class DeliveryLoop:
    """Runs couriers. Start it after a fork; stop it before the process ends.

    `told` is for whoever starts runs: what was logged of their faults, and when.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop = new_loop()
        with app.app_context():  # SQLite has one writer: a second would only wait for it
            writers = 1 if dialect_name() == "sqlite" else DATABASE_THREADS
        self._database = Threads("heliograph-database", writers)
        self._calls = ProviderCalls(app, self._hold)
        self._wall = WallClock()
        self._thread = threading.Thread(target=self._serve, name="heliograph-loop", daemon=True)
        self._carriers: dict[CarrierKey, Carrier] = {}
        self._couriers: dict[object, Courier] = {}
        self._runs: dict[object, Future[Tally]] = {}
        self._asked: dict[object, Future[int]] = {}
        self._beside: set[asyncio.Task[Any]] = set()
        self._stopping = threading.Event()
        self._ended = False
        self.told: dict[object, float] = {}
        collect_less_often()
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._ended:
            try:
                self._loop.run_forever()
            except BaseException:
                log.exception("the delivery loop goes on after an error")

    async def database(self, work: Callable[[], Any]) -> Any:
        """Run *work* in an application context on a thread for the database."""
        future = self._database.submit(partial(self._in_context, work))
        return await asyncio.wrap_future(future, loop=self._loop)

    def _in_context(self, work: Callable[[], Any]) -> Any:
        with self._app.app_context():
            return work()

    def send(
        self,
        scope: Scope,
        *,
        batch: int | None = None,
        limit: int | None = None,
        progress: Callable[[Tally], None] | None = None,
    ) -> Future[Tally]:
        """Start a run over *scope*, or join the one that is under way."""
        key = (scope.broadcast_id, scope.provider)
        if self.is_sending(scope):
            return self._runs[key]
        run = asyncio.run_coroutine_threadsafe(
            self._send(key, scope, batch, limit, progress), self._loop
        )
        self._runs[key] = run
        return run

    def is_sending(self, scope: Scope) -> bool:
        run = self._runs.get((scope.broadcast_id, scope.provider))
        return run is not None and not run.done()

    async def _send(
        self,
        key: object,
        scope: Scope,
        batch: int | None,
        limit: int | None,
        progress: Callable[[Tally], None] | None,
    ) -> Tally:
        if self._stopping.is_set():
            return Tally()
        carrier, scope = await self._carrier(scope)
        courier = Courier(carrier, scope, self.database, batch, limit, progress)
        self._couriers[key] = courier
        if self._stopping.is_set():  # while its carrier was being opened
            courier.stop(0)
        try:
            return await courier.run()
        finally:
            self._couriers.pop(key, None)
            self._loop.call_later(KEPT_SECONDS, self._let_go)

    async def _carrier(self, scope: Scope) -> tuple[Carrier, Scope]:
        """The carrier of the scope's sender, opened when its config is new or changed."""
        key: CarrierKey = ("", "", None)
        while key not in self._carriers:  # it may be let go while we ask the database
            known = frozenset(self._carriers)
            provider, scope = await self.database(partial(opened, scope, known))
            key = (scope.provider, scope.sender, scope.version)
            if provider is None:
                continue
            if key in self._carriers:  # two runs opened it at once
                await self._close(provider)
            else:
                self._carriers[key] = Carrier(provider, self._calls.call)
        carrier = self._carriers[key]
        return carrier, replace(scope, rate=carrier.provider.parts_per_second)

    def _let_go(self) -> None:
        """Close carriers that nobody uses, soon after their config changed or work ended."""
        for key, carrier in list(self._carriers.items()):
            if carrier.idle:
                del self._carriers[key]
                self._soon(self._close(carrier.provider, carrier))

    def recover(self) -> int:
        """Look up the texts whose lease ran out; returns how many. Needs a context.

        After the machine's time was set no lease can be trusted: the texts of this
        process may still be under way, so it waits until none can be.
        """
        return sum(asked.result() for asked in self.begin_recovery().values())

    def begin_recovery(self) -> dict[str, Future[int]]:
        """The same, each provider beside the others: one that hangs holds up none."""
        steady = self._wall.is_steady(LEASE, database_now())
        names = doubtful_providers() if steady else []
        db.session.rollback()
        return {name: self.recover_provider(name) for name in names}

    def recover_provider(self, provider_name: str) -> Future[int]:
        """Look up the doubtful texts of one provider."""
        return self._ask(recover, provider_name, even_disabled=True)

    def reconcile(self, provider_name: str) -> Future[int]:
        """Ask one provider about the texts it never reported on."""
        return self._ask(reconcile, provider_name)

    def _ask(
        self, question: Question, provider_name: str, *, even_disabled: bool = False
    ) -> Future[int]:
        """Put *question* to the provider, unless it is being put right now."""
        key = (question, provider_name)
        asked = self._asked.get(key)
        if asked is None or asked.done():
            opening = partial(open_provider, provider_name, even_disabled=even_disabled)
            putting = self._put(question, provider_name, opening)
            asked = asyncio.run_coroutine_threadsafe(putting, self._loop)
            self._asked[key] = asked
        return asked

    async def _put(self, question: Question, name: str, opening: Callable[[], Provider]) -> int:
        """How many texts it was about; whatever goes wrong is logged, as others go on."""
        try:
            provider = await self.database(opening)
            try:
                return await question(provider, self.database, self._calls.call)
            finally:
                await self._close(provider)
        except HeliographError as error:  # removed, broken or not configured any more
            log.warning("texts cannot be looked up: %s", error.message)
            await self.database(partial(give_up, name, error.message))
        except AWAY as error:
            log.warning("texts cannot be looked up now: %s", error)
        except Exception:
            log.exception("texts could not be looked up")
        return 0

    def stop(self, seconds: float = 6) -> None:
        """Claim nothing more, let what is in flight land, end: all within *seconds*.

        What still hangs then stays *sending*, and is looked up when its lease is over.
        """
        self._stopping.set()
        try:
            ending = asyncio.run_coroutine_threadsafe(self._wind_up(seconds), self._loop)
            ending.result(seconds)
        except Exception as error:
            log.warning("sending did not end in time: %r", error)
        self._ended = True
        storing = threading.Thread(target=self._store_meters, daemon=True)
        storing.start()  # a database that is away may take longer than we have
        storing.join(timeout=1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=1)
        self._calls.stop()
        self._database.stop()
        if not self._thread.is_alive():
            self._loop.close()

    def _store_meters(self) -> None:
        try:
            self._in_context(lambda: current_meters().store())
        except Exception as error:
            log.warning("the last metrics were not stored: %s", error)

    async def _wind_up(self, seconds: float) -> None:
        """All runs share the time; near its end connections are cut, so that calls end."""
        now = time.monotonic()
        for courier in self._couriers.values():
            courier.stop(now + seconds * 0.8)
        runs = [asyncio.wrap_future(run) for run in self._runs.values() if not run.done()]
        if runs:
            await asyncio.wait(runs, timeout=seconds * 0.6)
        carriers, self._carriers = self._carriers, {}
        for carrier in carriers.values():
            self._soon(self._close(carrier.provider, carrier))
        if runs or self._beside:
            await asyncio.wait([*runs, *self._beside], timeout=seconds * 0.3)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # somebody may wait for their result
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=seconds * 0.05)

    async def _close(self, provider: Provider, carrier: Carrier | None = None) -> None:
        if carrier is not None:
            carrier.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._calls.close(provider)
        except (Failure, TimeoutError) as error:  # its loop is blocked
            log.warning("provider %s is not closed: %s", provider.name, error)
        except Exception:
            log.exception("provider %s failed to close", provider.name)

    def _hold(self, provider: str, words: Sentence) -> None:
        """Hold the senders of a provider that blocks its loop, so that everybody sees why."""
        until = utcnow() + timedelta(seconds=HOLD_SECONDS)
        for name, sender, _ in self._carriers:
            if name == provider:
                self._soon(self._held(partial(hold_sender, provider, sender, until, words)))

    async def _held(self, holding: Callable[[], None]) -> None:
        with contextlib.suppress(*AWAY):
            await self.database(holding)

    def _soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do *work* beside the rest."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def opened(scope: Scope, known: frozenset[CarrierKey]) -> tuple[Provider | None, Scope]:
    """The scope with its sender and config version; the provider unless it is known."""
    version = states()[scope.provider].updated_at if scope.provider in states() else None
    scope = replace(scope, version=version)
    if scope.sender and (scope.provider, scope.sender, version) in known:
        db.session.rollback()
        return None, scope
    provider = open_provider(scope.provider)
    db.session.rollback()
    return provider, replace(scope, sender=scope.sender or provider.sender)
