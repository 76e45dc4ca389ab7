"""Members of segments: kept up to date by filters, picked and left out by hand.

Whoever changes the members of a segment holds its row meanwhile: two at once
wait for each other, and `member_count` stays true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    false,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import change_rows, db, insert_selected, table_of, transaction, utcnow
from heliograph.errors import BadInput, NotFound
from heliograph.host import gather
from heliograph.segments.filters import compile_filters
from heliograph.segments.models import BY_FILTER, BY_HAND, LEFT_OUT, Segment, SegmentMember

CHUNK = 5000  # ids in one statement
SAMPLE = 10
COLUMNS = ("segment_id", "contact_id", "origin", "added_at")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed, and how many members there are now."""

    added: int
    removed: int
    total: int


def add_members(segment_id: int, contact_ids: Sequence[int]) -> int:
    """Hand-pick contacts, also those that were left out; filters do not remove them.

    Returns how many became members now; unknown ids are passed over. Raises
    NotFound when there is no such segment.
    """
    now, added = utcnow(), 0
    with transaction() as session:
        segment = lock_segment(session, segment_id)
        for ids in chunks(contact_ids):
            known = update(SegmentMember).where(member_rows(segment_id, ids))
            back = known.where(SegmentMember.origin == LEFT_OUT)
            added += change_rows(back.values(origin=BY_HAND, added_at=now))
            kept = known.where(SegmentMember.origin == BY_FILTER)
            change_rows(kept.values(origin=BY_HAND))
            added += insert_members(segment_id, chosen(ids), BY_HAND, now)
            note_changed(ids)
        settle(segment, segment.member_count + added, added)
    return added


def remove_members(segment_id: int, contact_ids: Sequence[int]) -> int:
    """Take contacts out for good; returns how many were members.

    Whom the filters would bring back becomes left out, others are deleted.
    Raises NotFound when there is no such segment.
    """
    removed = 0
    with transaction() as session:
        segment = lock_segment(session, segment_id)
        found = found_by_filters(segment)
        for ids in chunks(contact_ids):
            members = and_(member_rows(segment_id, ids), SegmentMember.origin != LEFT_OUT)
            out = update(SegmentMember).where(members, found)
            removed += change_rows(out.values(origin=LEFT_OUT))
            removed += change_rows(delete(SegmentMember).where(members))
            tell_left(ids)
            note_changed(ids)
        settle(segment, segment.member_count - removed, 0)
    return removed


def found_by_filters(segment: Segment) -> ColumnElement[bool]:
    """Of members: that a filter made them, or would make them again."""
    made = SegmentMember.origin == BY_FILTER
    if not segment.filters:
        return made
    try:
        return made | matched_by(compile_filters(segment.filters))
    except BadInput:  # unreadable for now: whoever it might bring back stays out
        return SegmentMember.origin != LEFT_OUT


def refresh_segment(segment_id: int, *, now: datetime | None = None) -> Refreshed:
    """Bring the members by filter up to date, in a bounded number of statements.

    Hand-picked and left-out ones stay as they are; all or nothing is changed.
    Raises NotFound, and BadInput when a filter names something that is gone.
    """
    now = now or utcnow()
    with transaction() as session:
        segment = lock_segment(session, segment_id)
        matching = matching_contacts(segment, now)
        gone = and_(
            SegmentMember.segment_id == segment_id,
            SegmentMember.origin == BY_FILTER,
            ~matched_by(matching),
        )
        removed = delete_members(segment_id, gone)
        added = insert_members(segment_id, matching, BY_FILTER, now)
        total = count_members(segment_id)
        segment.refreshed_at = now
        settle(segment, total, added)
    return Refreshed(added, removed, total)


def delete_members(segment_id: int, gone: ColumnElement[bool]) -> int:
    """Delete those of the segment; returns how many. Who follows it is told who they were."""
    leaving = delete(SegmentMember).where(gone)
    if segment_id not in followed_segments():
        return change_rows(leaving)
    ids = list(db.session.scalars(leaving.returning(SegmentMember.contact_id)))
    tell_left(ids)
    return len(ids)


