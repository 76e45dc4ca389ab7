"""One batch of contacts at one event: picked, dealt with, ended, in one transaction."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from heliograph.actions import Action, ActionBatch, Outcome, Outcomes, Result
from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.course import Course, Stop
from heliograph.campaigns.decisions import Asked, open_steps, take
from heliograph.campaigns.hearing import while_opening
from heliograph.campaigns.hours import within_hours
from heliograph.campaigns.models import OPEN, RUNNING, SKIPPED, WAITING, CampaignStep
from heliograph.campaigns.queueing import skip_texts
from heliograph.campaigns.sending import fail_steps, send_texts
from heliograph.campaigns.steps import end_steps, ids_of, pick, pick_ids, still_in
from heliograph.db import change_rows, retried_transaction, utcnow
from heliograph.errors import BadInput, HeliographError, plain_words
from heliograph.events import Batch, Condition, Place
from heliograph.host.guard import guarded
from heliograph.lookups import one_of
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

TRIES = 8  # about a day, by the waits between
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done at one event. `made` is None where the event was deleted."""

    course: Course
    stop: Stop
    made: Action | Asked | Condition | None
    config: Any = None
    late_before: datetime | None = None

    @property
    def is_outside(self) -> bool:
        """Whether it calls what is not the database."""
        return isinstance(self.made, Action) and self.made.run_many is None

    @property
    def statuses(self) -> tuple[str, ...]:
        """Of the steps that it is for."""
        return (WAITING, RUNNING, OPEN) if self.made is None else (WAITING, RUNNING)

    @property
    def holds_decisions(self) -> bool:
        """Whether its steps are decisions, or may have been."""
        return self.made is None or isinstance(self.made, Asked)


def run_batch(work: Work, limit: int, bounds: Bounds) -> int:
    """Deal with the next contacts who are due at the event; returns how many there were.

    A contact that makes it fail is found and waits; all others go on.
    """
    rows: list[Any] = []

    def whole() -> None:
        if work.holds_decisions:
            while_opening()
        now = utcnow()
        rows[:] = pick(work.stop, work.statuses, now, limit, bounds)
        if rows:
            deal_with(work, rows, now)

    try:
        retried_transaction(whole)
    except OperationalError:
        raise
    except Exception as error:
        isolate(work, ids_of(rows), error)
    return len(rows)


def time_out(work: Work, limit: int, bounds: Bounds) -> int:
    """Let contacts go on by the path no whose time to decide is over; returns how many."""
    rows: list[Any] = []

    def whole() -> None:
        while_opening()
        now = utcnow()
        rows[:] = pick(work.stop, (OPEN,), now, limit, bounds)
        if rows:
            take(work.course, work.stop, rows, now, path="no")

    retried_transaction(whole)
    return len(rows)


def isolate(work: Work, ids: Sequence[int], error: Exception) -> None:
    """Find out who makes the batch fail, by halves; a fault of the event is everybody's."""
    if not ids:
        raise error
    if isinstance(error, HeliographError) or len(ids) == 1:
        if not isinstance(error, HeliographError):
            log.error("event %s failed for a contact", work.stop.id, exc_info=error)
        retried_transaction(partial(note_fault, work, ids, words_of(error)))
        return
    middle = len(ids) // 2
    for half in (ids[:middle], ids[middle:]):
        try:
            retried_transaction(partial(deal_again, work, half))
        except OperationalError:
            raise
        except Exception as fault:
            isolate(work, half, fault)


def deal_again(work: Work, ids: Sequence[int]) -> None:
    if work.holds_decisions:
        while_opening()
    rows = pick_ids(ids, work.statuses)
    if rows:
        deal_with(work, rows, utcnow())


def note_fault(work: Work, ids: Sequence[int], words: str) -> None:
    rows = pick_ids(ids, work.statuses)
    postpone(work, rows, utcnow(), "fault", words, tries=TRIES)


