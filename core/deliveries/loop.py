"""The delivery loop of a process: one event loop, a thread or three for the database."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from flask import Flask

from core.channel import Provider
from core.db import db, dialect_name
from core.deliveries.carrier import Carrier
from core.deliveries.claim import LEASE, Scope
from core.deliveries.courier import Courier, Tally
from core.deliveries.reconcile import reconcile
from core.deliveries.recovery import doubtful_providers, recover
from core.deliveries.threads import Threads
from core.deliveries.wallclock import WallClock
from core.host.state import states
from core.meters import current_meters
from core.providers import open_provider

try:
    import uvloop
except ImportError:  # not made for every system; asyncio's own does the same, slower
    uvloop = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

DATABASE_THREADS = 3
KEPT_SECONDS = 60.0  # an idle carrier keeps its connections that long
CarrierKey = tuple[str, str, datetime | None]


class DeliveryLoop:
    """Runs couriers. Start it after a fork; stop it before the process ends.

    `told` is for whoever starts runs: what was logged of their faults, and when.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop: asyncio.AbstractEventLoop = (uvloop or asyncio).new_event_loop()
        with app.app_context():  # SQLite has one writer: a second would only wait for it
            threads = 1 if dialect_name() == "sqlite" else DATABASE_THREADS
        self._database = ThreadPoolExecutor(threads, "heliograph-database")
        self._threads = Threads("heliograph-provider")
        self._wall = WallClock()
        self._thread = threading.Thread(target=self._serve, name="heliograph-loop", daemon=True)
        self._carriers: dict[CarrierKey, Carrier] = {}
        self._couriers: dict[object, Courier] = {}
        self._runs: dict[object, Future[Tally]] = {}
        self._stopping = False
        self.told: dict[object, float] = {}
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def database(self, work: Callable[[], Any]) -> Any:
        """Run *work* in an application context on a thread for the database."""
        return await self._loop.run_in_executor(self._database, self._in_context, work)

    async def call(self, method: Callable[..., Any], argument: object) -> Any:
        """Call a provider's method: async ones here, plain ones on a thread."""
        if inspect.iscoroutinefunction(method):
            return await method(argument)
        work = partial(self._in_context, partial(method, argument))
        return await asyncio.wrap_future(self._threads.submit(work), loop=self._loop)

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
        if self._stopping:
            return Tally()
        carrier, scope = await self._carrier(scope)
        courier = Courier(carrier, scope, self.database, batch, limit, progress)
        self._couriers[key] = courier
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
                await closed(provider)
            else:
                self._carriers[key] = Carrier(provider, self.call)
        carrier = self._carriers[key]
        return carrier, replace(scope, rate=carrier.provider.parts_per_second)

    def _let_go(self) -> None:
        """Close carriers that nobody uses, soon after their config changed or work ended."""
        for key, carrier in list(self._carriers.items()):
            if carrier.idle:
                del self._carriers[key]
                task = asyncio.ensure_future(closed(carrier))
                task.add_done_callback(lambda _task: None)

    def recover(self) -> int:
        """Look up the texts whose lease ran out; returns how many. Needs a context.

        After the machine's time was set no lease can be trusted: the texts of this
        process may still be under way, so it waits until none can be.
        """
        if not self._wall.is_steady(LEASE):
            return 0
        names = doubtful_providers()
        db.session.rollback()
        return sum(self.recover_provider(name).result() for name in names)

    def recover_provider(self, provider_name: str) -> Future[int]:
        """Look up the doubtful texts of one provider."""
        return asyncio.run_coroutine_threadsafe(self._recover(provider_name), self._loop)

    async def _recover(self, name: str) -> int:
        provider = await self.database(partial(open_provider, name, even_disabled=True))
        try:
            return await recover(provider, self.database, self.call)
        finally:
            await closed(provider)

    def reconcile(self, provider_name: str) -> Future[int]:
        """Ask one provider about the texts it never reported on."""
        return asyncio.run_coroutine_threadsafe(self._reconcile(provider_name), self._loop)

    async def _reconcile(self, name: str) -> int:
        provider = await self.database(partial(open_provider, name))
        try:
            return await reconcile(provider, self.database, self.call)
        finally:
            await closed(provider)

    def stop(self, seconds: float = 8) -> None:
        """Claim nothing more, let what is in flight land for *seconds*, end."""
        self._stopping = True
        for courier in list(self._couriers.values()):
            self._loop.call_soon_threadsafe(courier.stop)
        for run in [run for run in self._runs.values() if not run.done()]:
            try:
                run.result(timeout=seconds)
            except Exception as error:
                log.warning("a sending run did not end in time: %r", error)
        try:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=2)
        except Exception as error:
            log.warning("the providers were not closed in time: %r", error)
        self._in_context(lambda: current_meters().store())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)
        self._database.shutdown(wait=False, cancel_futures=True)
        self._threads.stop()
        if not self._thread.is_alive():
            self._loop.close()

    async def _close(self) -> None:
        carriers, self._carriers = self._carriers, {}
        for carrier in carriers.values():
            await closed(carrier)


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


async def closed(opened: Provider | Carrier) -> None:
    try:
        await opened.close()
    except Exception:
        log.exception("a provider failed to close")
