"""Texts of a campaign whose outcome nobody can tell: their contacts wait until a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update

from core.campaigns.library import get_campaign
from core.db import change_rows, db, transaction, utcnow
from core.deliveries.explanation import SETTLED
from core.deliveries.models import ACCEPTED, FAILED, QUEUED, UNKNOWN, Delivery
from core.errors import BadInput

log = logging.getLogger(__name__)

WAYS = {"sent": ACCEPTED, "failed": FAILED, "resend": QUEUED}
SHOWN = 1000


def of_campaign(campaign_id: int) -> list[ColumnElement[bool]]:
    return [Delivery.campaign_id == campaign_id, Delivery.status == UNKNOWN]


def count_unclear(campaign_id: int) -> int:
    query = select(func.count()).select_from(Delivery).where(*of_campaign(campaign_id))
    return db.session.scalar(query) or 0


def unclear_texts(campaign_id: int) -> Sequence[Delivery]:
    """The first 1,000 of them."""
    query = select(Delivery).where(*of_campaign(campaign_id)).order_by(Delivery.id)
    return db.session.scalars(query.limit(SHOWN)).all()


def settle(campaign_id: int, way: str) -> int:
    """Decide on all of them: sent, failed or resend. Returns how many those were.

    Their contacts go on by themselves. Raises BadInput and NotFound.
    """
    get_campaign(campaign_id)
    if way not in WAYS:
        raise BadInput("way", "is not known", value=way, mend=f"Use {', '.join(WAYS)}.")
    now, status = utcnow(), WAYS[way]
    with transaction():
        settled = change_rows(
            update(Delivery)
            .where(*of_campaign(campaign_id))
            .values(
                status=status,
                detail=SETTLED[way],
                error_code="",
                accepted_at=now if status == ACCEPTED else None,
                final_at=now if status == FAILED else None,
                attempts=0 if status == QUEUED else Delivery.attempts,
                not_before=None,
            )
        )
    words = "%s unclear texts of campaign %s were settled as %s"
    log.info(words, settled, campaign_id, way, extra={"campaign_id": campaign_id})
    return settled
