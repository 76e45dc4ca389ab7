"""Who has just left the segments of a campaign, until the campaign has taken it in.

Noted in the transaction that takes a contact out of a segment, and deleted in the one that
lets it leave (`heliograph.campaigns.leaving`): so a contact that is back a moment later has
left all the same, and nothing more is sent to it from the note on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select

from heliograph.campaigns.models import (
    BY_SEGMENT,
    STAYING,
    Campaign,
    CampaignLeaver,
    CampaignMember,
    CampaignSegment,
)
from heliograph.db import db, insert_selected, utcnow
from heliograph.lookups import one_of
from heliograph.segments.models import LEFT_OUT, SegmentMember

CHUNK = 5000  # contact ids in one statement


def followed_segments() -> set[int]:
    """The segments from which campaigns that are open take their members."""
    query = (
        select(CampaignSegment.segment_id)
        .join(Campaign, Campaign.id == CampaignSegment.campaign_id)
        .where(*open_at(utcnow()))
    )
    return set(db.session.scalars(query.distinct()))


def open_at(now: datetime) -> list[ColumnElement[bool]]:
    """SQL on Campaign: it is published, and open *now*."""
    return [
        Campaign.published.is_(True),
        or_(Campaign.publish_up.is_(None), Campaign.publish_up <= now),
        or_(Campaign.publish_down.is_(None), Campaign.publish_down > now),
    ]


def note_left(contact_ids: Sequence[int]) -> None:
    """Note those of the contacts that are in none of the segments of a campaign any more.

    Runs inside the transaction that took them out, after it has done so.
    """
    member_of_source = (
        exists()
        .where(
            CampaignSegment.campaign_id == CampaignMember.campaign_id,
            SegmentMember.segment_id == CampaignSegment.segment_id,
            SegmentMember.contact_id == CampaignMember.contact_id,
            SegmentMember.origin != LEFT_OUT,
        )
        .correlate(CampaignMember)
    )
    for begin in range(0, len(contact_ids), CHUNK):
        noted: tuple[Any, ...] = (CampaignMember.id, CampaignMember.joined_at)
        query: Select[Any] = (
            select(*noted)
            .join(Campaign, Campaign.id == CampaignMember.campaign_id)
            .where(
                one_of(CampaignMember.contact_id, contact_ids[begin : begin + CHUNK]),
                *stays_by_segment(),
                *open_at(utcnow()),
                ~member_of_source,
            )
        )
        insert_selected(CampaignLeaver, ("member_id", "joined_at"), query)


def stays_by_segment() -> list[ColumnElement[bool]]:
    return [CampaignMember.origin == BY_SEGMENT, CampaignMember.status.in_(STAYING)]


def is_leaving() -> ColumnElement[bool]:
    """SQL on CampaignMember: it has left, though its campaign has not taken that in yet."""
    return exists().where(
        CampaignLeaver.member_id == CampaignMember.id,
        CampaignLeaver.joined_at == CampaignMember.joined_at,
    )
