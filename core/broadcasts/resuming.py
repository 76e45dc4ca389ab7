"""Going on with a paused broadcast only as its page said: what is sent, and when."""

from __future__ import annotations

from heliograph.broadcasts.lifecycle import resume
from heliograph.broadcasts.models import Broadcast
from heliograph.db import transaction, utcnow
from heliograph.errors import Changed
from heliograph.messages import review_version
from heliograph.messages.scheduling import lock_broadcast


def is_ahead(broadcast: Broadcast) -> bool:
    """Whether it has not begun, and is scheduled for a time that is still to come."""
    at = broadcast.message.publish_up
    return broadcast.started_at is None and at is not None and at > utcnow()


def resume_version(broadcast: Broadcast) -> str:
    """As `review_version`, and whether resuming means now or at the scheduled time."""
    return f"{review_version(broadcast)}-{'later' if is_ahead(broadcast) else 'now'}"


def resume_as_seen(broadcast_id: int, seen: str) -> Broadcast:
    """Resume the broadcast while *seen* is its `resume_version`; raises Changed otherwise."""
    with transaction() as session:
        if seen != resume_version(lock_broadcast(session, broadcast_id)):
            raise Changed
        return resume(broadcast_id)
