"""Segments: named sets of contacts."""

from __future__ import annotations

from heliograph.segments.filters import check_filters, compile_filters
from heliograph.segments.members import (
    Refreshed,
    add_members,
    count_members,
    member_ids,
    preview,
    refresh_segment,
    remove_members,
)
from heliograph.segments.models import Segment, SegmentMember
from heliograph.segments.refresh import refresh_all
from heliograph.segments.register import (
    create_segment,
    delete_segment,
    edit_segment,
    find_segment,
    list_segments,
    version_of,
)

__all__ = [
    "Refreshed",
    "Segment",
    "SegmentMember",
    "add_members",
    "check_filters",
    "compile_filters",
    "count_members",
    "create_segment",
    "delete_segment",
    "edit_segment",
    "find_segment",
    "list_segments",
    "member_ids",
    "preview",
    "refresh_all",
    "refresh_segment",
    "remove_members",
    "version_of",
]
