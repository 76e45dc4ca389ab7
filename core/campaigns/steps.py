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
    Select,
    and_,
    exists,
    func,
    literal_column,
    select,
    update,
)

from core.campaigns.bounds import Bounds
from core.campaigns.course import Course, Stop
from core.campaigns.laying import lay_after
from core.campaigns.models import (
    ACTIVE,
    CANCELLED,
    DONE,
    FINISHED,
    LIVE,
    OPEN,
    TIMED,
    CampaignMember,
    CampaignStep,
)
from core.contacts.models import Contact
from core.db import change_rows, db, dialect_name, table_of
from core.lookups import one_of, read_rows

NEEDED = ("id", "contact_id", "rotation", "due_at", "attempts", "claim", "delivery_id")


def is_one_of(column: Any, words: Iterable[str]) -> ColumnElement[bool]:
    """SQL with the words written out, so that partial indexes are found by them."""
    return column.in_([literal_column(f"'{word}'") for word in words])  # type: ignore[no-any-return]


def is_timed(column: Any) -> ColumnElement[bool]:
    return is_one_of(column, TIMED)


def pick(
    stop: Stop, statuses: Sequence[str], now: datetime, limit: int, bounds: Bounds
) -> list[Any]:
    """Lock the next due steps at an event; those that others hold are passed over.

    Each row has the columns NEEDED, `zone` of the contact and `member`: the status
    of its membership, None when it has none. A contact is there once, for what one
    batch does to a contact it must do once.
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
    return once_each(locked(query.order_by(steps.due_at).limit(limit)))


def pick_ids(ids: Sequence[int], statuses: Sequence[str]) -> list[Any]:
    """Lock these steps, as long as they are in one of *statuses*; else as `pick`."""
    steps = table_of(CampaignStep).c
    query = select(*(steps[name] for name in NEEDED), steps.event_id, steps.campaign_id)
    mine = (one_of(steps.id, ids), is_one_of(steps.status, statuses))
    return locked(query.where(*mine).order_by(steps.id), wait=True)


def locked(query: Select[Any], *, wait: bool = False) -> list[Any]:
    """The rows of *query*, locked, with `zone` and `member`."""
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=not wait)
    picked = query.add_columns(*missing_columns(query)).cte("picked")
    members, contacts = table_of(CampaignMember).c, table_of(Contact).c
    own = and_(
        members.campaign_id == picked.c.campaign_id, members.contact_id == picked.c.contact_id
    )
    whole = (
        select(*picked.c, contacts.timezone.label("zone"), members.status.label("member"))
        .select_from(picked)
        .join(table_of(Contact), contacts.id == picked.c.contact_id)
        .outerjoin(table_of(CampaignMember), own)
    )
    return read_rows(whole)


def missing_columns(query: Select[Any]) -> list[ColumnElement[Any]]:
    there = query.selected_columns.keys()
    return [] if "campaign_id" in there else [table_of(CampaignStep).c.campaign_id]


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
    ids, zones = ids_of(rows), {row.zone for row in rows}
    for stop in stops:
        lay_after(course, stop, ids, now, zones)


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