def words_of(error: Exception) -> str:
    if isinstance(error, BadInput):
        return plain_words(error)
    if isinstance(error, HeliographError):
        return error.message.partition(" Run: ")[0]  # people read it on pages
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def deal_with(work: Work, rows: Sequence[Any], now: datetime) -> None:
    """Do what the event does to the contacts of *rows*. Inside their transaction."""
    course, stop = work.course, work.stop
    rows = still_in(course.campaign_id, rows, now)
    if work.made is not None:
        rows = within_hours(course, stop, rows, now, work.late_before)
    if not rows:
        return
    if work.made is None:
        words = Sentence("The event was deleted.")
        end_steps(course, stop, rows, now, status=SKIPPED, reason="deleted", detail=words)
    elif isinstance(work.made, Action):
        settle(work, rows, act(work, work.made, rows, now), now)
    elif isinstance(work.made, Condition):
        choose(work, work.made, rows, now)
    else:
        open_steps(course, stop, work.made, rows, now)


def act(work: Work, action: Action, rows: Sequence[Any], now: datetime) -> Outcomes:
    if action.run_many is None:
        raise TypeError(f"{action.key} is run outside of transactions")

    def send(message_id: int, provider: str) -> Outcomes:
        late = work.late_before
        return send_texts(work.course, rows, message_id, provider, now, late_before=late)

    batch = ActionBatch(
        work.config, work.course.campaign_id, work.stop.id, places_of(rows), now, send
    )
    return guarded(action.run_many, batch) or Outcomes()


def choose(work: Work, condition: Condition, rows: Sequence[Any], now: datetime) -> None:
    batch = Batch(work.config, work.course.campaign_id, work.stop.id, places_of(rows), now)
    chosen = guarded(condition.choose, batch)
    keys = {path.key for path in condition.paths}
    by_path: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_path[chosen[row.contact_id]].append(row)
    for path, those in sorted(by_path.items()):
        if path not in keys:
            raise ValueError(f"{condition.key} chose a path {path!r} that it does not have")
        end_steps(work.course, work.stop, those, now, path=path)


def places_of(rows: Sequence[Any]) -> list[Place]:
    return [Place(row.id, row.contact_id, row.rotation, row.delivery_id) for row in rows]


def settle(work: Work, rows: Sequence[Any], outcomes: Outcomes, now: datetime) -> None:
    """End steps as their outcomes say."""
    groups: dict[Outcome, list[Any]] = defaultdict(list)
    for row in rows:
        groups[outcomes.others.get(row.contact_id, outcomes.usual)].append(row)
    for outcome, those in groups.items():
        settle_alike(work, those, outcome, now)


def settle_alike(work: Work, rows: Sequence[Any], outcome: Outcome, now: datetime) -> None:
    course, stop = work.course, work.stop
    if outcome.result is Result.SENDING:  # its text is queued, and decides
        return
    if outcome.result is Result.WAITING:
        postpone(work, rows, now, outcome.reason or "not_yet", outcome.text)
    elif outcome.result is Result.FAILED:
        fail_steps(course, stop, rows, now, outcome.reason or "failed", outcome.text)
    elif outcome.result is Result.SKIPPED:
        words = {"reason": outcome.reason, "detail": outcome.text}
        end_steps(course, stop, rows, now, status=SKIPPED, **words)
    else:
        end_steps(course, stop, rows, now, reason=outcome.reason, detail=outcome.text)


def postpone(
    work: Work,
    rows: Sequence[Any],
    now: datetime,
    reason: str,
    words: str,
    *,
    tries: int | None = None,
) -> None:
    """Let them wait, the longer the more often they have; after *tries* they fail."""
    by_attempts: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_attempts[row.attempts + 1].append(row)
    for attempts, those in by_attempts.items():
        if tries is not None and attempts >= tries:
            give_up(work, those, now, reason, words)
            continue
        wait = min(FIRST_WAIT * 4 ** min(attempts - 1, 6), LONGEST_WAIT)
        later = {"status": WAITING, "due_at": now + wait, "claim": None}
        later |= {"attempts": min(attempts, 1000), "reason": reason[:24], "detail": words}
        steps = update(CampaignStep).where(one_of(CampaignStep.id, ids_of(those)))
        change_rows(steps.values(**later))


def give_up(work: Work, rows: Sequence[Any], now: datetime, reason: str, words: str) -> None:
    """Let them go on as failed; a text that was to be sent there is skipped for good."""
    if isinstance(work.made, Action) and work.made.sends:
        message_id, provider = work.config.message_id, work.made.sends
        why = {"reason": reason, "detail": words}
        skip_texts(work.course.campaign_id, ids_of(rows), message_id, provider, now, **why)
    fail_steps(work.course, work.stop, rows, now, reason, words)
