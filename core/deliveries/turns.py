"""Turns of the broadcasts that share the pace of one sender in this process.

Free slots are few: without turns, whoever looked first would take them all.
"""

from __future__ import annotations

import time

from heliograph.deliveries.pace import HORIZON

HUNGRY_SECONDS = 0.6  # who has not asked for that long lets the others go


class Turns:
    """Whoever had least goes next, as long as it asks. Used on the delivery loop only."""

    def __init__(self) -> None:
        self._had: dict[object, int] = {}
        self._asked: dict[object, float] = {}

    def join(self, run: object) -> None:
        """It begins with what the last one of the others had, and owes them nothing."""
        self._had[run] = min(self._had.values(), default=0)

    def leave(self, run: object) -> None:
        self._had.pop(run, None)
        self._asked.pop(run, None)

    def room(self, run: object, rate: float) -> int:
        """How many texts *run* may claim now; 0 while it is another's turn.

        All who ask share what may be claimed ahead at *rate* parts a second.
        """
        now = time.monotonic()
        self._asked[run] = now
        hungry = [one for one, at in self._asked.items() if now - at < HUNGRY_SECONDS]
        if self._had[run] > min(self._had[one] for one in hungry):
            return 0
        return max(1, int(rate * HORIZON / len(hungry)))

    def took(self, run: object, parts: int) -> None:
        """What it claimed; who found nothing to claim asks for nothing any more."""
        self._had[run] += parts
        if not parts:
            self._asked.pop(run, None)
