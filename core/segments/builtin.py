"""Filters by what contacts are, and what segments hear of merges: by the hooks of plugins."""

from __future__ import annotations

from sqlalchemy import delete, select

from heliograph.contacts.models import Contact
from heliograph.db import change_rows
from heliograph.hookspecs import hookimpl
from heliograph.segment_subjects import SegmentSubject
from heliograph.segments.dates import column_operators
from heliograph.segments.models import BY_FILTER, SegmentMember
from heliograph.segments.relations import (
    dnc_operators,
    segment_operators,
    status_operators,
    tag_operators,
)


@hookimpl
def register_segment_subjects() -> list[SegmentSubject]:
    added, changed = Contact.created_at.expression, Contact.updated_at.expression
    return [
        SegmentSubject("tag", "Tag", tag_operators),
        SegmentSubject("segment", "Segment", segment_operators),
        SegmentSubject("dnc", "Do-not-contact", dnc_operators),
        SegmentSubject("number_status", "Number", status_operators),
        SegmentSubject("created_at", "Added", lambda: column_operators(added)),
        SegmentSubject("updated_at", "Changed", lambda: column_operators(changed)),
    ]


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
