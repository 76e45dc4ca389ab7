"""Contacts that have just come into the segments of campaigns join them at once.

The job that goes through all members finds them too, only later.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, exists, or_, select

from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.leavers import open_at
from heliograph.campaigns.membership import rebuild_range
from heliograph.campaigns.models import LEFT, Campaign, CampaignMember, CampaignSegment
from heliograph.db import db, utcnow
from heliograph.lookups import one_of
from heliograph.segments.models import LEFT_OUT, SegmentMember


def let_join(contact_ids: Sequence[int]) -> None:
    """Let those of the contacts join that may; each campaign in a transaction of its own."""
    bounds = Bounds(contact_ids=contact_ids)
    for campaign_id in campaigns_they_came_to(contact_ids):
        rebuild_range(campaign_id, bounds, 0, None, None)


def campaigns_they_came_to(contact_ids: Sequence[int]) -> Sequence[int]:
    known = and_(
        CampaignMember.campaign_id == Campaign.id,
        CampaignMember.contact_id == SegmentMember.contact_id,
    )
    back = and_(known, CampaignMember.status == LEFT, Campaign.allow_restart.is_(True))
    query = (
        select(Campaign.id)
        .join(CampaignSegment, CampaignSegment.campaign_id == Campaign.id)
        .join(SegmentMember, SegmentMember.segment_id == CampaignSegment.segment_id)
        .where(
            *open_at(utcnow()),
            one_of(SegmentMember.contact_id, contact_ids),
            SegmentMember.origin != LEFT_OUT,
            or_(~exists().where(known), exists().where(back)),
        )
        .distinct()
        .order_by(Campaign.id)
    )
    found = db.session.scalars(query).all()
    db.session.rollback()
    return found
