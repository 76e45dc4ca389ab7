"""Picking steps that are due, and ending them: a few statements for many contacts.

Whatever a step does to the database happens in the transaction that ends it and
lays the next ones, so that none is taken twice and none is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.course import Course, Stop
from heliograph.campaigns.laying import lay_after
from heliograph.campaigns.leavers import is_leaving
from heliograph.campaigns.models import (
    ACTIVE,
    CANCELLED,
    DONE,
    FINISHED,
    GONE,
    LIVE,
    OPEN,
    TIMED,
    CampaignMember,
    CampaignStep,
)
from heliograph.db import change_rows, db, dialect_name, table_of
from heliograph.lookups import one_of, read_rows
from heliograph.sentences import Sentence

NEEDED = (
    *("id", "campaign_id", "event_id", "contact_id", "rotation"),
    *("due_at", "attempts", "claim", "delivery_id"),
)
LEFT_WORDS = Sentence("The contact is not in the campaign any more.")


def is_one_of(column: Any, words: Iterable[str]) -> ColumnElement[bool]:
    """SQL with the words written out, so that partial indexes are found by them."""
    found: ColumnElement[bool] = column.in_([literal_column(f"'{word}'") for word in words])
    return found


def is_timed(column: Any) -> ColumnElement[bool]:
    return is_one_of(column, TIMED)


def pick(
    stop: Stop, statuses: Sequence[str], now: datetime, limit: int, bounds: Bounds
) -> list[Any]:
    """Lock the next due steps at an event; those that others hold are passed over.

    A contact is there once, for what a batch does to a contact it must do once.
    """
    steps = table_of(CampaignStep).c
    query = select(*(steps[name] for name in NEEDED)).where(
        steps.event_id == stop.id,
        is_timed(steps.status),
        is_one_of(steps.status, statuses),
        *bounds.of(steps.contact_id),
    )
    if not stop.gone:
        query = query.where(steps.due_at <= now)
    query = query.order_by(steps.due_at).limit(limit)
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)
    return once_each(read_rows(query))


def pick_ids(ids: Sequence[int], statuses: Sequence[str]) -> list[Any]:
    """Lock these steps, as long as they are in one of *statuses*."""
    steps = table_of(CampaignStep).c
    query = select(*(steps[name] for name in NEEDED)).where(
        one_of(steps.id, ids), is_one_of(steps.status, statuses)
    )
    query = query.order_by(steps.id)
    return read_rows(query.with_for_update() if dialect_name() == "postgresql" else query)


def still_in(campaign_id: int, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Those of *rows* whose contacts are still members; the steps of others end."""
    query = select(CampaignMember.contact_id).where(
        CampaignMember.campaign_id == campaign_id,
        one_of(CampaignMember.contact_id, [row.contact_id for row in rows]),
        or_(CampaignMember.status.in_(GONE), is_leaving()),
    )
    gone = set(db.session.scalars(query))
    if not gone:
        return list(rows)
    cancel([row for row in rows if row.contact_id in gone], LEFT_WORDS, now)
    return [row for row in rows if row.contact_id not in gone]


def once_each(rows: Sequence[Any]) -> list[Any]:
    """One row of each contact; another rotation of it waits for the next batch."""
    found: dict[int, Any] = {}
    for row in rows:
        found.setdefault(row.contact_id, row)
    return list(found.values())


def ids_of(rows: Iterable[Any]) -> list[int]:
    return [row.id for row in rows]


def end_steps(
    course: Course,
    stop: Stop,
    rows: Sequence[Any],
    now: datetime,
    *,
    path: str = "",
    status: str = DONE,
    reason: str = "",
    detail: str = "",
) -> None:
    """End steps by *path* and lay the next; members without any are finished.

    Runs inside the transaction that holds the rows.
    """
    if not rows:
        return
    ids = ids_of(rows)
    ended = {"status": status, "path": path, "reason": reason[:24], "detail": detail}
    began = func.coalesce(CampaignStep.begun_at, now)
    change_rows(
        update(CampaignStep)
        .where(one_of(CampaignStep.id, ids))
        .values(**ended, begun_at=began, done_at=now, claim=None)
    )
    go_on(course, course.after(stop, path), rows, now)


def go_on(course: Course, stops: Sequence[Stop], rows: Sequence[Any], now: datetime) -> None:
    """Lay *stops* before the contacts of *rows*; with none, they may be finished."""
    if not stops:
        finish_members(course, [row.contact_id for row in rows], now)
        return
    ids, contact_ids = ids_of(rows), [row.contact_id for row in rows]
    for stop in stops:
        lay_after(course, stop, ids, contact_ids, now)


def cancel(rows: Sequence[Any], words: str, now: datetime) -> None:
    """End steps for good, with nothing after them."""
    if rows:
        steps = update(CampaignStep).where(one_of(CampaignStep.id, ids_of(rows)))
        over = {"status": CANCELLED, "reason": "left", "detail": words, "done_at": now}
        change_rows(steps.values(**over, claim=None))


def finish_members(course: Course, contact_ids: Collection[int], now: datetime) -> int:
    """Members with nothing left to come are through; returns how many."""
    members = [
        CampaignMember.campaign_id == course.campaign_id,
        one_of(CampaignMember.contact_id, contact_ids),
        CampaignMember.status == ACTIVE,
    ]
    if course.forks and dialect_name() == "postgresql":
        # two branches that end at once would each take the other for alive
        held = select(CampaignMember.id).where(*members).order_by(CampaignMember.contact_id)
        db.session.execute(held.with_for_update()).all()
    alive = exists().where(
        CampaignStep.contact_id == CampaignMember.contact_id,
        CampaignStep.campaign_id == course.campaign_id,
        is_one_of(CampaignStep.status, LIVE),
    )
    over = update(CampaignMember).where(*members, ~alive)
    return change_rows(over.values(status=FINISHED, ended_at=now))


def open_rows(contact_ids: Collection[int]) -> list[Any]:
    """Ids of decisions that wait for these contacts: (id, contact_id, delivery_id, event_id)."""
    steps = table_of(CampaignStep).c
    query = select(steps.id, steps.contact_id, steps.delivery_id, steps.event_id).where(
        one_of(steps.contact_id, contact_ids), is_one_of(steps.status, (OPEN,))
    )
    return read_rows(query)
