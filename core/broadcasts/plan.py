"""Planning: one queued delivery per eligible contact, in set-based SQL.

Contacts are walked in ranges of their id, a transaction each, so that planning
is linear and never holds the database for long. It may run twice at once or be
cut off anywhere: the unique keys of the ledger keep each person to one text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from heliograph.broadcasts.models import RUNNING, Broadcast, BroadcastSkip
from heliograph.contacts.models import NUMBER_OK, Contact
from heliograph.db import change_rows, db, dialect_name, insert_selected, transaction, utcnow
from heliograph.deliveries.models import OPEN, QUEUED, UNKNOWN, WITH_PROVIDER, Delivery
from heliograph.deliveries.rules import FrequencyCap, parse_frequency_cap
from heliograph.dnc import SMS, Dnc
from heliograph.installation import current_settings
from heliograph.messages.models import text_message_segments
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember

RANGE = 50_000
LEASE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Planned:
    """How many texts the plan queued now."""

    queued: int


def plan_broadcast(broadcast_id: int) -> Planned | None:
    """Queue what is not planned yet; None when another process is planning it."""
    if not take_planning(broadcast_id, utcnow()):
        return None
    segments = segment_ids(broadcast_id)
    begun = settled_members(segments)
    queued, low, whole = 0, 0, False
    try:
        while (high := range_end(segments, low)) is not None:
            added = plan_range(broadcast_id, segments, low, high)
            if added is None:
                break
            queued += added
            low = high
        whole = high is None
    finally:
        end_planning(broadcast_id, begun if whole else None)
    return Planned(queued)


def settled_members(segments: list[int]) -> datetime:
    """Wait for those who are adding members right now; the time after that.

    Members whose time of adding is later than that are late joiners, so that
    nobody falls between an uncommitted member and a plan that did not see it.
    """
    with transaction() as session:
        lock = select(Segment.id).where(Segment.id.in_(segments)).with_for_update(read=True)
        session.execute(lock).all()
        return utcnow()


def end_planning(broadcast_id: int, planned_at: datetime | None) -> None:
    with transaction() as session:
        broadcast = session.get_one(Broadcast, broadcast_id, populate_existing=True)
        broadcast.planning_until = None
        if planned_at is not None:
            broadcast.planned_at = planned_at
        session.flush()


def take_planning(broadcast_id: int, now: datetime) -> bool:
    with transaction():
        taken = change_rows(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                or_(Broadcast.planning_until.is_(None), Broadcast.planning_until < now),
            )
            .values(planning_until=now + LEASE)
        )
        return bool(taken)


def segment_ids(broadcast_id: int) -> list[int]:
    links = text_message_segments.c
    query = select(links.segment_id).where(links.message_id == broadcast_id)
    return sorted(db.session.scalars(query))


def members(segments: list[int], low: int, high: int | None = None) -> Select[Any]:
    """Contact ids of the segments, above *low* and up to *high*."""
    one_of: ColumnElement[bool] = SegmentMember.segment_id.in_(segments)
    if len(segments) == 1:  # so that the database reads them in the order of the key
        one_of = SegmentMember.segment_id == segments[0]
    query = select(SegmentMember.contact_id).where(
        one_of, SegmentMember.origin != LEFT_OUT, SegmentMember.contact_id > low
    )
    return query if high is None else query.where(SegmentMember.contact_id <= high)


def range_end(segments: list[int], low: int) -> int | None:
    """The last contact id of the next range, or None when all are walked.

    Each segment is read by its key, so that this costs the same at any size.
    """
    full, rest = [], []
    for segment in segments:
        ids = members([segment], low).order_by(SegmentMember.contact_id).limit(RANGE).subquery()
        end, count = db.session.execute(select(func.max(ids.c.contact_id), func.count())).one()
        if count == RANGE:
            full.append(end)
        elif count:
            rest.append(end)
    if full:
        return int(min(full))
    return int(max(rest)) if rest else None


def plan_range(broadcast_id: int, segments: list[int], low: int, high: int) -> int | None:
    """Plan one range; returns how many texts were queued, None when it was held."""
    now = utcnow()
    cap = parse_frequency_cap(current_settings().frequency_cap)
    with transaction() as session:
        broadcast = session.get_one(Broadcast, broadcast_id, populate_existing=True)
        if broadcast.status != RUNNING:
            return None
        broadcast.planning_until = now + LEASE
        session.flush()
        reason = skip_reason(broadcast, cap, now)
        chosen = Contact.id.in_(members(segments, low, high))
        queued = insert_deliveries(broadcast, chosen, reason, now)
        store_skips(session, broadcast, chosen, reason, now)
        change_rows(
            delete(BroadcastSkip).where(
                BroadcastSkip.broadcast_id == broadcast_id,
                BroadcastSkip.contact_id.between(low + 1, high),
                planned(broadcast_id, BroadcastSkip.contact_id),
            )
        )
    return queued


def skip_reason(
    broadcast: Broadcast, cap: FrequencyCap | None, now: datetime
) -> ColumnElement[str | None]:
    """SQL: why a contact is left out, or NULL. The first reason counts."""
    on_list = exists().where(Dnc.channel == SMS, Dnc.number == Contact.mobile)
    received = exists().where(
        Delivery.contact_id == Contact.id,
        Delivery.message_id == broadcast.id,
        Delivery.source != "test",
        Delivery.status.in_((*OPEN, UNKNOWN, *WITH_PROVIDER)),
        or_(Delivery.broadcast_id.is_(None), Delivery.recipient_id != Contact.id),
    )
    reasons = [
        (or_(Contact.mobile.is_(None), Contact.mobile == ""), "no_number"),
        (Contact.number_status != NUMBER_OK, "invalid_number"),
        (on_list, "dnc"),
        (received, "already_received"),
    ]
    if cap is not None:
        reasons.append((cap.reached(now), "frequency_cap"))
    return case(*reasons, else_=None)


def planned(broadcast_id: int, contact_id: ColumnElement[int] | object) -> ColumnElement[bool]:
    return exists().where(
        and_(Delivery.broadcast_id == broadcast_id, Delivery.recipient_id == contact_id)
    )


def insert_deliveries(
    broadcast: Broadcast,
    chosen: ColumnElement[bool],
    reason: ColumnElement[str | None],
    now: datetime,
) -> int:
    columns: dict[str, Any] = {
        "source": literal("broadcast"),
        "source_id": literal(broadcast.id),
        "broadcast_id": literal(broadcast.id),
        "message_id": literal(broadcast.id),
        "recipient_id": Contact.id,
        "contact_id": Contact.id,
        "number": Contact.mobile,
        "provider": literal(broadcast.provider),
        "sender": literal(broadcast.sender),
        "encoding": literal(""),
        "parts": literal(0),
        "status": literal(QUEUED),
        "reason": literal(""),
        "detail": literal(""),
        "error_code": literal(""),
        "attempts": literal(0),
        "currency": literal(""),
        "created_at": literal(now, Delivery.created_at.type),
    }
    eligible = select(*columns.values()).where(chosen, reason.is_(None)).order_by(Contact.id)
    return insert_selected(Delivery, list(columns), eligible)


def store_skips(
    session: Session,
    broadcast: Broadcast,
    chosen: ColumnElement[bool],
    reason: ColumnElement[str | None],
    now: datetime,
) -> None:
    """Who of the range got no delivery, and why; a shared number is what is left."""
    why = func.coalesce(reason, "shared_number")
    rows = select(
        literal(broadcast.id), Contact.id, why, literal(now, BroadcastSkip.at.type)
    ).where(chosen, ~planned(broadcast.id, Contact.id))
    insert = sqlite_insert if dialect_name() == "sqlite" else postgresql_insert
    statement = insert(BroadcastSkip).from_select(
        ["broadcast_id", "contact_id", "reason", "at"], rows
    )
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["broadcast_id", "contact_id"],
            set_={"reason": statement.excluded.reason, "at": statement.excluded.at},
        )
    )