def tell_left(contact_ids: Sequence[int]) -> None:
    """Tell that contacts left a segment. In that transaction, after they did."""
    gather("segment_members_left", contact_ids=contact_ids)


def followed_segments() -> set[int]:
    """Ids of the segments that somebody follows: campaigns, for one."""
    answers = cast("list[Collection[object]]", gather("segments_followed"))
    return {one for answer in answers for one in answer if isinstance(one, int)}


def matching_contacts(segment: Segment, now: datetime) -> Select[Any]:
    """A select of the ids that the filters find: none when there are no filters."""
    if not segment.filters:
        return select(Contact.id).where(false())
    return compile_filters(segment.filters, now=now)


def matched_by(matching: Select[Any]) -> ColumnElement[bool]:
    """Of members: that their contact is among *matching*."""
    # EXISTS, as PostgreSQL compares NOT IN of many rows one by one
    found = matching.subquery()
    return exists().where(found.c.id == SegmentMember.contact_id)


def insert_members(segment_id: int, matching: Select[Any], origin: str, now: datetime) -> int:
    """Add those that have no row yet; returns how many. Runs inside a transaction."""
    added_at = literal(now, table_of(SegmentMember).c.added_at.type)
    known = exists().where(
        SegmentMember.segment_id == segment_id, SegmentMember.contact_id == Contact.id
    )
    rows = (
        matching.where(~known)
        .with_only_columns(literal(segment_id), Contact.id, literal(origin), added_at)
        .order_by(Contact.id)
        # held, so that none of them is deleted before its row is written
        .with_for_update(read=True, key_share=True, of=Contact)
    )
    return insert_selected(SegmentMember, COLUMNS, rows)


def lock_segment(session: Session, segment_id: int) -> Segment:
    """The segment as it is now, held until the transaction ends; raises NotFound."""
    wanted = segment_id if 0 < segment_id <= LARGEST_ID else 0
    query = select(Segment).where(Segment.id == wanted).with_for_update(key_share=True)
    segment = session.scalar(query.execution_options(populate_existing=True))
    if segment is None:
        raise NotFound(f"There is no segment {segment_id}. Run: heliograph segments list")
    return segment


def settle(segment: Segment, total: int, added: int) -> None:
    segment.member_count = total
    if added:  # the last to be written: a broadcast planned after it looks again
        segment.members_added_at = utcnow()
    db.session.flush()


def settle_counts(segment_id: int, *, added: int) -> int:
    """Count anew after rows were written directly, of which *added* are new members.

    Runs inside a transaction, as its last step; raises NotFound.
    """
    segment = lock_segment(db.session(), segment_id)
    settle(segment, count_members(segment_id), added)
    return segment.member_count


def member_rows(segment_id: int, ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(SegmentMember.segment_id == segment_id, SegmentMember.contact_id.in_(ids))


def chosen(ids: Sequence[int]) -> Select[Any]:
    return select(Contact.id).where(Contact.id.in_(ids))


def chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for begin in range(0, len(ids), CHUNK):
        yield list(ids[begin : begin + CHUNK])


def count_members(segment_id: int) -> int:
    """How many members there are, counted now."""
    counted = (
        select(func.count())
        .select_from(SegmentMember)
        .where(SegmentMember.segment_id == segment_id, SegmentMember.origin != LEFT_OUT)
    )
    return db.session.scalar(counted) or 0


def member_ids(segment_ids: Sequence[int]) -> Select[Any]:
    """A select of the ids of contacts that are members of any of the segments."""
    return (
        select(SegmentMember.contact_id)
        .where(SegmentMember.segment_id.in_(segment_ids), SegmentMember.origin != LEFT_OUT)
        .distinct()
    )


def preview(filters: dict[str, Any]) -> tuple[int, Sequence[Contact]]:
    """How many contacts *filters* match, and ten of them; raises BadInput."""
    matching = compile_filters(filters)
    count = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    sample = select(Contact).where(Contact.id.in_(matching)).order_by(Contact.id).limit(SAMPLE)
    return count, db.session.scalars(sample).all()
