"""What the clock has campaigns do."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, or_, select, union, update

from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.course import Courses
from heliograph.campaigns.engine import INSIDE, OUTSIDE, Engine, Scope, due_events
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.membership import Rebuilt, rebuild
from heliograph.campaigns.models import (
    NEW,
    Campaign,
    CampaignEvent,
    CampaignMember,
    CampaignSegment,
    CampaignStep,
)
from heliograph.campaigns.react import react
from heliograph.campaigns.steps import is_timed
from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.segments.models import Segment

REBUILD_EVERY = timedelta(seconds=60)
REBUILD_AGAIN = timedelta(seconds=5)  # for who has just come into a segment
REBUILD_LEASE = timedelta(minutes=2)
INSIDE_SCOPE = Scope(phases=INSIDE)
TURN = 20.0  # seconds of one run, then others' jobs see it end


def rebuild_due() -> str | None:
    """Job: let members of the segments join and leave."""
    total = Rebuilt()
    for campaign_id in db.session.scalars(select(Campaign.id).where(*due_for_rebuild())).all():
        begun = time.monotonic()
        if not take_rebuild(campaign_id):
            continue
        total = total.plus(rebuild(campaign_id))
        taken = timedelta(seconds=time.monotonic() - begun)
        with transaction():
            one = update(Campaign).where(Campaign.id == campaign_id)
            change_rows(one.values(rebuild_due_at=utcnow() + max(REBUILD_EVERY, taken * 10)))
    return str(total) if total != Rebuilt() else None


def is_rebuild_due() -> bool:
    found = db.session.execute(select(Campaign.id).where(*due_for_rebuild()).limit(1)).first()
    db.session.rollback()
    return found is not None


def due_for_rebuild() -> list[ColumnElement[bool]]:
    now = utcnow()
    newcomers = exists().where(
        CampaignSegment.campaign_id == Campaign.id,
        CampaignSegment.segment_id == Segment.id,
        Segment.members_added_at > Campaign.rebuilt_at,
        Campaign.rebuilt_at < now - REBUILD_AGAIN,
    )
    due = or_(Campaign.rebuild_due_at.is_(None), Campaign.rebuild_due_at <= now, newcomers)
    return [*Scope().campaigns(now), due]


def take_rebuild(campaign_id: int) -> bool:
    """Claim it by compare-and-swap."""
    with transaction():
        one = update(Campaign).where(Campaign.id == campaign_id, *due_for_rebuild())
        return bool(change_rows(one.values(rebuild_due_at=utcnow() + REBUILD_LEASE)))


def run_due() -> str | None:
    """Job: take members through the events that are due."""
    tally = Engine(INSIDE_SCOPE).run(seconds=TURN)
    return str(tally) if tally.total else None


def call_due() -> str | None:
    """Job: run the actions that call the outside; they may be slow, and hold up nobody."""
    tally = Engine(Scope(phases=frozenset({OUTSIDE}))).run(seconds=TURN)
    return str(tally) if tally.total else None


def due_contacts(campaign_id: int, bounds: Bounds, limit: int) -> list[int]:
    """The first contacts within *bounds*, by id, who are new or due at an event there."""
    now = utcnow()
    new = select(CampaignMember.contact_id).where(
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.status == literal(NEW, literal_execute=True),
        *bounds.of(CampaignMember.contact_id),
    )
    events = select(CampaignEvent.id).where(CampaignEvent.campaign_id == campaign_id)
    due = select(CampaignStep.contact_id).where(
        CampaignStep.event_id.in_(events),
        is_timed(CampaignStep.status),
        CampaignStep.due_at <= now,
        *bounds.of(CampaignStep.contact_id),
    )
    both = union(new, due).subquery()
    found = list(db.session.scalars(select(both).order_by(both.c.contact_id).limit(limit)))
    db.session.rollback()
    return found


def is_work_due() -> bool:
    """Whether a member is new, or due at an event."""
    now = utcnow()
    new = exists().where(
        CampaignMember.campaign_id == Campaign.id,
        CampaignMember.status == literal(NEW, literal_execute=True),
    )
    first: Any = select(Campaign.id).where(*Scope().campaigns(now), new).limit(1)
    found = (
        db.session.execute(first).first()
        or db.session.execute(due_events(Scope(), now).limit(1)).first()
    )
    db.session.rollback()
    return found is not None


def react_due() -> str | None:
    """Job: take in what contacts did, and what became of texts."""
    total = react(EventTypes(), Courses())
    return f"{total} taken in" if total else None
