"""Texts of a broadcast whose outcome nobody can tell: a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from heliograph.broadcasts.lifecycle import get_broadcast, set_status
from heliograph.broadcasts.models import FINISHED, RUNNING
from heliograph.db import transaction
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.unclear import first_unclear, settle_texts
from heliograph.errors import Conflict

log = logging.getLogger(__name__)


def unclear_texts(broadcast_id: int) -> Sequence[Delivery]:
    """The first 1,000 texts of the broadcast that wait for a decision."""
    return first_unclear(Delivery.broadcast_id == broadcast_id)


def settle(broadcast_id: int, way: str) -> int:
    """Decide on all of them: sent, failed or resend. Returns how many those were."""
    broadcast = get_broadcast(broadcast_id)
    if way == "resend" and broadcast.status not in (RUNNING, FINISHED):
        raise Conflict(f"Broadcast {broadcast_id} is {broadcast.status}: nothing can be resent.")
    with transaction():
        settled = settle_texts(Delivery.broadcast_id == broadcast_id, way)
        if way == "resend" and settled:
            set_status(broadcast_id, (FINISHED,), RUNNING)
    words = "%s unclear texts of broadcast %s were settled as %s"
    log.info(words, settled, broadcast_id, way, extra={"broadcast_id": broadcast_id})
    return settled
