"""Texts whose outcome nobody can tell: a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import select, update

from core.broadcasts.lifecycle import get_broadcast, set_status
from core.broadcasts.models import FINISHED, RUNNING
from core.db import change_rows, db, transaction, utcnow
from core.deliveries.explanation import SETTLED
from core.deliveries.models import ACCEPTED, FAILED, QUEUED, UNKNOWN, Delivery
from core.errors import Conflict

log = logging.getLogger(__name__)

WAYS = {"sent": ACCEPTED, "failed": FAILED, "resend": QUEUED}
SHOWN = 1000


def unknown_texts(broadcast_id: int) -> Sequence[Delivery]:
    """The first 1,000 texts of the broadcast that wait for a decision."""
    return db.session.scalars(
        select(Delivery)
        .where(Delivery.broadcast_id == broadcast_id, Delivery.status == UNKNOWN)
        .order_by(Delivery.id)
        .limit(SHOWN)
    ).all()


def settle(broadcast_id: int, way: str) -> int:
    """Decide on all of them: sent, failed or resend. Returns how many those were."""
    broadcast = get_broadcast(broadcast_id)
    status = WAYS[way]
    if status == QUEUED and broadcast.status not in (RUNNING, FINISHED):
        raise Conflict(f"Broadcast {broadcast_id} is {broadcast.status}: nothing can be resent.")
    now = utcnow()
    with transaction():
        settled = change_rows(
            update(Delivery)
            .where(Delivery.broadcast_id == broadcast_id, Delivery.status == UNKNOWN)
            .values(
                status=status,
                detail=SETTLED[way],
                error_code="",
                accepted_at=now if status == ACCEPTED else None,
                final_at=now if status == FAILED else None,
                not_before=None,
            )
        )
        if status == QUEUED and settled:
            set_status(broadcast_id, (FINISHED,), RUNNING)
    words = "%s unclear texts of broadcast %s were settled as %s"
    log.info(words, settled, broadcast_id, way, extra={"broadcast_id": broadcast_id})
    return int(settled)
