"""The engine: goes round the events at which contacts are due, a slice at a time.

Any number of processes may run it at once: they pass over each other's rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, exists, literal, or_, select

from heliograph.actions import Action
from heliograph.campaigns.batches import Work, run_batch, time_out
from heliograph.campaigns.bounds import EVERYBODY, Bounds
from heliograph.campaigns.course import Course, Courses, Stop
from heliograph.campaigns.decisions import ask
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.kickoff import kick_off
from heliograph.campaigns.models import (
    DECISION,
    NEW,
    Campaign,
    CampaignEvent,
    CampaignMember,
    CampaignStep,
)
from heliograph.campaigns.outside import run_outside
from heliograph.campaigns.react import is_called_for, react
from heliograph.campaigns.sending import HELD_BY, late_limit, why_no_text
from heliograph.campaigns.steps import is_timed
from heliograph.db import db, utcnow
from heliograph.events import Condition
from heliograph.host.guard import guarded
from heliograph.host.state import forget_states
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

BATCH = 1000
SLICE = 0.25  # seconds for one event, until others have their turn
LISTEN = 0.1  # seconds between two looks at what contacts did

ENDING = "heliograph_ending"
KICKOFF, SCHEDULED, INACTIVE, OUTSIDE = "kickoff", "scheduled", "inactive", "outside"
ALL_PHASES = frozenset({KICKOFF, SCHEDULED, INACTIVE, OUTSIDE})
INSIDE = ALL_PHASES - {OUTSIDE}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which campaigns, contacts and phases a run is about."""

    only: int | None = None
    excluded: Collection[int] = ()
    bounds: Bounds = EVERYBODY
    phases: frozenset[str] = ALL_PHASES
    batch: int = BATCH

    def campaigns(self, now: datetime) -> list[ColumnElement[bool]]:
        """SQL on Campaign: it is in scope, published, and open now."""
        found: list[ColumnElement[bool]] = [
            Campaign.published.is_(True),
            or_(Campaign.publish_up.is_(None), Campaign.publish_up <= now),
            or_(Campaign.publish_down.is_(None), Campaign.publish_down > now),
        ]
        if self.only is not None:
            found.append(Campaign.id == self.only)
        if self.excluded:
            found.append(Campaign.id.not_in(list(self.excluded)))
        return found


@dataclass(slots=True)
class Tally:
    """What a run did: members begun, contacts at events, decisions by time, reactions."""

    begun: int = 0
    steps: int = 0
    timed_out: int = 0
    reactions: int = 0
    parked: dict[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.begun + self.steps + self.timed_out + self.reactions

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.begun + other.begun,
            self.steps + other.steps,
            self.timed_out + other.timed_out,
            self.reactions + other.reactions,
            self.parked | other.parked,
        )

    def __str__(self) -> str:
        return (
            f"{self.begun} begun, {self.steps} steps, {self.timed_out} timed out, "
            f"{self.reactions} reactions"
        )


