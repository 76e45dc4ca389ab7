"""Guard - a plugin that may hold texts back, as a test says.

For tests of core: they reach it as `heliograph.plugins.guard` and set its `act`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heliograph.plugin import OutgoingText, hookimpl

acts: dict[str, Callable[[], Any]] = {}  # by number


@hookimpl
def filter_text(text: OutgoingText) -> Any:
    act = acts.get(text.to)
    return act() if act else None
