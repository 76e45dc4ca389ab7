"""A contact's history, newest first, read from wherever it is kept.

Each source is one query by index with a limit; nothing is copied or kept.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from heliograph.contacts.models import Contact
from heliograph.host import gather
from heliograph.timeline.campaigns import member_entries, step_entries
from heliograph.timeline.entry import TimelineEntry
from heliograph.timeline.happenings import (
    change_entries,
    click_entries,
    dnc_entries,
    import_entries,
    reply_entries,
)
from heliograph.timeline.texts import delivery_entries, report_entries

__all__ = ["KINDS", "TimelineEntry", "timeline"]

SOURCES = {
    "text": (delivery_entries, report_entries),
    "reply": (reply_entries,),
    "campaign": (step_entries, member_entries),
    "click": (click_entries,),
    "dnc": (dnc_entries,),
    "import": (import_entries,),
    "change": (change_entries,),
}
KINDS = tuple(SOURCES)
MOST = 500
# entries of one moment stay on one page, or the next page would miss some
TIES = 10


def timeline(
    contact: Contact,
    *,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] | None = None,
) -> list[TimelineEntry]:
    """Entries older than *before* (aware), newest first.

    *limit* of them (at most 500), and what else happened at the last one's
    moment. Hand the last `at` in as *before* to read on. *kinds* leaves only
    those (KINDS, or a plugin's own).
    """
    limit = max(1, min(limit, MOST))
    wanted = KINDS if kinds is None else [kind for kind in KINDS if kind in kinds]
    sources = [source for kind in wanted for source in SOURCES[kind]]
    pages = [source(contact, before, limit + TIES) for source in sources]
    pages.append(plugin_entries(contact, before, limit + TIES, kinds))
    entries = list(heapq.merge(*pages, key=attrgetter("at"), reverse=True))
    end = min(limit, len(entries))
    while end < len(entries) and entries[end].at == entries[end - 1].at:
        end += 1
    return entries[:end]


def plugin_entries(
    contact: Contact, before: datetime | None, limit: int, kinds: Collection[str] | None
) -> list[TimelineEntry]:
    answers = gather("timeline_entries", contact=contact, before=before, limit=limit)
    entries = [
        entry
        for entry in flat(answers)
        if (before is None or entry.at < before) and (kinds is None or entry.kind in kinds)
    ]
    return sorted(entries, key=attrgetter("at"), reverse=True)[:limit]


def is_entry(given: object) -> bool:
    if not isinstance(given, TimelineEntry):
        return False
    at: object = given.at
    return isinstance(at, datetime) and at.tzinfo is not None


def flat(answers: list[Any]) -> Iterator[TimelineEntry]:
    """What plugins answered, lists or not; what is no entry is left out."""
    for answer in answers:
        items = answer if isinstance(answer, (list, tuple)) else [answer]
        # a time without zone could not be put in order
        yield from (i for i in items if is_entry(i))
