"""Tags: on one contact, or on many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.events import record_event
from heliograph.contacts.models import Contact, Tag, contact_tags
from heliograph.contacts.values import parse_text
from heliograph.db import change_rows, db, dialect_name, insert_new, transaction
from heliograph.errors import BadInput
from heliograph.host import notify

NAME_LIMIT = 60
BATCH = 5000  # ids in one statement

ContactIds = Sequence[int] | Select[Any]


def tag_contact(contact: Contact, names: Iterable[str]) -> list[str]:
    """Put the tags *names* on a contact, making new ones; returns those it lacked.

    Raises BadInput on a blank, too long or comma'd name.
    """
    wanted = clean_names(names)
    with transaction() as session:
        had = tag_names(session, contact.id)
        added = [name for name in wanted if name not in had]
        tag_contacts([contact.id], added)
        if added:
            record_event(contact.id, "tagged", f"Tags added: {', '.join(added)}")
    forget_tags(contact)
    if added:
        notify("contact_changed", contact_id=contact.id, change="edited")
    return added


def untag_contact(contact: Contact, names: Iterable[str]) -> list[str]:
    """Take the tags *names* off a contact; returns those it had."""
    wanted = clean_names(names)
    with transaction() as session:
        had = tag_names(session, contact.id)
        removed = [name for name in wanted if name in had]
        untag_contacts([contact.id], removed)
        if removed:
            record_event(contact.id, "untagged", f"Tags removed: {', '.join(removed)}")
    forget_tags(contact)
    if removed:
        notify("contact_changed", contact_id=contact.id, change="edited")
    return removed


def tag_contacts(contact_ids: ContactIds, names: Iterable[str]) -> int:
    """Put *names* on many contacts, set by set; returns how many were new on one.

    *contact_ids* may be a select of ids. No history lines, no notices.
    """
    insert = sqlite_insert if dialect_name() == "sqlite" else postgresql_insert
    added = 0
    with transaction() as session:
        for tag_id in tag_ids(session, clean_names(names)):
            for ids in batches(contact_ids):
                rows = select(Contact.id, literal(tag_id)).where(Contact.id.in_(ids))
                statement = insert(contact_tags).from_select(["contact_id", "tag_id"], rows)
                # kept by force: else the count of an INSERT ... SELECT is dropped
                counted = statement.on_conflict_do_nothing().execution_options(
                    preserve_rowcount=True
                )
                added += session.connection().execute(counted).rowcount
        if added:
            note_changed(named(contact_ids))
    return added


def untag_contacts(contact_ids: ContactIds, names: Iterable[str]) -> int:
    """Take *names* off many contacts; returns how many were taken off."""
    removed = 0
    with transaction():
        tags = select(Tag.id).where(Tag.name.in_(clean_names(names)))
        for ids in batches(contact_ids):
            statement = delete(contact_tags).where(
                contact_tags.c.tag_id.in_(tags), contact_tags.c.contact_id.in_(ids)
            )
            removed += change_rows(statement)
        if removed:
            note_changed(named(contact_ids))
    return removed


def named(contact_ids: ContactIds) -> Sequence[int] | None:
    return None if isinstance(contact_ids, Select) else contact_ids


def list_tags() -> list[Tag]:
    return list(db.session.scalars(select(Tag).order_by(Tag.name)))


def tag_ids(session: Session, names: Sequence[str]) -> list[int]:
    """Ids of the tags *names*; missing ones are made. Runs inside a transaction."""
    if not names:
        return []
    # sorted: two writers that make the same tags must not lock each other out
    insert_new(Tag, [{"name": name} for name in sorted(names)])
    return list(session.scalars(select(Tag.id).where(Tag.name.in_(names)).order_by(Tag.id)))


def tag_names(session: Session, contact_id: int) -> set[str]:
    tagged = select(Tag.name).join(contact_tags, contact_tags.c.tag_id == Tag.id)
    return set(session.scalars(tagged.where(contact_tags.c.contact_id == contact_id)))


def clean_names(names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError("give a list of tag names, not one string")
    clean = [" ".join(parse_text(name, "tag", NAME_LIMIT).split()) for name in names]
    for name in clean:
        if not name or "," in name or '"' in name:
            mend = "Use letters, digits and spaces."
            raise BadInput("tag", "cannot be a tag", value=name, mend=mend)
    return list(dict.fromkeys(clean))


def batches(contact_ids: ContactIds) -> Iterator[Sequence[int] | Select[Any]]:
    if isinstance(contact_ids, Select):
        yield contact_ids
        return
    ids = iter(contact_ids)
    while batch := list(islice(ids, BATCH)):
        yield batch


def forget_tags(contact: Contact) -> None:
    """Have `contact.tags` read again when it is next asked for."""
    if contact in db.session:
        db.session.expire(contact, ["tags"])