class Engine:
    """One run; it is good for one thread."""

    def __init__(self, scope: Scope | None = None) -> None:
        self._scope = scope or Scope()
        self._courses = Courses()
        self._types = EventTypes()
        self._listened = 0.0
        self.tally = Tally()

    def run(self, *, seconds: float | None = None) -> Tally:
        """Go round until nothing is due, or *seconds* are over."""
        end = None if seconds is None else time.monotonic() + seconds
        while self.go_round() and not is_ending() and (end is None or time.monotonic() < end):
            pass
        return self.tally

    def go_round(self) -> int:
        """Give each event that has work a slice; returns how much was done."""
        before = self.tally.total
        db.session.rollback()
        forget_states()
        self._types = EventTypes()
        self.tally.parked.clear()
        self.react()
        if KICKOFF in self._scope.phases:
            self._kick_off()
        for course, stop, late in self._due_stops():
            self._serve(course, stop, late)
        return self.tally.total - before

    def react(self) -> None:
        """Take in what contacts did, when there is anything."""
        self._listened = time.monotonic()
        if is_called_for():
            self.tally.reactions += react(self._types, self._courses)

    def _kick_off(self) -> None:
        now = utcnow()
        waiting = exists().where(
            CampaignMember.campaign_id == Campaign.id,
            CampaignMember.status == literal(NEW, literal_execute=True),
            *self._scope.bounds.of(CampaignMember.contact_id),
        )
        query = select(Campaign.id).where(*self._scope.campaigns(now), waiting)
        for campaign_id in db.session.scalars(query.order_by(Campaign.id.desc())).all():
            course = self._courses.get(campaign_id)
            work = lambda: kick_off(course, self._scope.batch, self._scope.bounds)  # noqa: B023, E731
            self.tally.begun += self._slice(work)

    def _due_stops(self) -> list[tuple[Course, Stop, datetime | None]]:
        """Events at which somebody is due, the newest campaign first; see `late_limit`."""
        found, now = [], utcnow()
        for row in db.session.execute(due_events(self._scope, now)).all():
            course = self._courses.get(row.campaign_id)
            late = late_limit(row, now)
            if row.event_id in course.stops:
                found.append((course, course.stops[row.event_id], late))
        return found

    def _serve(self, course: Course, stop: Stop, late: datetime | None) -> None:
        work = self._work(course, stop, late)
        if work is None:
            return
        scope = self._scope
        if work.is_outside:
            if OUTSIDE in scope.phases:
                self.tally.steps += self._slice(
                    lambda: run_outside(work, scope.batch, scope.bounds)
                )
            return
        if SCHEDULED in scope.phases:
            self.tally.steps += self._slice(lambda: run_batch(work, scope.batch, scope.bounds))
        if INACTIVE in scope.phases and stop.kind == DECISION and not stop.gone:
            self.tally.timed_out += self._slice(lambda: time_out(work, scope.batch, scope.bounds))

    def _work(self, course: Course, stop: Stop, late: datetime | None) -> Work | None:
        """What is to be done there; None while contacts have to wait before it."""
        if stop.gone:
            return Work(course, stop, None)
        why = why_parked(stop, self._types, utcnow())
        if why:
            self.tally.parked[stop.id] = why
            return None
        type_ = self._types.find(stop.type)
        if isinstance(type_.made, Action | Condition):
            return Work(course, stop, type_.made, type_.read(stop.config), late)
        asked = ask(stop, self._types)
        return Work(course, stop, asked) if asked else None

    def _slice(self, work: Callable[[], int]) -> int:
        """Repeat *work* until it finds nothing, or its time is over; what it did."""
        end = time.monotonic() + SLICE
        total = 0
        while done := work():
            total += done
            if time.monotonic() > end or is_ending():
                break
            if time.monotonic() > self._listened + LISTEN:
                self.react()
        return total


def is_ending() -> bool:
    """Whether this process is about to end: what is begun is finished, no more."""
    return bool(current_app.extensions.get(ENDING))


def why_parked(stop: Stop, types: EventTypes, now: datetime) -> str:
    """Why contacts have to wait before this event, whatever their time; "" when not."""
    why = types.why_not(stop.type)
    if why:
        return why
    type_ = types.find(stop.type)
    try:
        config: Any = type_.read(stop.config)
    except ValueError:
        return Sentence("Its form does not fit any more. Open it in the builder, and publish.")
    if isinstance(type_.made, Action) and type_.made.sends:
        return why_no_text(config.message_id, type_.made.sends, now)
    if isinstance(type_.made, Action) and type_.made.ready is not None:
        return why_not_ready(type_.made, type_.made.ready, config)
    return ""


def why_not_ready(action: Action, ready: Callable[[Any], str], config: Any) -> str:
    """What the action says itself; while its code fails contacts wait."""
    try:
        return str(guarded(ready, config) or "")
    except Exception as error:
        log.exception("action %s failed to tell whether it is ready", action.key)
        return f"Its plugin failed: {type(error).__name__}. The log says more."


def due_events(scope: Scope, now: datetime) -> Any:
    """Events of open campaigns at which somebody is due, with what a hold made late.

    At a deleted event, everybody is: they go on elsewhere.
    """
    mine = (
        CampaignStep.event_id == CampaignEvent.id,
        is_timed(CampaignStep.status),
        *scope.bounds.of(CampaignStep.contact_id),
    )
    due = exists().where(*mine, CampaignStep.due_at <= now)
    left_behind = and_(CampaignEvent.deleted_at.is_not(None), exists().where(*mine))
    return (
        select(
            CampaignEvent.id.label("event_id"),
            Campaign.id.label("campaign_id"),
            *(getattr(Campaign, name) for name in HELD_BY),
        )
        .join(CampaignEvent, CampaignEvent.campaign_id == Campaign.id)
        .where(*scope.campaigns(now), or_(due, left_behind))
        .order_by(Campaign.id.desc(), CampaignEvent.position, CampaignEvent.id)
    )
