"""Adding, editing and deleting contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.events import record_event
from heliograph.contacts.fields import Field, contact_fields, find_field
from heliograph.contacts.foreign_keys import references_to_contacts
from heliograph.contacts.models import NUMBER_OK, Contact
from heliograph.contacts.values import Value
from heliograph.db import change_rows, db, refuse_changed, transaction
from heliograph.dnc import carry_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.host import notify
from heliograph.users import User

LARGEST_ID = 2**63 - 1
IDENTIFYING = ("mobile", "email", "first_name", "last_name")


@dataclass(slots=True)
class Entered:
    """Parsed values: columns of Contact, keys of `custom` (None clears one)."""

    columns: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def get_contact(contact_id: int) -> Contact:
    """The contact; raises NotFound."""
    known = 0 < contact_id <= LARGEST_ID
    contact = db.session.get(Contact, contact_id) if known else None
    if contact is None:
        raise NotFound(f"There is no contact {contact_id}.")
    return contact


def add_contact(values: Mapping[str, object], *, region: str) -> Contact:
    """Store a new contact.

    *values* by field name (aliases and synonyms) and `owner_id`; the mobile is
    read as one of the contact's country, then of *region*. Raises BadInput.
    Plugins are told after the commit: call it outside of a transaction.
    """
    with transaction() as session:
        entered = read_values(values, region=region)
        if not any(entered.columns.get(name) for name in IDENTIFYING):
            mend = "Enter a mobile number, an e-mail address or a name."
            raise BadInput("mobile", "is missing", mend=mend)
        custom = {key: value for key, value in entered.custom.items() if value is not None}
        contact = Contact(**entered.columns, custom=custom)
        session.add(contact)
        session.flush()
        record_event(contact.id, "added", "Contact added")
        note_changed([contact.id])
    notify("contact_changed", contact_id=contact.id, change="added")
    return contact


def edit_contact(
    contact_id: int, values: Mapping[str, object], *, region: str, seen: datetime | None = None
) -> Contact:
    """Change the given *values* of a contact, see `add_contact`; blanks clear.

    When its number changes and the old one is on do-not-contact, so is the new
    one from then on. Raises NotFound, BadInput; Changed when it is no longer as
    it was with `updated_at` *seen*.
    """
    with transaction() as session:
        contact = locked_contact(session, contact_id)
        refuse_changed(seen, contact.updated_at)
        entered = read_values(values, region=region, contact=contact)
        changes = apply_values(contact, entered)
        carried = "mobile" in changes and follow_dnc(changes["mobile"], contact.mobile)
        if changes:
            record_event(contact.id, "edited", describe(changes, contact, entered))
            note_changed([contact.id])
    if changes:
        notify("contact_changed", contact_id=contact.id, change="edited")
    if carried:
        notify("contact_changed", contact_id=contact.id, change="dnc")
    return contact


def delete_contact(contact_id: int) -> None:
    """Delete a contact; raises NotFound.

    The ledger keeps its texts and do-not-contact keeps its number; texts still
    queued for it are skipped when their turn comes.
    """
    with transaction() as session:
        contact = locked_contact(session, contact_id)
        session.expunge(contact)
        for reference in references_to_contacts():
            reference.release(contact_id)
        change_rows(delete(Contact).where(Contact.id == contact_id))
        session.expire_all()
    notify("contact_changed", contact_id=contact_id, change="deleted")


def locked_contact(session: Session, contact_id: int) -> Contact:
    get_contact(contact_id)
    query = select(Contact).where(Contact.id == contact_id).with_for_update()
    contact = session.scalar(query.execution_options(populate_existing=True))
    if contact is None:
        raise NotFound(f"There is no contact {contact_id}.")
    return contact


def read_values(
    values: Mapping[str, object], *, region: str, contact: Contact | None = None
) -> Entered:
    """Parse *values*; raises BadInput for a bad value, an unknown or doubled field."""
    entered = Entered()
    given = fields_given(values, entered)
    if "country" in given:
        entered.columns["country"] = given["country"][0].parse(given["country"][1])
    country = entered.columns.get("country", contact.country if contact else "")
    for alias, (known, raw) in given.items():
        entered.labels[alias] = known.label
        if known.kind == "phone":
            entered.columns[alias] = parse_mobile(known, raw, country, region)
        elif known.custom:
            value = known.parse(raw)
            entered.custom[alias] = None if value == "" else value
        else:
            entered.columns[alias] = known.parse(raw)
    return entered


def fields_given(values: Mapping[str, object], entered: Entered) -> dict[str, tuple[Field, object]]:
    fields = contact_fields()
    given: dict[str, tuple[Field, object]] = {}
    for name, raw in values.items():
        if name == "owner_id":
            entered.columns["owner_id"] = parse_owner(raw)
            entered.labels["owner_id"] = "Owner"
            continue
        known = find_field(name, fields)
        if known is None:
            mend = f"Use one of {', '.join(fields)}."
            raise BadInput(name, "is not a field of contacts", value=raw, mend=mend)
        if known.alias in given and given[known.alias][1] != raw:
            raise BadInput(name, f"is {known.alias} a second time", value=raw, mend="Give one.")
        given[known.alias] = (known, raw)
    return given


def parse_mobile(known: Field, raw: object, country: str, region: str) -> Value:
    """The number as one of *country*, else of *region*."""
    try:
        return known.parse(raw, region=country or region)
    except BadInput as error:
        if not country or country == region:
            raise
        try:
            return known.parse(raw, region=region)
        except BadInput:
            raise error from None


def parse_owner(raw: object) -> int | None:
    if raw is None or raw == "":
        return None
    known = str(raw).isdecimal() and int(str(raw)) <= LARGEST_ID
    if not known or db.session.get(User, int(str(raw))) is None:
        raise BadInput("owner_id", "is no user", value=raw, mend="Give the id of a user.")
    return int(str(raw))


def apply_values(contact: Contact, entered: Entered) -> dict[str, Any]:
    """Write what differs; returns the old value of each changed field."""
    changes: dict[str, Any] = {}
    for name, value in entered.columns.items():
        if getattr(contact, name) != value:
            changes[name] = getattr(contact, name)
            setattr(contact, name, value)
    if "mobile" in changes:
        contact.number_status = NUMBER_OK
    custom = dict(contact.custom)
    for alias, value in entered.custom.items():
        if custom.get(alias) == value:
            continue
        changes[alias] = custom.pop(alias, None)
        if value is not None:
            custom[alias] = value
    if custom != contact.custom:
        contact.custom = custom
    return changes


def follow_dnc(old: str | None, new: str | None) -> bool:
    """Put *new* on do-not-contact where *old* is; True when that changed anything."""
    if not old or not new:
        return False
    words = f"Carried over from {old}, this contact's number before."
    return carry_dnc(old, new, words=words, source="contact")


def describe(changes: dict[str, Any], contact: Contact, entered: Entered) -> str:
    """`City: Paris → Lyon; Mobile: none → +336...`."""
    lines = []
    for alias, old in changes.items():
        new = entered.custom[alias] if alias in entered.custom else getattr(contact, alias)
        lines.append(f"{entered.labels[alias]}: {shown(old)} → {shown(new)}")
    return "; ".join(lines)


def shown(value: Value) -> str:
    return "none" if value in (None, "") else str(value)
