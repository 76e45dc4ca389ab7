"""What was read a moment ago, for many threads that ask for it at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

PATIENCE = 2.0  # seconds for another's reading; then everybody reads alone

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by name. One thread reads a value anew, the others keep the one there is."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Value]] = {}
        self._reading = threading.Lock()

    def get(self, name: str, seconds: float, read: Callable[[], Value]) -> Value:
        """The value as it stood at most *seconds* ago; raises what *read* raises.

        It is read again at half that age, so that nobody has to wait for it.
        """
        found = self._young(name, seconds / 2)
        if found is not None:
            return found[0]
        found = self._young(name, seconds)
        mine = self._reading.acquire(timeout=0 if found is not None else PATIENCE)
        if found is not None and not mine:
            return found[0]
        try:
            found = self._young(name, seconds / 2)  # another may have read it just now
            return found[0] if found is not None else self._read(name, read)
        finally:
            if mine:
                self._reading.release()

    def _young(self, name: str, seconds: float) -> tuple[Value] | None:
        kept = self._kept.get(name)
        return None if kept is None or time.monotonic() - kept[0] > seconds else (kept[1],)

    def _read(self, name: str, read: Callable[[], Value]) -> Value:
        begun = time.monotonic()
        value = read()
        self._kept[name] = (begun, value)
        return value
