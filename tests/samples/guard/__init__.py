"""Guard - a plugin that may hold texts back, as a test says.

For tests of core: they reach it as `heliograph.plugins.guard` and set its `act`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from heliograph.plugin import OutgoingText, hookimpl

acts: dict[str, Callable[[], Any]] = {}  # by number


def answer(texts: Sequence[OutgoingText]) -> Any:
    return {text.reference: acts[text.to]() for text in texts if text.to in acts}


@hookimpl
def filter_texts(texts: Sequence[OutgoingText]) -> Any:
    return answer(texts)
