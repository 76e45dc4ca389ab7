"""Contacts that were changed, until the segments that campaigns follow have looked at them.

All segments are refreshed each minute; those that feed campaigns need not wait for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from heliograph.contacts.models import ContactChange
from heliograph.db import change_rows, db, table_of, transaction
from heliograph.lookups import one_of

MOST = 2000  # ids in one note; of more it is not said which they are


def note_changed(contact_ids: Iterable[int] | None) -> None:
    """Note that filters may find other contacts now; None when nobody knows which.

    Call it inside the transaction that changes them.
    """
    ids = None if contact_ids is None else sorted(set(contact_ids))
    if ids == []:
        return
    with transaction() as session:
        known = ids if ids is not None and len(ids) <= MOST else None
        session.execute(table_of(ContactChange).insert(), {"contact_ids": known})


def has_changes() -> bool:
    """Whether there is a note: one look at a short table."""
    found = db.session.execute(select(ContactChange.id).limit(1)).first() is not None
    db.session.rollback()
    return found


def waiting_notes() -> list[int]:
    """Ids of the notes that are there now, for who brings all segments up to date."""
    return list(db.session.scalars(select(ContactChange.id)))


def forget_notes(note_ids: Sequence[int]) -> None:
    if note_ids:
        with transaction():
            change_rows(delete(ContactChange).where(one_of(ContactChange.id, note_ids)))
