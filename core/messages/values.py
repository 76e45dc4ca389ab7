"""What tokens are filled with: a contact's and its owner's values, as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from heliograph.contacts.models import Contact
from heliograph.users import User

UNWANTED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
OWNER_FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "phone": "Phone",
}


@dataclass(frozen=True, slots=True)
class Values:
    """Values by alias. `zone` is the contact's, for dates and times."""

    contact: Mapping[str, Any] = field(default_factory=dict)
    owner: Mapping[str, Any] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


COLUMNS = (
    "mobile",
    "first_name",
    "last_name",
    "email",
    "company",
    "city",
    "country",
    "locale",
    "timezone",
)

CUSTOM = "custom"  # the column with the values of custom fields


def columns_of(aliases: Iterable[str]) -> set[str]:
    """The columns of a contact that hold the fields *aliases*."""
    return {alias if alias in COLUMNS else CUSTOM for alias in aliases}


def values_of(
    contact: Contact | None,
    owner: User | None = None,
    *,
    zone: ZoneInfo,
    columns: Iterable[str] = (*COLUMNS, CUSTOM),
) -> Values:
    """Values of *contact*; its own time zone wins over *zone*.

    *columns* are those to read: `columns_of` tells which ones tokens need.
    """
    if contact is None:
        return Values(zone=zone)
    found = {name: getattr(contact, name) for name in columns}
    if CUSTOM in found:
        found |= found.pop(CUSTOM) or {}
    owned = {name: getattr(owner, name) for name in OWNER_FIELDS} if owner else {}
    return Values(found, owned, zone_of(contact, zone))


def zone_of(contact: Contact, zone: ZoneInfo) -> ZoneInfo:
    if not contact.timezone:
        return zone
    try:
        return ZoneInfo(contact.timezone)
    except (KeyError, ValueError, OSError):
        return zone


def shown(value: Any) -> str:
    """A value as it stands in a text; control characters never get into one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value if isinstance(value, str) else str(value)
    return text if text.isprintable() else UNWANTED.sub(" ", text)


def moment_of(value: Any, zone: ZoneInfo) -> datetime | None:
    """A date or time in *zone*, or None when the value is neither."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        if len(str(value)) <= len("2026-11-23"):
            return moment.replace(tzinfo=zone)
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
