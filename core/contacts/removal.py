"""Taking away a field or a tag, where nothing names it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import ColumnElement

from heliograph.contacts.changes import note_changed
from heliograph.contacts.models import Contact, CustomField, Tag, contact_tags
from heliograph.db import change_rows, db, dialect_name, transaction
from heliograph.errors import NotFound


def delete_field(alias: str) -> int:
    """Delete a field of the installation's own, and its values; returns of how many contacts.

    Raises NotFound, and Conflict that says what names it.
    """
    # here, not above: what names fields is built on them
    from heliograph.uses import FIELDS, Thing, refuse_used, while_deleting  # noqa: PLC0415

    with transaction() as session:
        while_deleting()
        field = session.scalar(select(CustomField).where(CustomField.alias == alias))
        if field is None:
            raise NotFound(f"There is no field {alias!r} of your own.")
        refuse_used(Thing(FIELDS, alias), f"The field {field.label!r}")
        session.delete(field)
        session.flush()
        given = update(Contact).where(has_key(alias))
        return change_rows(given.values(custom=without_key(alias)))


def has_key(alias: str) -> ColumnElement[bool]:
    if dialect_name() == "sqlite":
        return func.json_type(Contact.custom, f"$.{alias}").is_not(None)
    found: ColumnElement[bool] = cast(Contact.custom, JSONB).has_key(alias)
    return found


def without_key(alias: str) -> ColumnElement[Any]:
    if dialect_name() == "sqlite":
        return func.json_remove(Contact.custom, f"$.{alias}")
    return cast(Contact.custom, JSONB).op("-", return_type=JSONB())(cast(alias, Text))


def delete_tag(name: str) -> int:
    """Take the tag off all contacts, and delete it; returns of how many.

    Raises NotFound, and Conflict that says what names it.
    """
    from heliograph.uses import TAGS, Thing, refuse_used, while_deleting  # noqa: PLC0415

    with transaction() as session:
        while_deleting()
        tag = session.scalar(select(Tag).where(Tag.name == name))
        if tag is None:
            raise NotFound(f"There is no tag {name!r}.")
        refuse_used(Thing(TAGS, name), f"The tag {name!r}")
        count = change_rows(delete(contact_tags).where(contact_tags.c.tag_id == tag.id))
        change_rows(delete(Tag).where(Tag.id == tag.id))
        db.session.expire_all()
        if count:
            note_changed(None)
    return count
