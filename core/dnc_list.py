"""Reading the do-not-contact list page by page, the newest entry first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select

from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.dnc import SMS, Dnc, DncBeneath, find_beneath
from heliograph.errors import BadInput
from heliograph.installation import current_settings
from heliograph.phone import parse_number, read_sender

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """The entry shown, what lies beneath it, and the contact with its number, if any."""

    entry: Dnc
    beneath: list[DncBeneath]
    contact: Contact | None


def read_dnc(before: str = "", *, number: str = "") -> tuple[list[Listed], str]:
    """A page of entries, and the mark to read on with ("" at the end).

    *before* is the mark of the page before; what is none begins anew. *number*
    leaves only that one, in any spelling.
    """
    query = select(Dnc).where(Dnc.channel == SMS)
    if number:
        query = query.where(Dnc.number == spelled(number))
    place = place_of(before)
    if place is not None:
        at, last = place
        older = or_(Dnc.created_at < at, and_(Dnc.created_at == at, Dnc.number < last))
        query = query.where(Dnc.created_at <= at, older)
    rows = db.session.scalars(
        query.order_by(Dnc.created_at.desc(), Dnc.number.desc()).limit(PAGE + 1)
    ).all()
    page = rows[:PAGE]
    mark = f"{page[-1].created_at.isoformat()}~{page[-1].number}" if len(rows) > PAGE else ""
    numbers = [entry.number for entry in page]
    contacts, beneath = owners(numbers), find_beneath(numbers)
    return [
        Listed(entry, beneath.get(entry.number, []), contacts.get(entry.number)) for entry in page
    ], mark


def typed_number(raw: str) -> str:
    """The number that a person typed, of whatever kind; raises BadInput when it is none."""
    region = current_settings().region
    return read_sender(raw, region=region) or parse_number(raw, region=region).e164


def spelled(number: str) -> str:
    try:
        return typed_number(number)
    except BadInput:
        return number.replace("\x00", "").strip()


def place_of(mark: str) -> tuple[datetime, str] | None:
    moment, _, number = mark.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        at = at if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return (at, number.replace("\x00", "")) if at.tzinfo else None


def owners(numbers: list[str]) -> dict[str, Contact]:
    oldest = (
        select(func.min(Contact.id)).where(Contact.mobile.in_(numbers)).group_by(Contact.mobile)
    )
    found = db.session.scalars(select(Contact).where(Contact.id.in_(oldest)))
    return {contact.mobile: contact for contact in found if contact.mobile}
