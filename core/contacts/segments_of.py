"""Which segments a contact is in."""

from __future__ import annotations

from sqlalchemy import select

from heliograph.db import Model, db


def segments_of(contact_id: int) -> list[tuple[int, str, str]]:
    """(id, name, origin) of each segment that the contact is a member of."""
    # read by name: the tables of segments are built on those of contacts
    segments, members = (Model.metadata.tables[name] for name in ("segments", "segment_members"))
    query = (
        select(segments.c.id, segments.c.name, members.c.origin)
        .join(members, members.c.segment_id == segments.c.id)
        .where(members.c.contact_id == contact_id, members.c.origin != "left_out")
        .order_by(segments.c.name)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]
