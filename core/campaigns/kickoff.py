"""Kickoff: the first events are laid before new members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal, select, update

from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.course import Course
from heliograph.campaigns.laying import lay_first
from heliograph.campaigns.models import ACTIVE, NEW, CampaignMember
from heliograph.campaigns.steps import finish_members
from heliograph.db import change_rows, dialect_name, retried_transaction, table_of, utcnow
from heliograph.lookups import one_of, read_rows


def kick_off(course: Course, limit: int, bounds: Bounds) -> int:
    """Begin with the next new members; returns how many there were."""
    rows: list[Any] = []

    def whole() -> None:
        rows[:] = pick_new(course, limit, bounds)
        if not rows:
            return
        now = utcnow()
        contact_ids = [row.contact_id for row in rows]
        for stop in course.roots:
            lay_first(course, stop, contact_ids, now)
        begun = update(CampaignMember).where(one_of(CampaignMember.id, [row.id for row in rows]))
        change_rows(begun.values(status=ACTIVE))
        if not course.roots:
            finish_members(course, contact_ids, now)

    retried_transaction(whole)
    return len(rows)


def pick_new(course: Course, limit: int, bounds: Bounds) -> list[Any]:
    members = table_of(CampaignMember).c
    query = (
        select(members.id, members.contact_id)
        .where(
            members.campaign_id == course.campaign_id,
            members.status == literal(NEW, literal_execute=True),
            *bounds.of(members.contact_id),
        )
        .order_by(members.contact_id)
        .limit(limit)
    )
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)
    return read_rows(query)
