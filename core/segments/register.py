"""Making, changing and finding segments."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import null, select
from sqlalchemy.orm import Session

from heliograph.contacts.profile import LARGEST_ID
from heliograph.contacts.values import parse_text
from heliograph.db import db, insert_new, refuse_changed, transaction, utcnow
from heliograph.errors import BadInput, NotFound
from heliograph.nfc import nfc
from heliograph.segments.filters import check_filters
from heliograph.segments.members import lock_segment, refresh_segment
from heliograph.segments.models import Segment
from heliograph.segments.references import refuse_cycle

MAX_NAME = 120


class SegmentChanges(TypedDict, total=False):
    name: str
    filters: dict[str, Any] | None


def create_segment(name: str, filters: dict[str, Any] | None = None) -> Segment:
    """Make a segment, empty until it is refreshed or filled by hand.

    Raises BadInput on an empty or taken name, and on filters that do not fit.
    """
    name = checked_name(name)
    row: dict[str, Any] = {"name": name, "member_count": 0, "created_at": utcnow()}
    with transaction() as session:
        lock_filters(session)
        row["filters"] = null() if filters is None else check_filters(filters)
        if not insert_new(Segment, [row]):
            raise taken(name)
        return session.scalars(select(Segment).where(Segment.name == name)).one()


def edit_segment(
    segment_id: int, *, seen: datetime | None = None, **changes: Unpack[SegmentChanges]
) -> Segment:
    """Change `name` or `filters`; without filters, only the hand-picked stay.

    New filters take effect with the next refresh. Raises NotFound, BadInput;
    Changed when it is no longer the version (see `version_of`) *seen*.
    """
    unknown = changes.keys() - SegmentChanges.__annotations__.keys()
    if unknown:
        mend = f"Use {' or '.join(SegmentChanges.__annotations__)}."
        raise BadInput("changes", "cannot be changed", value=sorted(unknown)[0], mend=mend)
    with transaction() as session:
        lock_filters(session)
        segment = lock_segment(session, segment_id)
        refuse_changed(seen, version_of(segment))
        segment.edited_at = utcnow()
        if "name" in changes:
            segment.name = free_name(session, changes["name"], segment_id)
        if "filters" in changes:
            change_filters(session, segment, changes["filters"])
        session.flush()
    return find_segment(segment_id)


def version_of(segment: Segment) -> datetime:
    """When a person last changed it."""
    return segment.edited_at or segment.created_at


def change_filters(session: Session, segment: Segment, filters: dict[str, Any] | None) -> None:
    if filters is not None:
        filters = check_filters(filters)
        trees = {row.id: row.filters for row in session.scalars(select(Segment))}
        refuse_cycle(segment.id, filters, trees)
        segment.filters = filters
        return
    segment.filters = null()  # None would be the JSON value null
    session.flush()
    refresh_segment(segment.id)


def lock_filters(session: Session) -> None:
    """One at a time: two edits that each close half of a circle would both pass."""
    from heliograph.uses import while_naming  # noqa: PLC0415

    while_naming()
    session.execute(select(Segment.id).order_by(Segment.id).with_for_update(key_share=True))


def delete_segment(segment_id: int) -> None:
    """Delete it; raises NotFound, and Conflict naming what uses it."""
    # here, not above: what names segments is built on them
    from heliograph.uses import SEGMENTS, Thing, refuse_used, while_deleting  # noqa: PLC0415

    with transaction() as session:
        while_deleting()
        lock_filters(session)
        segment = lock_segment(session, segment_id)
        thing = Thing(SEGMENTS, segment_id, segment.name)
        refuse_used(thing, f"The segment {segment.name!r}")
        session.delete(segment)


def list_segments() -> Sequence[Segment]:
    """All segments by name."""
    query = select(Segment).order_by(Segment.name, Segment.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def find_segment(key: int | str) -> Segment:
    """The segment with this name, else with this id; raises NotFound with the nearest name."""
    fresh = {"populate_existing": True}
    text = nfc(str(key).replace("\x00", "").strip())
    if isinstance(key, str):
        named = select(Segment).where(Segment.name == text).execution_options(**fresh)
        found = db.session.scalar(named)
        if found is not None:
            return found
    if text.isascii() and text.isdecimal() and int(text[:20]) <= LARGEST_ID:
        found = db.session.get(Segment, int(text), populate_existing=True)
        if found is not None:
            return found
    names = [segment.name for segment in list_segments()]
    close = difflib.get_close_matches(text, names, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "Run: heliograph segments list"
    raise NotFound(f"There is no segment {text!r}. {hint}")


def free_name(session: Session, name: str, segment_id: int) -> str:
    name = checked_name(name)
    other = session.scalar(select(Segment.id).where(Segment.name == name))
    if other not in (None, segment_id):
        raise taken(name)
    return name


def checked_name(name: str) -> str:
    name = parse_text(name, "name", MAX_NAME)
    if not name:
        raise BadInput("name", "is empty", mend="Enter a name for the segment.")
    return name


def taken(name: str) -> BadInput:
    return BadInput("name", "is taken", value=name, mend="Choose another one.")
