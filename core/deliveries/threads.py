"""Threads that hold up no end of the process: daemons, and pools that wait for none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from heliograph.deliveries.answers import ProviderFault

Work = Callable[[], Any]

MOST = 500  # calls at once; so many at most can hang for ever
HANGS = "its code hangs. Restart Heliograph, and see what the provider waits for."


class Threads:
    """A pool that grows up to *most* when all its threads are busy; then work waits.

    It never waits for a thread to end, and works until the very end of the process:
    the standard library's pools are closed before `atexit` comes.
    """

    def __init__(self, name: str, most: int = MOST) -> None:
        self._name, self._most = name, most
        self._queue: SimpleQueue[tuple[Future[Any], Work] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = self._count = 0

    @property
    def full(self) -> bool:
        """Whether no thread is free, and none may be added."""
        return self._count - self._idle >= self._most

    def submit(self, work: Work) -> Future[Any]:
        future: Future[Any] = Future()
        self._queue.put((future, work))
        with self._lock:
            if self._idle:
                self._idle -= 1
                return future
            if self._count >= self._most:
                return future
            self._count += 1
            name = f"{self._name}-{self._count}"
        threading.Thread(target=self._serve, name=name, daemon=True).start()
        return future

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(as_exception(error))
            del item, future, work  # an idle thread keeps nothing alive
            with self._lock:
                self._idle += 1

    def stop(self) -> None:
        """End the idle ones; a busy one ends when its work does."""
        with self._lock:
            for _ in range(self._count):
                self._queue.put(None)


def as_exception(error: BaseException) -> Exception:
    """*error*, when a coroutine can be told of it; what ends coroutines is told in words."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return ProviderFault.of(error)
