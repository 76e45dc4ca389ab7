"""The machine's time may be set while we run; leases are kept in that time."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

JUMP_SECONDS = 5.0  # less is ordinary correction


class WallClock:
    """Notices that the time was set: what it says of leases is then wrong for a while."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._jumped_at: float | None = None

    def is_steady(self, seconds: float) -> bool:
        """Whether the time has not been set in the last *seconds*. Ask often."""
        now = time.monotonic()
        offset = time.time() - now
        jump, self._offset = offset - self._offset, offset
        if abs(jump) > JUMP_SECONDS:
            log.warning("the machine's time jumped by %+.0f seconds", jump)
            self._jumped_at = now
        return self._jumped_at is None or now - self._jumped_at > seconds
