"""Taking the last import back: as if the file had never come.

Contacts it made go, unless something happened with them since: they were edited, texted, have
replied, or are in something else by now. Those it changed get their values back, unless they
were changed again. Tags and memberships of contacts that were there before stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from heliograph.contacts.changes import note_changed
from heliograph.contacts.events import record_event
from heliograph.contacts.foreign_keys import Reference, references_to_contacts
from heliograph.contacts.models import Contact, contact_tags
from heliograph.db import change_rows, db, lock_table, table_of, transaction, utcnow
from heliograph.errors import Conflict
from heliograph.imports.models import (
    CANCELLED,
    FAILED,
    FINISHED,
    UNDOING,
    UNDONE,
    UPLOADED,
    Import,
    ImportContact,
)
from heliograph.imports.targets import TAGS
from heliograph.segments.members import settle_counts
from heliograph.segments.models import BY_FILTER, SegmentMember

BATCH = 2000
ENDED = (FINISHED, CANCELLED, FAILED)


def last_undoable() -> Import | None:
    """The newest import, when it has ended and was not taken back; uploads are none yet."""
    started = select(Import).where(Import.status != UPLOADED)
    newest = db.session.scalar(started.order_by(Import.id.desc()).limit(1))
    if newest is None or newest.status not in ENDED or newest.undone_at is not None:
        return None
    return newest


def begin_undo(import_id: int) -> None:
    """Have the clock undo it; raises Conflict unless it is the last one and ended."""
    with transaction() as session:
        lock_table(Import)  # nobody starts a newer one meanwhile
        newest = last_undoable()
        if newest is None or newest.id != import_id:
            raise Conflict("Only the last import can be undone, once it has ended.")
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        job.status, job.bytes_done, job.error = UNDOING, 0, ""
        job.lease_until = job.owner = None


def undo_import(import_id: int) -> tuple[int, int]:
    """Run it to the end; returns how many contacts went and how many got values back."""
    removed, restored = remove_created(import_id), restore_updated(import_id)
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        job.status, job.undone_at = UNDONE, utcnow()
        job.lease_until = job.owner = None
        job.bytes_done = job.bytes_total
        if job.segment_id is not None:
            settle_counts(job.segment_id, added=0)
        session.flush()
    return removed, restored


def made_by(job: Import) -> ColumnElement[bool]:
    """The time bounds are for the index: `import_id` has none."""
    end = (job.finished_at or utcnow()) + timedelta(minutes=1)
    return and_(Contact.import_id == job.id, Contact.created_at.between(job.created_at, end))


def count_made(job: Import) -> int:
    """How many contacts there are that the import made."""
    made = select(func.count()).select_from(Contact).where(made_by(job))
    return db.session.scalar(made) or 0


def untouched(job: Import, references: Sequence[Reference]) -> list[ColumnElement[bool]]:
    """Nothing happened with a contact since the import made it.

    Everything that points at a contact counts, but for what the import itself and the filters
    of segments gave it. Whether somebody tagged it since cannot be told if the file had tags.
    """
    memberships = exists().where(
        SegmentMember.contact_id == Contact.id,
        SegmentMember.origin != BY_FILTER,
        SegmentMember.segment_id != (job.segment_id or 0),
    )
    own = {table_of(SegmentMember).name, table_of(ImportContact).name}
    if TAGS in job.mapping.values():
        own.add(contact_tags.name)
    pointing = [
        ~exists().where(one.column == Contact.id).correlate(table_of(Contact))
        for one in references
        if one.table.name not in own
    ]
    return [Contact.updated_at == Contact.created_at, ~memberships, *pointing]


def remove_created(import_id: int) -> int:
    removed, references = 0, references_to_contacts()
    while True:
        with transaction() as session:
            job = session.get_one(Import, import_id)
            locked = lock_untouched(job, references)
            if not locked:
                return removed
            # who replied between the question and the lock stays; from here on nobody can
            still = select(Contact.id).where(Contact.id.in_(locked), *untouched(job, references))
            ids = list(session.scalars(still))
            lower_counts(ids, but=job.segment_id)
            removed += change_rows(delete(Contact).where(Contact.id.in_(ids)))


def lock_untouched(job: Import, references: Sequence[Reference]) -> list[int]:
    going = select(Contact.id).where(made_by(job), *untouched(job, references)).limit(BATCH)
    return list(db.session.scalars(going.with_for_update()))


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
