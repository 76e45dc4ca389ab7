"""What segments hear by the hooks that plugins use."""

from __future__ import annotations

from sqlalchemy import delete, select

from heliograph.db import change_rows
from heliograph.hookspecs import hookimpl
from heliograph.segments.models import BY_FILTER, SegmentMember


@hookimpl
def contacts_merging(winner_id: int, loser_id: int) -> None:
    """A person's choice (by hand, left out) outlasts what a filter found."""
    chosen = select(SegmentMember.segment_id).where(
        SegmentMember.contact_id == loser_id, SegmentMember.origin != BY_FILTER
    )
    found = delete(SegmentMember).where(
        SegmentMember.contact_id == winner_id,
        SegmentMember.origin == BY_FILTER,
        SegmentMember.segment_id.in_(chosen),
    )
    change_rows(found)
