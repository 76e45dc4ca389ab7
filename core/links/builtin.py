"""Link tracking and filters by clicks, handed over by the hooks that plugins use."""

from __future__ import annotations

from heliograph.hookspecs import hookimpl
from heliograph.links.filters import click_operators
from heliograph.links.tracking import LinkTracking
from heliograph.segment_subjects import SegmentSubject
from heliograph.text_filters import TextFilter


@hookimpl
def register_text_filters() -> list[TextFilter]:
    return [LinkTracking()]


@hookimpl
def register_segment_subjects() -> list[SegmentSubject]:
    return [SegmentSubject("clicked", "Clicked a link", click_operators)]
