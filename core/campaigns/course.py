"""The course of a campaign: its published events, read once for many contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from heliograph.campaigns.canvas import Timing
from heliograph.campaigns.models import Campaign, CampaignEvent
from heliograph.campaigns.timing import BadTiming, Plan, read_timing
from heliograph.db import db, table_of
from heliograph.errors import NotFound
from heliograph.installation import current_zone

AT_ONCE = read_timing(Timing())


@dataclass(frozen=True, slots=True)
class Stop:
    """An event as the engine sees it; `gone`: it was deleted, `heir_id` is where to go on."""

    id: int
    key: str
    kind: str
    type: str
    name: str
    config: Mapping[str, Any]
    parent_id: int | None
    path: str
    plan: Plan
    gone: bool = False
    heir_id: int | None = None

    @property
    def title(self) -> str:
        return self.name or self.type


@dataclass(frozen=True, slots=True)
class Course:
    """`zone` is for contacts without one."""

    campaign_id: int
    zone: ZoneInfo
    stops: dict[int, Stop]
    below: dict[tuple[int | None, str], list[Stop]] = field(default_factory=dict)

    def after(self, stop: Stop, path: str) -> list[Stop]:
        """The events to which *path* of *stop* leads."""
        if stop.gone:
            heir = self.heir(stop)
            return [heir] if heir else []
        return self.below.get((stop.id, path), [])

    @property
    def roots(self) -> list[Stop]:
        return self.below.get((None, ""), [])

    @property
    def forks(self) -> bool:
        """Whether a contact may stand at two events at once."""
        return any(len(stops) > 1 for stops in self.below.values())

    def find(self, key: str) -> Stop | None:
        """The event with this key, as long as it is there."""
        return next((one for one in self.stops.values() if one.key == key and not one.gone), None)

    def heir(self, stop: Stop) -> Stop | None:
        """Where whoever stands at a deleted event goes on; None: nowhere."""
        seen = set()
        found: Stop | None = stop
        while found is not None and found.gone and found.id not in seen:
            seen.add(found.id)
            found = self.stops.get(found.heir_id or 0)
        return None if found is None or found.gone else found

    def has_path(self, stop: Stop, path: str) -> bool:
        """Whether anything follows there."""
        return bool(self.after(stop, path))


def load_course(campaign_id: int) -> Course:
    """The course as it is published now; raises NotFound."""
    zone = db.session.execute(
        select(table_of(Campaign).c.timezone).where(Campaign.id == campaign_id)
    ).scalar()
    if zone is None:
        raise NotFound(f"There is no campaign {campaign_id}. Run: heliograph campaigns list")
    columns = table_of(CampaignEvent).c
    query = select(*columns).where(columns.campaign_id == campaign_id)
    rows = db.session.execute(query.order_by(columns.position, columns.id)).all()
    course = Course(campaign_id, zone_named(zone, current_zone()), {})
    for row in rows:
        stop = course.stops[row.id] = stop_of(row)
        if not stop.gone:
            course.below.setdefault((stop.parent_id, stop.path), []).append(stop)
    return course


def stop_of(row: Any) -> Stop:
    return Stop(
        row.id,
        row.key,
        row.kind,
        row.type,
        row.name,
        row.config,
        row.parent_id,
        row.path,
        plan_of(row.timing),
        gone=row.deleted_at is not None,
        heir_id=row.heir_id,
    )


def plan_of(timing: Mapping[str, Any]) -> Plan:
    try:
        return read_timing(Timing.model_validate(timing))
    except (ValueError, BadTiming):  # it was refused on publishing; should it be there, go on
        return AT_ONCE


def zone_named(name: str | None, default: ZoneInfo) -> ZoneInfo:
    """The zone called *name*; *default* for none, and for a name that no system knows."""
    return known_zone(name) or default if name else default


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


class Courses:
    """Courses that were read, each as long as nothing else is published and no zone changes."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Course]] = {}

    def get(self, campaign_id: int) -> Course:
        """The course as it is published now; raises NotFound."""
        columns = table_of(Campaign).c
        query = select(columns.version_id, columns.timezone).where(columns.id == campaign_id)
        stamp = (*(db.session.execute(query).one_or_none() or ()), current_zone().key)
        known = self._known.get(campaign_id)
        if known is None or known[0] != stamp:
            known = self._known[campaign_id] = (stamp, load_course(campaign_id))
        return known[1]
