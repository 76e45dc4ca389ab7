"""Link tracking, handed over by the hooks that plugins use."""

from __future__ import annotations

from heliograph.hookspecs import hookimpl
from heliograph.links.tracking import LinkTracking
from heliograph.text_filters import TextFilter


@hookimpl
def register_text_filters() -> list[TextFilter]:
    return [LinkTracking()]
