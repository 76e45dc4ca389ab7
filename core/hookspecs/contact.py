"""Hooks of contacts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import answers, hookspec, in_transaction

if TYPE_CHECKING:
    from datetime import datetime

    from heliograph.contacts.models import Contact
    from heliograph.segment_subjects import SegmentSubject
    from heliograph.timeline import TimelineEntry


@hookspec
def register_segment_subjects() -> list[SegmentSubject]:  # type: ignore[empty-body]  # a spec
    """What filters of segments can ask about contacts, beside their fields.

    Asked once per process at start; keys must begin with the plugin's name. An exception
    quarantines the plugin. While it is disabled or gone, segments that ask about its subjects
    keep their members and say which plugin they need.
    """


@hookspec
@in_transaction
def timeline_entries(  # type: ignore[empty-body]  # a spec
    contact: Contact, before: datetime | None, limit: int
) -> list[TimelineEntry]:
    """Entries that the plugin adds to a contact's timeline, newest first.

    Called when a timeline is read, inside a read transaction; at most *limit*
    entries older than *before* (UTC). An exception is logged; the rest shows.
    """


@hookspec
def contact_changed(contact_id: int, change: str) -> None:
    """A contact was added, edited, merged or deleted, or its DNC changed.

    *change* is one of added, edited, merged, deleted, dnc. Called after the
    commit, not for each row of an import. An exception is logged and ignored.
    """


@hookspec
@in_transaction
def contacts_merging(winner_id: int, loser_id: int) -> None:
    """The loser is about to be merged into the winner, whose blanks are filled already.

    Called before rows that point at the loser are handed over, inside the transaction that
    merges; both are locked. Rows move by the foreign keys of the database, those of plugins
    too: only what has a rule of its own needs this hook. An exception undoes what the plugin
    changed, and the merge goes on.
    """


@hookspec
@in_transaction
def contacts_merged(winner_id: int, loser_id: int) -> None:
    """The loser's rows are the winner's now, and the loser is about to be deleted.

    Called inside the transaction that merges, as `contacts_merging`; `contact_changed` tells
    of it after the commit.
    """


@hookspec
@in_transaction
@answers(Collection)
def segments_followed() -> Collection[int]:  # type: ignore[empty-body]  # a spec
    """Ids of the segments whose members matter at once, not with the next refresh of all.

    Their filters are tried as soon as contacts change, and `segment_members_left` tells who
    leaves them. Called inside a transaction, each second: be quick. An exception is logged,
    and none of the plugin's segments is followed that time.
    """


@hookspec
@in_transaction
def segment_members_left(contact_ids: Sequence[int]) -> None:
    """Contacts are in a segment no more; they may be in it again a moment later.

    Called inside the transaction that took them out, after it has done so: by the filters of
    segments that are followed, and by hand from any. An exception undoes what the
    plugin changed, and they leave all the same.
    """


@hookspec
def segments_refreshed(contact_ids: Sequence[int]) -> None:
    """The followed segments were brought up to date with these contacts, who have changed.

    Called outside of any transaction, by the clock. An exception is logged and ignored.
    """
