"""Sending again what failed: a new wave of the same broadcast, chosen by kind of failure.

Rows that failed go back to the queue and are checked like any other when their
turn comes: do-not-contact, invalid and changed numbers are skipped, and nobody
who got the text gets it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import select, update

from heliograph.broadcasts.lifecycle import get_broadcast, set_status
from heliograph.broadcasts.models import FINISHED, PAUSED, RUNNING
from heliograph.channel import FailureKind
from heliograph.db import change_rows, transaction
from heliograph.deliveries.models import FAILED, QUEUED, UNDELIVERED, Delivery
from heliograph.deliveries.reports import remember_ids
from heliograph.errors import BadInput, Conflict
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

# whoever opted out is never texted again, and who may have the text is settled by a person
NEVER = (FailureKind.OPTED_OUT, FailureKind.UNKNOWN_OUTCOME)
KINDS = tuple(kind.value for kind in FailureKind if kind not in NEVER)


def resend_failed(broadcast_id: int, kinds: Collection[str]) -> int:
    """Queue the texts that failed in one of *kinds* again; returns how many.

    Raises BadInput for a kind that is not known or never sent again, and Conflict
    when the broadcast was cancelled or has not begun.
    """
    for kind in kinds:
        if kind not in KINDS:
            mend = f"Use one of {', '.join(KINDS)}."
            raise BadInput("kind", "is never sent again", value=kind, mend=mend)
    broadcast = get_broadcast(broadcast_id)
    if broadcast.status not in (RUNNING, PAUSED, FINISHED):
        raise Conflict(f"Broadcast {broadcast_id} is {broadcast.status}: nothing can be resent.")
    with transaction() as session:
        failed = (
            select(Delivery.id)
            .where(
                Delivery.broadcast_id == broadcast_id,
                Delivery.status.in_((FAILED, UNDELIVERED)),
                Delivery.reason.in_(kinds),
            )
            .with_for_update(skip_locked=True)
        )
        ids = session.scalars(failed).all()
        for at in range(0, len(ids), 5000):
            some = ids[at : at + 5000]
            remember_ids(some)
            again = update(Delivery).where(Delivery.id.in_(some))
            change_rows(
                again.values(
                    status=QUEUED,
                    reason="",
                    error_code="",
                    detail=Sentence("Sent again after it had failed."),
                    attempts=0,
                    provider_id=None,
                    accepted_at=None,
                    final_at=None,
                    not_before=None,
                    claim=None,
                    lease_until=None,
                )
            )
        if ids:
            set_status(broadcast_id, (FINISHED,), RUNNING)
    words, fields = "%s failed texts of broadcast %s are sent again", {"broadcast_id": broadcast_id}
    log.info(words, len(ids), broadcast_id, extra=fields)
    return len(ids)
