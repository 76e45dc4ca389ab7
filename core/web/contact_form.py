"""The form of a contact: an input for each field, whatever the installation added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from flask import request
from phonenumbers import SUPPORTED_REGIONS

from heliograph.contacts import Contact, Field, contact_fields
from heliograph.web.locale import choose_language, moment
from heliograph.web.sentence_words import told
from heliograph.web.zones import input_time, read_time, refuse_leap

TYPES = {"phone": "tel", "email": "email", "date": "date", "datetime": "datetime-local"}


@dataclass(frozen=True, slots=True)
class Input:
    """`kind` is the type of an `<input>`, or select; `value` as it stands in it."""

    name: str
    label: str
    kind: str
    value: str
    custom: bool
    maxlength: int
    options: list[tuple[str, str]]
    suggestions: list[str]


def form_inputs(contact: Contact | None, typed: Mapping[str, str] | None) -> list[Input]:
    """An input for each field, with what was *typed* or with what the contact has."""
    return [one_input(field, contact, typed) for field in contact_fields().values()]


def one_input(field: Field, contact: Contact | None, typed: Mapping[str, str] | None) -> Input:
    value = shown(field, value_of(field, contact)) if contact else ""
    if typed is not None:
        value = typed.get(field.alias, "")
    options = options_of(field)
    suggestions = sorted(available_timezones()) if field.kind == "timezone" else []
    kind = "select" if options else TYPES.get(field.kind, "text")
    return Input(
        field.alias, told(field.label), kind, value, field.custom, field.limit, options, suggestions
    )


def options_of(field: Field) -> list[tuple[str, str]]:
    none = [("", "–")]
    if field.kind == "boolean":
        return [*none, ("yes", "yes"), ("no", "no")]
    if field.kind == "choice":
        return none + [(choice, choice) for choice in field.choices]
    return [*none, *country_options()] if field.kind == "country" else []


def country_options() -> list[tuple[str, str]]:
    """(code, name) of each country, by name in the reader's language."""
    names = Locale.parse(choose_language()).territories
    known = SUPPORTED_REGIONS
    found = [(code, str(name)) for code, name in names.items() if code in known]
    return sorted(found, key=lambda pair: pair[1])


def value_of(field: Field, contact: Contact) -> Any:
    return (
        (contact.custom or {}).get(field.alias) if field.custom else getattr(contact, field.alias)
    )


def shown(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.kind == "datetime":
        at = read_time(str(value))
        return input_time(at)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def labels() -> dict[str, str]:
    return {alias: told(field.label) for alias, field in contact_fields().items()}


def stands(contact: Contact) -> dict[str, str]:
    """What the contact has, as its form shows it."""
    return {
        alias: shown(field, value_of(field, contact)) for alias, field in contact_fields().items()
    }


def shown_values(contact: Contact) -> dict[str, str]:
    """What the contact has, as its page shows it: times with their zone."""
    return stands(contact) | {
        alias: moment(read_time(str(value)))
        for alias, field in contact_fields().items()
        if field.kind == "datetime" and (value := value_of(field, contact))
    }


def typed_values(contact: Contact | None = None) -> dict[str, object]:
    """What the form of this request says, for `add_contact` and `edit_contact`."""
    fields = contact_fields()
    values: dict[str, object] = {
        alias: zoned(fields[alias], text, contact)
        for alias, text in request.form.items()
        if alias in fields
    }
    if "owner_id" in request.form:
        values["owner_id"] = request.form["owner_id"]
    return values


def zoned(field: Field, text: str, contact: Contact | None) -> str:
    """Times are typed in the zone of the page."""
    if field.kind != "datetime" or not text.strip():
        return text
    value = value_of(field, contact) if contact else None
    try:
        at = read_time(text, stands=read_time(str(value)) if value else None)
    except ValueError:
        return text  # the field itself will say what is wrong
    refuse_leap(field.alias, text)
    return at.isoformat() if at else ""
