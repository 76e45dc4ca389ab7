"""What time it is: the machine's, or a moment that a simulation sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The present, in UTC."""
    return _moment.get() or datetime.now(UTC)


def is_set() -> bool:
    """Whether the time is one that a simulation has set."""
    return _moment.get() is not None


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let it be *moment* (aware) within: for this thread, and for none that it starts.

    A thread of its own is handed the time by `contextvars.copy_context`.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone: {moment!r}")
    token = _moment.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moment.reset(token)
