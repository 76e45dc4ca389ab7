"""Refreshing all segments, those first that others build on."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from heliograph.contacts.changes import forget_notes, waiting_notes
from heliograph.db import change_rows, db, transaction
from heliograph.errors import HeliographError, NotFound
from heliograph.segments.members import refresh_segment
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember
from heliograph.segments.references import in_order

log = logging.getLogger(__name__)


def is_any_segment() -> bool:
    return db.session.scalar(select(Segment.id).limit(1)) is not None


def refresh_all(now: datetime | None = None) -> str | None:
    """Refresh each segment that has filters, each in its own transaction.

    Returns what was done, or None when there is nothing to do. A broken one
    does not stop the others: HeliographError names it when all are done.
    """
    notes = waiting_notes()
    segments = db.session.scalars(select(Segment)).all()
    names = {segment.id: segment.name for segment in segments}
    trees = {segment.id: segment.filters for segment in segments if segment.filters}
    db.session.rollback()
    changed, broken = 0, []
    for segment_id in in_order(trees):
        try:
            result = refresh_segment(segment_id, now=now)
        except NotFound:
            continue  # deleted meanwhile
        except HeliographError as error:
            broken.append(f"{names[segment_id]}: {error.message}")
        except SQLAlchemyError as error:
            log.exception("segment %s was not refreshed", segment_id)
            broken.append(f"{names[segment_id]}: {str(error).splitlines()[0]}")
        else:
            changed += bool(result.added or result.removed)
    recount(names.keys() - trees.keys())
    forget_notes(notes)
    if broken:
        raise HeliographError(f"Segments that cannot be refreshed: {'; '.join(broken)}")
    return f"{len(trees)} refreshed, {changed} changed" if trees else None


def recount(segment_ids: Iterable[int]) -> None:
    """Correct the counts of segments without filters: deleted contacts leave them."""
    counted = (
        select(func.count())
        .select_from(SegmentMember)
        .where(SegmentMember.segment_id == Segment.id, SegmentMember.origin != LEFT_OUT)
        .scalar_subquery()
    )
    wrong = select(Segment.id).where(
        Segment.id.in_(list(segment_ids)), Segment.member_count != counted
    )
    # read first, so that usually nothing is locked
    for segment_id in db.session.scalars(wrong).all():
        with transaction():
            one = update(Segment).where(Segment.id == segment_id)
            change_rows(one.values(member_count=counted))
    db.session.rollback()
