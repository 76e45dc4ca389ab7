"""The hours and days of an event, for contacts whom something delayed beyond them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from heliograph.campaigns.course import Course, Stop, zone_named
from heliograph.campaigns.laying import zone_by_contact
from heliograph.campaigns.models import CampaignStep
from heliograph.campaigns.timing import reopened
from heliograph.db import change_rows
from heliograph.lookups import one_of

ON_TIME = timedelta(minutes=1)


def within_hours(
    course: Course,
    stop: Stop,
    rows: Sequence[Any],
    now: datetime,
    late_before: datetime | None = None,
) -> list[Any]:
    """Those of *rows* who may go on now; the others wait until the event opens again.

    Somebody is out of its hours whom a hold, a failed try, a plugin that was off or a server
    that was down has kept waiting. Who was due before *late_before* is left out, at any hour.
    """
    if not stop.plan.is_narrowed:
        return list(rows)
    delayed = [
        row
        for row in rows
        if (row.due_at < now - ON_TIME or row.attempts)
        and not row.claim  # it was begun within them
        and not (late_before and row.due_at < late_before)
    ]
    shut = put_off(course, stop, delayed, now) if delayed else set()
    return [row for row in rows if row.id not in shut]


def put_off(course: Course, stop: Stop, rows: Sequence[Any], now: datetime) -> set[int]:
    """Have those wait where it is no time for it; returns their steps."""
    zones = zone_by_contact([row.contact_id for row in rows])
    moments = {
        name: reopened(stop.plan, now, zone_named(name, course.zone))
        for name in set(zones.values())
    }
    later: dict[datetime, list[int]] = defaultdict(list)
    for row in rows:
        at = moments.get(zones.get(row.contact_id, ""), now)
        if at > now:
            later[at].append(row.id)
    for at, ids in later.items():
        change_rows(update(CampaignStep).where(one_of(CampaignStep.id, ids)).values(due_at=at))
    return {step_id for ids in later.values() for step_id in ids}
