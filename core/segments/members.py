"""Members of segments: kept up to date by filters, picked and left out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, delete, func, literal, select, update

from core.contacts.models import Contact
from core.db import change_rows, db, insert_selected, table_of, transaction, utcnow
from core.errors import HeliographError
from core.installation import current_zone
from core.segments.filters import compile_filters, segments_in
from core.segments.models import BY_FILTER, BY_HAND, LEFT_OUT, Segment, SegmentMember

CHUNK = 5000
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed, and how many members there are now."""

    added: int
    removed: int
    total: int


def add_members(segment_id: int, contact_ids: Sequence[int]) -> int:
    """Hand-pick contacts; returns how many became members now."""
    now, added = utcnow(), 0
    with transaction():
        for begin in range(0, len(contact_ids), CHUNK):
            ids = list(contact_ids[begin : begin + CHUNK])
            rows = select(
                literal(segment_id), Contact.id, literal(BY_HAND), literal(now, DATE)
            ).where(Contact.id.in_(ids))
            back = and_(
                SegmentMember.segment_id == segment_id,
                SegmentMember.contact_id.in_(ids),
                SegmentMember.origin == LEFT_OUT,
            )
            added += change_rows(
                update(SegmentMember).where(back).values(origin=BY_HAND, added_at=now)
            )
            added += insert_members(rows)
        settle_counts(segment_id, added=added)
    return added


def remove_members(segment_id: int, contact_ids: Sequence[int]) -> int:
    """Take contacts out for good: the filter does not bring them back."""
    removed = 0
    with transaction():
        for begin in range(0, len(contact_ids), CHUNK):
            chosen = and_(
                SegmentMember.segment_id == segment_id,
                SegmentMember.contact_id.in_(list(contact_ids[begin : begin + CHUNK])),
                SegmentMember.origin != LEFT_OUT,
            )
            by_hand = SegmentMember.origin == BY_HAND
            removed += change_rows(delete(SegmentMember).where(chosen, by_hand))
            removed += change_rows(update(SegmentMember).where(chosen).values(origin=LEFT_OUT))
        settle_counts(segment_id, added=0)
    return removed


def refresh_segment(segment_id: int) -> Refreshed:
    """Bring the filter's members up to date, in a bounded number of statements.

    Safe when two processes do it at once. Raises BadInput when a filter names
    something that is gone.
    """
    segment = db.session.get_one(Segment, segment_id, populate_existing=True)
    now = utcnow()
    if not segment.filters:
        return Refreshed(0, 0, segment.member_count)
    matching = compile_filters(segment.filters, now=now, zone=current_zone())
    with transaction():
        rows = select(
            literal(segment_id), Contact.id, literal(BY_FILTER), literal(now, DATE)
        ).where(Contact.id.in_(matching))
        added = insert_members(rows)
        removed = change_rows(
            delete(SegmentMember).where(
                SegmentMember.segment_id == segment_id,
                SegmentMember.origin == BY_FILTER,
                SegmentMember.contact_id.not_in(matching),
            )
        )
        total = settle_counts(segment_id, added=added, refreshed=True)
    return Refreshed(added, removed, total)


def insert_members(rows: Select[Any]) -> int:
    names = ("segment_id", "contact_id", "origin", "added_at")
    return insert_selected(SegmentMember, names, rows)


def settle_counts(segment_id: int, *, added: int, refreshed: bool = False) -> int:
    """Write the number of members down. Runs inside a transaction."""
    total = count_members(segment_id)
    values: dict[str, Any] = {"member_count": total}
    if added:
        values["members_added_at"] = utcnow()
    if refreshed:
        values["refreshed_at"] = utcnow()
    change_rows(update(Segment).where(Segment.id == segment_id).values(**values))
    return total


def count_members(segment_id: int) -> int:
    counted = (
        select(func.count())
        .select_from(SegmentMember)
        .where(SegmentMember.segment_id == segment_id, SegmentMember.origin != LEFT_OUT)
    )
    return db.session.scalar(counted) or 0


def member_ids(segment_ids: Sequence[int]) -> Select[Any]:
    """Ids of contacts that are members of any of the segments."""
    return (
        select(SegmentMember.contact_id)
        .where(SegmentMember.segment_id.in_(segment_ids), SegmentMember.origin != LEFT_OUT)
        .distinct()
    )


def refresh_all() -> str | None:
    """Refresh each segment with filters, those it builds on first.

    A broken one does not stop the others: it is named in the result.
    """
    segments = db.session.scalars(select(Segment).where(Segment.filters.is_not(None))).all()
    filters = {segment.id: segment.filters for segment in segments if segment.filters}
    names = {segment.id: segment.name for segment in segments}
    db.session.rollback()
    changed, broken = 0, []
    for segment_id in in_order(filters):
        try:
            result = refresh_segment(segment_id)
        except HeliographError as error:
            broken.append(f"{names[segment_id]}: {error.message}")
            continue
        changed += bool(result.added or result.removed)
    if broken:
        raise HeliographError(f"{len(broken)} segments are broken: {'; '.join(broken)}")
    return f"{len(filters)} refreshed, {changed} changed" if filters else None


def in_order(filters: dict[int, dict[str, Any]]) -> list[int]:
    """Segments after those that their filters name."""
    done: list[int] = []
    waiting = dict(filters)
    while waiting:
        free = [
            segment_id
            for segment_id, tree in waiting.items()
            if not (segments_in(tree) & waiting.keys()) - {segment_id}
        ] or list(waiting)
        for segment_id in free:
            done.append(segment_id)
            del waiting[segment_id]
    return done


def preview(filters: dict[str, Any]) -> tuple[int, Sequence[Contact]]:
    """How many contacts *filters* match, and ten of them."""
    matching = compile_filters(filters, now=utcnow(), zone=current_zone())
    count = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    sample = select(Contact).where(Contact.id.in_(matching)).order_by(Contact.id).limit(SAMPLE)
    return count, db.session.scalars(sample).all()


DATE = table_of(SegmentMember).c.added_at.type
