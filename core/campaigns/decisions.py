"""Decisions: opened when a contact comes to them, taken by signals or by the wait's end."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal, null, select, update

from core.campaigns.canvas import Timing
from core.campaigns.course import Course, Stop, zone_named
from core.campaigns.events import EventTypes
from core.campaigns.heard import Heard, read_since
from core.campaigns.laying import zone_by_contact
from core.campaigns.models import OPEN, CampaignStep
from core.campaigns.steps import end_steps, ids_of, open_rows, pick_ids, still_in
from core.campaigns.timing import due, read_timing
from core.db import change_rows, table_of
from core.events import Decision, WaitConfig
from core.host.guard import guarded
from core.lookups import one_of, read_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision with its validated config."""

    made: Decision
    config: WaitConfig

    def is_taken(self, heard: Heard, step: Any) -> bool:
        if heard.kind not in self.made.waits_for:
            return False
        try:
            signal = heard.signal(step.contact_id, step.delivery_id)
            return guarded(self.made.matches, self.config, signal)
        except Exception:  # one plugin's fault must not keep others' signals waiting
            log.exception("decision %s failed for contact %s", self.made.key, step.contact_id)
            return False


def open_steps(course: Course, stop: Stop, asked: Asked, rows: Sequence[Any], now: datetime) -> int:
    """Let contacts decide from now on; what they did already counts too.

    Runs inside the transaction that holds *rows*; returns how many decided at once.
    """
    begin_wait(course, asked.config, rows, now)
    contacts = [row.contact_id for row in rows]
    deliveries = {row.delivery_id for row in rows if row.delivery_id is not None}
    since = listened_since(stop, rows)
    given = read_since(asked.made.waits_for, contacts, deliveries, min(since.values()))
    taken = decided(stop, asked, rows, by_contact(given), since)
    end_steps(course, stop, taken, now, path="yes")
    return len(taken)


def by_contact(given: Sequence[Heard]) -> dict[int, list[Heard]]:
    found: dict[int, list[Heard]] = defaultdict(list)
    for heard in given:
        found[heard.contact_id].append(heard)
    return found


def decided(
    stop: Stop,
    asked: Asked,
    rows: Sequence[Any],
    given: Mapping[int, Sequence[Heard]],
    since: Mapping[int, datetime],
) -> list[Any]:
    """Those of *rows* whose contacts did what is waited for."""
    used = used_until(stop, [row.contact_id for row in rows])
    return [
        row
        for row in rows
        if any(
            counts(heard, row, since[row.id], used.get(row.contact_id))
            and asked.is_taken(heard, row)
            for heard in given.get(row.contact_id, ())
        )
    ]


def counts(heard: Heard, row: Any, since: datetime, used: datetime | None) -> bool:
    """Whether what was heard is for this step, and not for one long ago."""
    if used is not None and heard.at <= used:
        return False
    about_text = heard.delivery_id is not None and heard.delivery_id == row.delivery_id
    return about_text or heard.at >= since


def begin_wait(course: Course, config: WaitConfig, rows: Sequence[Any], now: datetime) -> None:
    opened = update(CampaignStep).where(one_of(CampaignStep.id, ids_of(rows)))
    until = end_of_wait(course, config, rows, now)
    change_rows(opened.values(status=OPEN, begun_at=now, due_at=until))


def end_of_wait(course: Course, config: WaitConfig, rows: Sequence[Any], now: datetime) -> Any:
    """SQL: when the path no is taken, by the contact's zone where that matters."""
    if not config.wait_amount:
        return null()
    plan = read_timing(Timing(mode="interval", amount=config.wait_amount, unit=config.wait_unit))
    columns = table_of(CampaignStep).c
    if not plan.by_zone:
        return literal(due(plan, now, course.zone), columns.due_at.type)
    zones = zone_by_contact([row.contact_id for row in rows])
    moments: dict[datetime, list[int]] = defaultdict(list)
    for row in rows:
        zone = zone_named(zones.get(row.contact_id, ""), course.zone)
        moments[due(plan, now, zone)].append(row.id)
    ends = [
        (one_of(columns.id, ids), literal(moment, columns.due_at.type))
        for moment, ids in moments.items()
    ]
    return ends[0][1] if len(ends) == 1 else case(*ends)


def listened_since(stop: Stop, rows: Sequence[Any]) -> dict[int, datetime]:
    """From when on it counts what a contact did, by step: since the event before began.

    That is when its step was laid, if it happened at once, else when it was done.
    """
    steps = table_of(CampaignStep)
    parent = steps.alias("parent")
    same = (
        (parent.c.contact_id == steps.c.contact_id)
        & (parent.c.event_id == stop.parent_id)
        & (parent.c.rotation == steps.c.rotation)
    )
    began = func.coalesce(
        case((parent.c.due_at <= parent.c.opened_at, parent.c.opened_at), else_=None),
        parent.c.begun_at,
        steps.c.opened_at,
    )
    query = (
        select(steps.c.id, began.label("since"))
        .select_from(steps.outerjoin(parent, same))
        .where(one_of(steps.c.id, ids_of(rows)))
    )
    return {row.id: row.since for row in read_rows(query)}


def used_until(stop: Stop, contact_ids: Collection[int]) -> Mapping[int, datetime]:
    """When these contacts last came out of this decision, in an earlier rotation."""
    columns = table_of(CampaignStep).c
    query = (
        select(columns.contact_id, func.max(columns.done_at).label("at"))
        .where(
            one_of(columns.contact_id, contact_ids),
            columns.event_id == stop.id,
            columns.done_at.is_not(None),
        )
        .group_by(columns.contact_id)
    )
    return {row.contact_id: row.at for row in read_rows(query)}


def hear(
    given: Sequence[Heard], types: EventTypes, course_of: Callable[[int], Course], now: datetime
) -> int:
    """Take the decisions that *given* decide; returns how many. Inside a transaction.

    Held campaigns too: their next steps wait, but what the contact did is not lost.
    """
    theirs = by_contact(given)
    waiting = open_rows(theirs)
    if not waiting:
        return 0
    held = pick_ids(ids_of(waiting), (OPEN,))
    groups: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in held:
        groups[row.campaign_id, row.event_id].append(row)
    taken = 0
    for (campaign_id, event_id), rows in sorted(groups.items()):
        course = course_of(campaign_id)
        stop = course.stops.get(event_id)
        asked = ask(stop, types) if stop is not None and not stop.gone else None
        if stop is None or asked is None:
            continue
        yes = decided(stop, asked, rows, theirs, listened_since(stop, rows))
        taken += take(course, stop, yes, now, path="yes")
    return taken


def take(course: Course, stop: Stop, rows: Sequence[Any], now: datetime, *, path: str) -> int:
    """Let contacts go on by *path*; who is out meanwhile ends here."""
    still = still_in(course.campaign_id, rows, now)
    end_steps(course, stop, still, now, path=path)
    return len(still)


def ask(stop: Stop, types: EventTypes) -> Asked | None:
    """The decision of this event; None while it cannot be asked."""
    type_ = types.get(stop.type)
    if type_ is None or not type_.available or not isinstance(type_.made, Decision):
        return None
    try:
        config = type_.read(stop.config)
    except ValueError:
        return None
    return Asked(type_.made, config) if isinstance(config, WaitConfig) else None
