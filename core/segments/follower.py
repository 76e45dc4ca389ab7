"""Bringing the segments that campaigns follow up to date as soon as contacts change.

Only the changed contacts are looked at, where it was noted which they are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.exc import SQLAlchemyError

from heliograph.contacts.changes import forget_notes
from heliograph.contacts.models import Contact, ContactChange
from heliograph.db import AWAY, db, transaction, utcnow
from heliograph.errors import HeliographError
from heliograph.host import notify
from heliograph.lookups import one_of
from heliograph.segments.members import (
    delete_members,
    followed_segments,
    insert_members,
    lock_segment,
    matched_by,
    matching_contacts,
    refresh_segment,
    settle,
)
from heliograph.segments.models import BY_FILTER, Segment, SegmentMember
from heliograph.segments.references import in_order, segments_in

log = logging.getLogger(__name__)

AT_ONCE = 500  # notes
FEW = 20_000  # contacts that are looked at one by one
REST = 5  # times as long as whole segments took to refresh, until they are again


class Follower:
    """Brings the segments that campaigns follow up to date, as soon as contacts change."""

    def __init__(self) -> None:
        self._rested_at = 0.0  # when whole segments may be refreshed again
        self._is_whole = True  # whether no segment was left out, as the database was away

    def run(self) -> str | None:
        """Take in the next notes. Those that name nobody wait until the rest is over."""
        query = select(ContactChange.id, ContactChange.contact_ids).order_by(ContactChange.id)
        notes = db.session.execute(query.limit(AT_ONCE)).all()
        trees = followed()
        db.session.rollback()
        named = [note for note in notes if note.contact_ids is not None]
        ids = {contact_id for note in named for contact_id in note.contact_ids}
        whole = len(named) < len(notes) or len(ids) > FEW
        if whole and trees and time.monotonic() < self._rested_at:
            if len(ids) > FEW:
                return None
            whole, notes = False, named
        changed = self._refresh(trees, None if whole else sorted(ids))
        if not whole and ids:
            notify("segments_refreshed", contact_ids=sorted(ids))
        if self._is_whole:
            forget_notes([note.id for note in notes])
        return f"{changed} segments changed" if changed else None

    def _refresh(self, trees: Mapping[int, Any], contact_ids: Sequence[int] | None) -> int:
        begun, changed, self._is_whole = time.monotonic(), 0, True
        for segment_id in in_order(trees):
            try:
                if contact_ids is None:
                    result = refresh_segment(segment_id)
                    changed += bool(result.added or result.removed)
                elif contact_ids:
                    changed += refresh_contacts(segment_id, contact_ids)
            except HeliographError:  # deleted meanwhile, or broken: the job of all says so
                db.session.rollback()
            except SQLAlchemyError as error:
                db.session.rollback()  # else each statement of the next ones fails as well
                self._is_whole = self._is_whole and not isinstance(error, AWAY)
                log.exception("segment %s was not brought up to date", segment_id)
        if contact_ids is None:
            now = time.monotonic()
            self._rested_at = now + REST * (now - begun)
        return changed


FOLLOWER = Follower()


def follow_changes() -> str | None:
    """Job: bring the segments that campaigns follow up to date with changed contacts."""
    return FOLLOWER.run()


def followed() -> dict[int, dict[str, Any]]:
    """Filters, by segment, of the sources of open campaigns and of what their filters name."""
    wanted = followed_segments()
    if not wanted:
        return {}
    rows = db.session.execute(select(Segment.id, Segment.filters))
    trees = {row.id: row.filters for row in rows if row.filters}
    found: dict[int, dict[str, Any]] = {}
    while wanted:
        segment_id = wanted.pop()
        if segment_id in trees and segment_id not in found:
            found[segment_id] = trees[segment_id]
            wanted |= segments_in(trees[segment_id])
    return found


def refresh_contacts(segment_id: int, contact_ids: Sequence[int]) -> bool:
    """Let these contacts join or leave by the filters; whether any did. Raises as a refresh."""
    now = utcnow()
    segment = db.session.get(Segment, segment_id, populate_existing=True)
    if segment is None:
        return False
    matching = matching_contacts(segment, now).where(one_of(Contact.id, contact_ids))
    mine = SegmentMember.segment_id == segment_id
    gone = and_(
        mine,
        SegmentMember.origin == BY_FILTER,
        one_of(SegmentMember.contact_id, contact_ids),
        ~matched_by(matching),
    )
    unknown = ~exists().where(mine, SegmentMember.contact_id == Contact.id)
    # read first: most changes let nobody join or leave
    going = select(SegmentMember.contact_id).where(gone).limit(1)
    coming = matching.where(unknown).limit(1)
    moves = [db.session.execute(query).first() is not None for query in (going, coming)]
    db.session.rollback()
    if not any(moves):
        return False
    with transaction() as session:
        segment = lock_segment(session, segment_id)
        removed = delete_members(segment_id, gone)
        added = insert_members(segment_id, matching, BY_FILTER, now)
        settle(segment, max(0, segment.member_count + added - removed), added)
    return True
