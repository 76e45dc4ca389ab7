"""Group commit: what several threads write at the same time is one transaction.

Whoever comes while a batch is being written waits; the first of them to get the
turn writes for all who came meanwhile. So one call alone waits for nobody, and
many share the price of a commit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError

from heliograph.db import AWAY, is_deadlock
from heliograph.errors import Overloaded

MOST = 500
PATIENCE = 10.0  # seconds; providers give up after 15
GATHER_SECONDS, QUIET_SECONDS = 0.01, 0.0005

Item = TypeVar("Item")
Result = TypeVar("Result")


class Entry(Generic[Item, Result]):
    """One call: what is to be written, and the lock its thread sleeps on."""

    __slots__ = ("done", "error", "item", "leads", "result", "wake")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: Exception | None = None
        self.done = self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()


class GroupCommit(Generic[Item, Result]):
    """*write* stores all it is given in one transaction, and gives a result for each."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: deque[Entry[Item, Result]] = deque()
        self._lock = threading.Lock()
        self._led = False
        self._busy = False

    def submit(self, item: Item) -> Result:
        """Write *item*, alone or with others; raises what its writing raised.

        Overloaded when its turn did not come in time.
        """
        entry: Entry[Item, Result] = Entry(item)
        with self._lock:
            self._waiting.append(entry)
            entry.leads, self._led = not self._led, True
        # a lock of its own for each: a condition would wake them all into one lock
        if not (entry.leads or entry.wake.acquire(timeout=PATIENCE)):
            self._withdraw(entry)
        if entry.leads:
            self._lead(entry)
        if entry.error is not None:
            raise entry.error
        return entry.result  # type: ignore[return-value]  # set when done without error

    def _withdraw(self, entry: Entry[Item, Result]) -> None:
        """Raise Overloaded, unless the turn came just now."""
        with self._lock:
            if entry.done or entry.leads:
                return
            if entry in self._waiting:
                self._waiting.remove(entry)
        raise Overloaded

    def _lead(self, entry: Entry[Item, Result]) -> None:
        """Write for all who wait until *entry* was among them; then the next one leads."""
        try:
            while not entry.done:
                self._gather()
                with self._lock:
                    count = min(MOST, len(self._waiting))
                    batch = [self._waiting.popleft() for _ in range(count)]
                self._write_batch(batch)
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].wake.release()

    def _gather(self) -> None:
        """While many are coming, wait for those that are nearly here."""
        if not self._busy:
            return
        end = time.monotonic() + GATHER_SECONDS
        while (count := len(self._waiting)) < MOST and time.monotonic() < end:
            time.sleep(QUIET_SECONDS)
            if len(self._waiting) == count:
                return

    def _write_batch(self, batch: Sequence[Entry[Item, Result]]) -> None:
        self._busy = len(batch) > 1
        try:
            self._together(batch)
        except AWAY as error:
            for entry in batch:
                entry.error = error
        except Exception as error:
            self._apart(batch, error)
        for entry in batch:
            entry.done = True
            entry.wake.release()

    def _together(self, batch: Sequence[Entry[Item, Result]]) -> None:
        items = [entry.item for entry in batch]
        try:
            results = self._write(items)
        except OperationalError as error:
            if not is_deadlock(error):
                raise
            results = self._write(items)
        for entry, result in zip(batch, results, strict=True):
            entry.result = result

    def _apart(self, batch: Sequence[Entry[Item, Result]], error: Exception) -> None:
        """One of them cannot be written: only that one must fail."""
        if len(batch) == 1:
            batch[0].error = error
            return
        for entry in batch:
            try:
                self._together([entry])
            except Exception as own:
                entry.error = own
