"""The delivery loop of a process: one asyncio loop, one thread for the database."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Flask

from core.channel import Provider
from core.db import db
from core.deliveries.claim import Scope
from core.deliveries.courier import Courier, Tally
from core.deliveries.reconcile import reconcile
from core.deliveries.recovery import recover
from core.host.state import states
from core.providers import open_provider

log = logging.getLogger(__name__)

PLAIN_THREADS = 32


class DeliveryLoop:
    """Runs couriers. Start it after a fork; stop it before the process ends."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._database = ThreadPoolExecutor(1, "heliograph-database")
        self._threads = ThreadPoolExecutor(PLAIN_THREADS, "heliograph-provider")
        self._thread = threading.Thread(target=self._serve, name="heliograph-loop", daemon=True)
        self._couriers: dict[object, Courier] = {}
        self._runs: dict[object, Future[Tally]] = {}
        self._stopping = False
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def database(self, work: Callable[[], Any]) -> Any:
        """Run *work* in an application context on the database thread."""
        return await self._loop.run_in_executor(self._database, self._in_context, work)

    async def call(self, method: Callable[..., Any], argument: object) -> Any:
        """Call a provider's method: async ones here, plain ones on a thread."""
        if inspect.iscoroutinefunction(method):
            return await method(argument)
        work = partial(method, argument)
        return await self._loop.run_in_executor(self._threads, self._in_context, work)

    def _in_context(self, work: Callable[[], Any]) -> Any:
        with self._app.app_context():
            return work()

    def send(
        self,
        scope: Scope,
        *,
        batch: int = 100,
        limit: int | None = None,
        progress: Callable[[Tally], None] | None = None,
    ) -> Future[Tally]:
        """Start a run over *scope*, or join the one that is under way."""
        key = (scope.broadcast_id, scope.provider)
        running = self._runs.get(key)
        if running is not None and not running.done():
            return running
        run = asyncio.run_coroutine_threadsafe(
            self._send(key, scope, batch, limit, progress), self._loop
        )
        self._runs[key] = run
        return run

    async def _send(
        self,
        key: object,
        scope: Scope,
        batch: int,
        limit: int | None,
        progress: Callable[[Tally], None] | None,
    ) -> Tally:
        if self._stopping:
            return Tally()
        provider, scope = await self.database(lambda: opened(scope))
        courier = Courier(provider, scope, self.database, self.call, batch, limit, progress)
        self._couriers[key] = courier
        try:
            return await courier.run()
        finally:
            self._couriers.pop(key, None)
            await closed(provider)

    def recover(self, provider_name: str) -> Future[int]:
        """Look up the doubtful texts of one provider."""
        return asyncio.run_coroutine_threadsafe(self._recover(provider_name), self._loop)

    async def _recover(self, name: str) -> int:
        provider = await self.database(lambda: open_provider(name, even_disabled=True))
        try:
            return await recover(provider, self.database, self.call)
        finally:
            await closed(provider)

    def reconcile(self, provider_name: str) -> Future[int]:
        """Ask one provider about the texts it never reported on."""
        return asyncio.run_coroutine_threadsafe(self._reconcile(provider_name), self._loop)

    async def _reconcile(self, name: str) -> int:
        provider = await self.database(lambda: open_provider(name))
        try:
            return await reconcile(provider, self.database, self.call)
        finally:
            await closed(provider)

    def stop(self, seconds: float = 8) -> None:
        """Claim nothing more, let what is in flight land for *seconds*, end."""
        self._stopping = True
        for courier in list(self._couriers.values()):
            courier.stop()
        for run in list(self._runs.values()):
            try:
                run.result(timeout=seconds)
            except Exception as error:
                log.warning("a sending run did not end in time: %r", error)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)
        self._database.shutdown(wait=False, cancel_futures=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        if not self._thread.is_alive():
            self._loop.close()


def opened(scope: Scope) -> tuple[Provider, Scope]:
    """The provider, and the scope with its sender, pace and config version."""
    provider = open_provider(scope.provider)
    state = states()[scope.provider]
    db.session.rollback()
    return provider, replace(
        scope,
        sender=scope.sender or provider.sender,
        rate=provider.parts_per_second,
        version=state.updated_at,
    )


async def closed(provider: Provider) -> None:
    try:
        await provider.close()
    except Exception:
        log.exception("provider %s failed to close", provider.name)
