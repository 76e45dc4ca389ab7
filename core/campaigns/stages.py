"""Where everybody stands: counts at each event, and the contacts behind each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Select, func, select, union_all

from heliograph.campaigns.broken import troubles
from heliograph.campaigns.course import Stop, load_course
from heliograph.campaigns.engine import why_parked
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import (
    CANCELLED,
    DONE,
    FAILED,
    LIVE,
    SKIPPED,
    CampaignEvent,
    CampaignStep,
)
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.errors import BadInput, NotFound
from heliograph.events import FAILED as FAILED_PATH

PAGE = 50
FRESH = 1.0  # seconds
EXTENSION = "heliograph_stages"
GROUPS = {
    "waiting": LIVE,
    "done": (DONE,),
    "failed": (FAILED,),
    "skipped": (SKIPPED, CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """How many steps at an event wait, and how many ended in which way.

    `done` counts all that were done, `paths` those by the path that they took;
    `why` is why contacts have to wait here, whatever their time.
    """

    key: str
    name: str
    type: str
    waiting: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    paths: dict[str, int] = field(default_factory=dict)
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def kept_stages(campaign_id: int) -> list[Stage]:
    """The same as `count_stages`, for a page that asks again and again.

    Counted anew the less often the longer it takes.
    """
    kept: dict[int, tuple[float, list[Stage]]] = current_app.extensions.setdefault(EXTENSION, {})
    until, stages = kept.get(campaign_id, (0.0, []))
    begun = time.monotonic()
    if begun >= until:
        stages = count_stages(campaign_id)
        ended = time.monotonic()
        kept[campaign_id] = (ended + max(FRESH, (ended - begun) * 10), stages)
    return stages


def count_stages(campaign_id: int) -> list[Stage]:
    """The events that are published now, in their order, with their counts."""
    course = load_course(campaign_id)
    stops = [stop for stop in course.stops.values() if not stop.gone]
    query = (
        select(CampaignStep.event_id, CampaignStep.status, CampaignStep.path, func.count())
        .where(CampaignStep.event_id.in_([stop.id for stop in stops]))
        .group_by(CampaignStep.event_id, CampaignStep.status, CampaignStep.path)
    )
    counts: dict[int, dict[str, int]] = {stop.id: {} for stop in stops}
    paths: dict[int, dict[str, int]] = {stop.id: {} for stop in stops}
    for event_id, status, path, count in db.session.execute(query):
        group = next(name for name, statuses in GROUPS.items() if status in statuses)
        counts[event_id][group] = counts[event_id].get(group, 0) + count
        if status == DONE:
            paths[event_id][path or ""] = count
    types, now = EventTypes(), utcnow()
    waiting = troubles([stop.id for stop in stops])

    def why(stop: Stop) -> str:
        parked = why_parked(stop, types, now)
        trouble = waiting.get(stop.id)
        return parked or (trouble.words(stop, types) if trouble else "")

    return [
        Stage(
            stop.key,
            stop.name,
            stop.type,
            **counts[stop.id],
            paths=paths[stop.id],
            why=why(stop),
        )
        for stop in stops
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """A contact behind a count; `step_id` is where to read on from."""

    step_id: int
    contact_id: int
    name: str
    mobile: str
    status: str
    path: str
    since: datetime
    due_at: datetime | None
    detail: str


def list_standing(
    campaign_id: int,
    key: str,
    group: str = "waiting",
    *,
    path: str | None = None,
    before_id: int | None = None,
    limit: int = PAGE,
) -> Sequence[Standing]:
    """A page of the contacts behind a count of the event *key*, the newest step first.

    *group* is waiting, done, failed or skipped; of done, *path* may choose. Raises
    NotFound and BadInput.
    """
    if group not in GROUPS:
        raise BadInput("group", "is not known", value=group, mend=f"Use {', '.join(GROUPS)}.")
    event = db.session.scalar(
        select(CampaignEvent).where(
            CampaignEvent.campaign_id == campaign_id, CampaignEvent.key == key
        )
    )
    if event is None:
        raise NotFound(f"Campaign {campaign_id} has no event {key!r}.")
    ways = [path] if path is not None else known_paths(event)
    pages = [
        page_of(event.id, status, way, before_id, limit)
        for status in GROUPS[group]
        for way in (ways if status not in LIVE else [None])
    ]
    picked = union_all(*(select(page.subquery().c.id) for page in pages)).subquery()
    query = (
        select(CampaignStep, Contact)
        .join(Contact, Contact.id == CampaignStep.contact_id)
        .where(CampaignStep.id.in_(select(picked.c.id)))
        .order_by(CampaignStep.id.desc())
        .limit(limit)
    )
    return [standing(step, contact) for step, contact in db.session.execute(query)]


def known_paths(event: CampaignEvent) -> list[str | None]:
    """The paths that its steps can have taken; None for those that were cut off."""
    type_ = EventTypes().get(event.type)
    if type_ is not None:
        return [None, *{"", FAILED_PATH.key, *(path.key for path in type_.paths)}]
    taken = select(CampaignStep.path).where(CampaignStep.event_id == event.id)
    return list(db.session.scalars(taken.distinct()))


def page_of(
    event_id: int, status: str, path: str | None, before_id: int | None, limit: int
) -> Select[Any]:
    """The newest ids of one status and path, read off the index in order."""
    query = (
        select(CampaignStep.id)
        .where(
            CampaignStep.event_id == event_id,
            CampaignStep.status == status,
            CampaignStep.path.is_(None) if path is None else CampaignStep.path == path,
        )
        .order_by(CampaignStep.id.desc())
        .limit(limit)
    )
    return query if before_id is None else query.where(CampaignStep.id < before_id)


def standing(step: CampaignStep, contact: Contact) -> Standing:
    return Standing(
        step.id,
        contact.id,
        contact.name,
        contact.mobile or "",
        step.status,
        step.path or "",
        step.done_at or step.begun_at or step.opened_at,
        step.due_at if step.status in LIVE else None,
        step.detail,
    )
