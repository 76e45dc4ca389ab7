"""Texts of a campaign whose outcome nobody can tell: their contacts wait until a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import func, select

from heliograph.campaigns.library import get_campaign
from heliograph.db import db, transaction
from heliograph.deliveries.models import UNKNOWN, Delivery
from heliograph.deliveries.unclear import check_way, first_unclear, settle_texts

log = logging.getLogger(__name__)


def count_unclear(campaign_id: int) -> int:
    query = select(func.count()).select_from(Delivery)
    theirs = query.where(Delivery.campaign_id == campaign_id, Delivery.status == UNKNOWN)
    return db.session.scalar(theirs) or 0


def unclear_texts(campaign_id: int) -> Sequence[Delivery]:
    """The first 1,000 of them."""
    return first_unclear(Delivery.campaign_id == campaign_id)


def settle(campaign_id: int, way: str) -> int:
    """Decide on all of them: sent, failed or resend. Returns how many those were.

    Their contacts go on by themselves. Raises BadInput and NotFound.
    """
    get_campaign(campaign_id)
    check_way(way)
    anew = {"attempts": 0} if way == "resend" else {}
    with transaction():
        settled = settle_texts(Delivery.campaign_id == campaign_id, way, **anew)
    words = "%s unclear texts of campaign %s were settled as %s"
    log.info(words, settled, campaign_id, way, extra={"campaign_id": campaign_id})
    return settled
