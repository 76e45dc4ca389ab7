"""Decisions: opened when a contact comes to them, taken by signals or by the wait's end."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, literal, null, update

from heliograph.campaigns.canvas import Timing
from heliograph.campaigns.course import Course, Stop, zone_named
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.heard import Heard, read_since
from heliograph.campaigns.laying import zone_by_contact
from heliograph.campaigns.memory import Memory, remember
from heliograph.campaigns.models import OPEN, CampaignStep
from heliograph.campaigns.steps import end_steps, ids_of, open_rows, pick_ids, still_in
from heliograph.campaigns.timing import Plan, due, read_timing
from heliograph.db import change_rows, table_of
from heliograph.events import Decision, Signal, WaitConfig
from heliograph.host.guard import guarded
from heliograph.lookups import one_of
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)


RULED_OUT = "ruled_out"
RULED_OUT_WORDS = Sentence("What it waited for cannot happen any more.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision with its validated config."""

    made: Decision
    config: WaitConfig

    def is_taken(self, signal: Signal) -> bool:
        return self._says(self.made.matches, signal)

    def is_ruled_out(self, signal: Signal) -> bool:
        return self.made.rules_out is not None and self._says(self.made.rules_out, signal)

    def _says(self, question: Callable[[Any, Signal], bool], signal: Signal) -> bool:
        if signal.kind not in self.made.waits_for:
            return False
        try:
            return guarded(question, self.config, signal)
        except Exception:  # one plugin's fault must not keep others' signals waiting
            log.exception("decision %s failed for contact %s", self.made.key, signal.contact_id)
            return False


def open_steps(course: Course, stop: Stop, asked: Asked, rows: Sequence[Any], now: datetime) -> int:
    """Let contacts decide from now on; what they did already counts too.

    Runs inside the transaction that holds *rows*; returns how many decided at once.
    """
    begin_wait(course, asked.config, rows, now)
    contacts = [row.contact_id for row in rows]
    deliveries = {row.delivery_id for row in rows if row.delivery_id is not None}
    memory = remember(course, stop, asked.made, asked.config, rows)
    given = read_since(asked.made.waits_for, contacts, deliveries, min(memory.since.values()))
    taken, ruled_out = decided(course, asked, rows, by_contact(given), memory, now)
    end_steps(course, stop, taken, now, path="yes")
    end_ruled_out(course, stop, ruled_out, now)
    return len(taken) + len(ruled_out)


def end_ruled_out(course: Course, stop: Stop, rows: Sequence[Any], now: datetime) -> None:
    words = {"reason": RULED_OUT, "detail": RULED_OUT_WORDS}
    end_steps(course, stop, rows, now, path="no", **words)


def by_contact(given: Sequence[Heard]) -> dict[int, list[Heard]]:
    found: dict[int, list[Heard]] = defaultdict(list)
    for heard in given:
        found[heard.contact_id].append(heard)
    return found


def decided(
    course: Course,
    asked: Asked,
    rows: Sequence[Any],
    given: Mapping[int, Sequence[Heard]],
    memory: Memory,
    now: datetime,
) -> tuple[list[Any], list[Any]]:
    """Those of *rows* whose contacts did what is waited for, and those who never will."""
    taken, ruled_out = [], []
    for row in rows:
        signals = memory.signals(given.get(row.contact_id, ()), row)
        if any(asked.is_taken(signal) for signal in signals):
            taken.append(row)
        elif any(asked.is_ruled_out(signal) for signal in signals):
            ruled_out.append(row)
    early = back_early(course, asked.config, ruled_out, memory.used, now) if ruled_out else set()
    return taken, [row for row in ruled_out if row.id not in early]


def back_early(
    course: Course,
    config: WaitConfig,
    rows: Sequence[Any],
    used: Mapping[int, datetime],
    now: datetime,
) -> set[int]:
    """The steps of contacts who came out of the decision less than its wait ago.

    They wait: a jump on the path no would take them round for ever.
    """
    plan = plan_of_wait(config)
    back = [row for row in rows if row.contact_id in used]
    if plan is None or not back:
        return set(ids_of(back))
    zones = zone_by_contact([row.contact_id for row in back])
    return {
        row.id
        for row in back
        if due(
            plan,
            used[row.contact_id],
            zone_named(zones.get(row.contact_id, ""), course.zone),
        )
        > now
    }


def plan_of_wait(config: WaitConfig) -> Plan | None:
    """None waits for ever."""
    if not config.wait_amount:
        return None
    return read_timing(Timing(mode="interval", amount=config.wait_amount, unit=config.wait_unit))


def begin_wait(course: Course, config: WaitConfig, rows: Sequence[Any], now: datetime) -> None:
    opened = update(CampaignStep).where(one_of(CampaignStep.id, ids_of(rows)))
    until = end_of_wait(course, config, rows, now)
    change_rows(opened.values(status=OPEN, begun_at=now, due_at=until))


def end_of_wait(course: Course, config: WaitConfig, rows: Sequence[Any], now: datetime) -> Any:
    """SQL: when the path no is taken, by the contact's zone where that matters."""
    plan = plan_of_wait(config)
    if plan is None:
        return null()
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
        memory = remember(course, stop, asked.made, asked.config, rows)
        yes, ruled_out = decided(course, asked, rows, theirs, memory, now)
        taken += take(course, stop, yes, now, path="yes")
        end_ruled_out(course, stop, still_in(campaign_id, ruled_out, now), now)
        taken += len(ruled_out)
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
