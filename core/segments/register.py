"""Making, changing and finding segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.db import db, insert_new, transaction, utcnow
from core.errors import BadInput, Conflict, NotFound
from core.segments.filters import check_filters, segments_in
from core.segments.models import Segment

MAX_NAME = 120


def create_segment(name: str, filters: dict[str, Any] | None = None) -> Segment:
    """Make a segment, empty until it is refreshed or filled by hand.

    Raises BadInput on an empty or taken name, and on filters that do not fit.
    """
    name = checked_name(name)
    if filters:
        check_filters(filters)
    row = {"name": name, "filters": filters or None, "member_count": 0, "created_at": utcnow()}
    with transaction():
        if not insert_new(Segment, [row]):
            raise taken(name)
    return db.session.scalars(select(Segment).where(Segment.name == name)).one()


def edit_segment(segment_id: int, **changes: Any) -> Segment:
    """Change `name` or `filters`; a cycle of segments is refused."""
    segment = find_segment(segment_id)
    filters = changes.get("filters", segment.filters)
    if filters:
        check_filters(filters, segment_id=segment_id)
    with transaction() as session:
        segment = session.get_one(Segment, segment_id, populate_existing=True)
        if "name" in changes:
            name = checked_name(changes["name"])
            other = session.scalar(select(Segment.id).where(Segment.name == name))
            if other not in (None, segment_id):
                raise taken(name)
            segment.name = name
        segment.filters = filters or None
    return segment


def delete_segment(segment_id: int) -> None:
    """Delete it; raises Conflict naming the messages and segments that use it."""
    # the join table of messages is read by name: messages are built on segments
    links = Segment.metadata.tables["text_message_segments"]
    messages = Segment.metadata.tables["text_messages"]
    segment = find_segment(segment_id)
    users = list(
        db.session.scalars(
            select(messages.c.name)
            .join(links, links.c.message_id == messages.c.id)
            .where(links.c.segment_id == segment_id)
        )
    )
    users += [
        other.name
        for other in list_segments()
        if other.filters and segment_id in segments_in(other.filters)
    ]
    if users:
        raise Conflict(f"Segment {segment.name!r} is used by {', '.join(users)}.")
    with transaction() as session:
        session.delete(session.get_one(Segment, segment_id))


def list_segments() -> Sequence[Segment]:
    return db.session.scalars(select(Segment).order_by(Segment.name)).all()


def find_segment(key: int | str) -> Segment:
    """The segment with this id or name; raises NotFound with the names there are."""
    by_name = db.session.scalars(select(Segment).where(Segment.name == str(key).strip())).first()
    if by_name is not None and isinstance(key, str):
        return by_name
    if isinstance(key, int) or str(key).isdecimal():
        found = db.session.get(Segment, int(key), populate_existing=True)
        if found is not None:
            return found
    names = ", ".join(segment.name for segment in list_segments()[:20]) or "none yet"
    raise NotFound(f"There is no segment {key!r}. Segments: {names}.")


def checked_name(name: str) -> str:
    name = str(name).strip()
    if not name:
        raise BadInput("name", "is empty", mend="Enter a name for the segment.")
    if len(name) > MAX_NAME:
        raise BadInput("name", f"has {len(name)} characters", mend=f"{MAX_NAME} is the most.")
    return name


def taken(name: str) -> BadInput:
    return BadInput("name", "is taken", value=name, mend="Choose another one.")
