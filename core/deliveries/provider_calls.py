"""Calls of providers: async ones on the provider's own loop, plain ones on its own threads."""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from flask import Flask

from heliograph.channel import Failure, FailureKind, Provider
from heliograph.deliveries import threads
from heliograph.deliveries.answers import ProviderFault
from heliograph.deliveries.calls import Handover, Released
from heliograph.deliveries.late import StillUnderWay
from heliograph.deliveries.provider_loop import ProviderLoop
from heliograph.deliveries.threads import Threads
from heliograph.sentences import Sentence

JOIN_SECONDS = 0.5


class ProviderCalls:
    """Used on the delivery loop. Providers share nothing, so none can hold up another.

    *held* is told the name of a provider that blocks its loop, and words about it.
    """

    def __init__(self, app: Flask, held: Callable[[str, Sentence], None]) -> None:
        self._app, self._held = app, held
        self._loops: dict[type, ProviderLoop] = {}
        self._threads: dict[type, Threads] = {}

    async def call(self, method: Callable[..., Any], *arguments: object) -> Any:
        """Call a provider's method; what it raises is an Exception, whatever its code does.

        Raises StillUnderWay when it is cancelled and goes on all the same.
        """
        if is_async(getattr(method, "__func__", method)):
            return await self._loop_of(method).run(method, arguments)
        found = await self._on_thread(method, *arguments)
        if inspect.isawaitable(found):
            return await self._loop_of(method).run(partial(awaited, method, found), ())
        return found

    async def close(self, provider: Provider) -> None:
        """Close it on the loop that its calls ran on; there is nothing to do without a `close`."""
        if type(provider).close is not Provider.close:
            await self.call(provider.close)

    def _loop_of(self, method: Callable[..., Any]) -> ProviderLoop:
        owner = owner_of(method)
        found = self._loops.get(owner)
        if found is None:
            name = getattr(owner, "name", owner.__name__)
            found = self._loops[owner] = ProviderLoop(name, folder_of(owner), self._held)
        return found

    async def _on_thread(self, method: Callable[..., Any], *arguments: object) -> Any:
        owner = owner_of(method)
        if owner not in self._threads:
            self._threads[owner] = Threads("heliograph-provider", threads.MOST)
        pool = self._threads[owner]
        if pool.full:
            words = f"{threads.MOST} calls never came back: {threads.HANGS}"
            raise Failure(FailureKind.CONFIG, words)
        future = pool.submit(partial(self._in_context, partial(method, *arguments)))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # the provider's own
                raise ProviderFault.of(error) from error
            if future.done():
                raise
            raise StillUnderWay(future) from None

    def _in_context(self, work: Callable[[], Any]) -> Any:
        with self._app.app_context():
            return work()

    def stop(self) -> None:
        """End loops and threads; those that hang are left behind, as they end with the process."""
        for loop in self._loops.values():
            loop.stop()
        end = time.monotonic() + JOIN_SECONDS
        for loop in self._loops.values():
            loop.join(max(0.0, end - time.monotonic()))
        for pool in self._threads.values():
            pool.stop()


def owner_of(method: Callable[..., Any]) -> type:
    return type(getattr(method, "__self__", method))


def folder_of(owner: type) -> str:
    """The folder of the code of *owner*, "" when it has none."""
    file = getattr(sys.modules.get(owner.__module__), "__file__", None)
    return str(Path(file).parent) if file else ""


async def awaited(method: Callable[..., Any], found: Awaitable[Any]) -> Any:
    """What a plain *method* returned, a decorated `async def` for one; a text not too late."""
    if isinstance(method, Handover) and method.is_late:
        if inspect.iscoroutine(found):
            found.close()
        raise Released
    return await found


@lru_cache(maxsize=64)
def is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function)
