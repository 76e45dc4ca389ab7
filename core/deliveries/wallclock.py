"""The database's clock may be set while we run; leases are kept in its time."""

from __future__ import annotations

import logging
import time
from datetime import datetime

log = logging.getLogger(__name__)

JUMP_SECONDS = 5.0  # less is ordinary correction


class WallClock:
    """Notices that a clock was set: what it says of leases is then wrong for a while."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._jumped_at: float | None = None

    def is_steady(self, seconds: float, reading: datetime) -> bool:
        """Whether the clock read just now was not set in the last *seconds*. Ask often."""
        now = time.monotonic()
        offset = reading.timestamp() - now
        jump = 0.0 if self._offset is None else offset - self._offset
        self._offset = offset
        if abs(jump) > JUMP_SECONDS:
            log.warning("the time of leases jumped by %+.0f seconds", jump)
            self._jumped_at = now
        return self._jumped_at is None or now - self._jumped_at > seconds
