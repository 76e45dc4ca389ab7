"""Taking the last import back: as if the file had never come.

Contacts it made go, unless something happened with them since; those it changed
get their values back, unless they were changed again. Tags and memberships of
contacts that were there before stay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from core.contacts.changes import note_changed
from core.contacts.events import record_event
from core.contacts.models import Contact, ContactEvent
from core.db import change_rows, db, transaction, utcnow
from core.deliveries.models import Delivery
from core.errors import Conflict
from core.imports.models import (
    CANCELLED,
    FAILED,
    FINISHED,
    UNDOING,
    UNDONE,
    Import,
    ImportContact,
)
from core.replies.models import Reply
from core.segments.members import settle_counts
from core.segments.models import SegmentMember

BATCH = 2000
ENDED = (FINISHED, CANCELLED, FAILED)


def last_undoable() -> Import | None:
    """The newest import, when it has ended and was not taken back."""
    newest = db.session.scalar(select(Import).order_by(Import.id.desc()).limit(1))
    if newest is None or newest.status not in ENDED or newest.undone_at is not None:
        return None
    return newest


def begin_undo(import_id: int) -> None:
    """Have the clock undo it; raises Conflict unless it is the last one and ended."""
    newest = last_undoable()
    if newest is None or newest.id != import_id:
        raise Conflict("Only the last import can be undone, once it has ended.")
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        job.status, job.bytes_done = UNDOING, 0
        job.lease_until = job.owner = None


def undo_import(import_id: int) -> tuple[int, int]:
    """Run it to the end; returns how many contacts went and how many got values back."""
    removed, restored = remove_created(import_id), restore_updated(import_id)
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        job.status, job.undone_at = UNDONE, utcnow()
        job.lease_until = job.owner = None
        job.bytes_done = job.bytes_total
        kept = made_by(session.get_one(Import, import_id))
        left = session.scalar(select(func.count()).select_from(Contact).where(kept)) or 0
        job.error = f"{left} contacts stay: something happened with them since." if left else ""
        if job.segment_id is not None:
            settle_counts(job.segment_id, added=0)
        session.flush()
    return removed, restored


def made_by(job: Import) -> ColumnElement[bool]:
    """The time bounds are for the index: `import_id` has none."""
    end = (job.finished_at or utcnow()) + timedelta(minutes=1)
    return and_(Contact.import_id == job.id, Contact.created_at.between(job.created_at, end))


def untouched() -> list[ColumnElement[bool]]:
    """Nothing happened with the contact since it was made."""
    return [
        Contact.updated_at == Contact.created_at,
        ~exists().where(Delivery.contact_id == Contact.id),
        ~exists().where(Reply.contact_id == Contact.id),
        ~exists().where(ContactEvent.contact_id == Contact.id),
    ]


def remove_created(import_id: int) -> int:
    removed = 0
    while True:
        with transaction() as session:
            job = session.get_one(Import, import_id)
            going = select(Contact.id).where(made_by(job), *untouched()).limit(BATCH)
            ids = list(session.scalars(going))
            if not ids:
                return removed
            lower_counts(ids, but=job.segment_id)
            removed += change_rows(delete(Contact).where(Contact.id.in_(ids)))


def lower_counts(ids: list[int], *, but: int | None) -> None:
    """Segments the contacts are members of lose them; that of the import is counted at the end."""
    joined = select(SegmentMember.segment_id).where(SegmentMember.contact_id.in_(ids)).distinct()
    segments = [number for number in db.session.scalars(joined) if number != but]
    change_rows(delete(SegmentMember).where(SegmentMember.contact_id.in_(ids)))
    for segment_id in sorted(segments):
        settle_counts(segment_id, added=0)


def restore_updated(import_id: int) -> int:
    restored, after_id = 0, 0
    while True:
        with transaction() as session:
            rows = session.execute(
                select(ImportContact, Contact)
                .join(Contact, Contact.id == ImportContact.contact_id)
                .where(ImportContact.import_id == import_id, Contact.id > after_id)
                .where(ImportContact.outcome == "updated")
                .order_by(Contact.id)
                .limit(BATCH)
            ).all()
            for note, contact in rows:
                restored += restore(contact, note.before or {}, note.after or {})
                after_id = contact.id
            session.flush()
            note_changed(contact.id for _, contact in rows)
        if not rows:
            return restored


def restore(contact: Contact, before: dict[str, Any], after: dict[str, Any]) -> bool:
    custom = dict(contact.custom or {})
    changed = False
    for name, old in before.items():
        if hasattr(Contact, name):
            if getattr(contact, name) == after.get(name):
                setattr(contact, name, old)
                changed = True
        elif custom.get(name) == after.get(name):
            custom.pop(name, None)
            custom |= {} if old is None else {name: old}
            changed = True
    if changed:
        contact.custom = custom
        record_event(contact.id, "edited", "An import was undone: its values were taken back")
    return changed
