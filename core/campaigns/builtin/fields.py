"""The action that writes a value into a field of contacts."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field as Ask
from sqlalchemy import ColumnElement, Text, cast, func, literal, update
from sqlalchemy.dialects.postgresql import JSONB

from heliograph.actions import Action, ActionBatch
from heliograph.contacts.changes import note_changed
from heliograph.contacts.fields import WRITTEN, Field, contact_fields
from heliograph.contacts.models import Contact
from heliograph.contacts.values import Value
from heliograph.db import change_rows, dialect_name, utcnow
from heliograph.errors import BadInput
from heliograph.events import EventConfig
from heliograph.installation import current_settings, current_zone
from heliograph.lookups import one_of
from heliograph.segments.conditions import Operand, Scope
from heliograph.segments.dates import utc_text
from heliograph.segments.moments import read_day, read_moment

TIMES = ("date", "datetime")


class ChangeField(EventConfig):
    field: str = Ask(
        title="Field",
        description="Which field of the contact",
        min_length=1,
        json_schema_extra={"choices_from": "fields"},
    )
    value: str = Ask(
        default="",
        title="Value",
        description="Empty clears the field; dates may be today, now, -7 days or +3 months",
        max_length=1000,
    )


def check_field(config: ChangeField) -> None:
    new_value(known_field(config.field), config.value)


def known_field(alias: str) -> Field:
    field = contact_fields().get(alias)
    if field is None:
        raise BadInput("field", "is not there", value=alias, mend="Choose another field.")
    if field.kind == "phone":
        mend = "Numbers are changed on the contact's own page."
        raise BadInput("field", "cannot be changed by a campaign", value=alias, mend=mend)
    return field


def new_value(field: Field, text: str) -> Value:
    """What *text* means for the field now, as contacts keep it; raises BadInput."""
    if field.kind in TIMES and text:
        scope = Scope(utcnow(), current_zone(), current_settings().region, {})
        operand = Operand(text, field.alias, scope)
        if field.kind == "date" and text.lower() != "now":
            return read_day(operand).isoformat()
        if field.kind == "date":
            return utcnow().astimezone(current_zone()).date().isoformat()
        return utc_text(read_moment(operand).first)
    return field.parse(text)


def change_field(batch: ActionBatch) -> None:
    field = known_field(batch.config.field)
    value = new_value(field, batch.config.value)
    change = custom_change(field, value) if field.custom else {field.alias: value}
    change_rows(
        update(Contact)
        .where(one_of(Contact.id, batch.contact_ids))
        .values(**change, updated_at=utcnow())
    )
    note_changed(batch.contact_ids)


def custom_change(field: Field, value: Value) -> dict[str, ColumnElement[Any]]:
    """The column of custom fields with one key set, or without it."""
    clears = value is None or (value == "" and field.kind in WRITTEN)
    text = literal(json.dumps(value), Text)
    if dialect_name() == "sqlite":
        path = literal(f"$.{field.alias}", Text)
        if clears:
            return {"custom": func.json_remove(Contact.custom, path)}
        return {"custom": func.json_set(Contact.custom, path, func.json(text))}
    if clears:
        return {"custom": Contact.custom.op("-")(literal(field.alias, Text))}
    return {
        "custom": Contact.custom.op("||")(func.jsonb_build_object(field.alias, cast(text, JSONB)))
    }


CHANGE_FIELD = Action(
    key="core.change_field",
    label="Change a field",
    config_model=ChangeField,
    run_many=change_field,
    check=check_field,
    help="Writes a value into a field of the contact, or clears it.",
    icon="pencil",
)
