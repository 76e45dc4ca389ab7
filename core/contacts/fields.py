"""The fields that a contact has: the standard ones and the installation's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from heliograph.contacts.models import Contact, CustomField
from heliograph.contacts.values import (
    CUSTOM_LIMIT,
    EMAIL_LIMIT,
    PARSERS,
    TEXT_LIMIT,
    Value,
    parse_choice,
    parse_text,
)
from heliograph.db import db, insert_new, transaction
from heliograph.errors import BadInput
from heliograph.nfc import nfc
from heliograph.phone import parse_number
from heliograph.sentences import Sentence

CUSTOM_KINDS = ("text", "number", "date", "datetime", "boolean", "choice")
WRITTEN = ("text", "country", "locale", "timezone", "email")  # blank is "", not None

# Mautic's aliases, and what the columns of files are called
SYNONYMS = {
    "firstname": "first_name",
    "given_name": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "family_name": "last_name",
    "phone": "mobile",
    "phone_number": "mobile",
    "mobile_number": "mobile",
    "mobile_phone": "mobile",
    "cell": "mobile",
    "telephone": "mobile",
    "e_mail": "email",
    "mail": "email",
    "email_address": "email",
    "companyname": "company",
    "company_name": "company",
    "preferred_locale": "locale",
    "language": "locale",
    "preferred_timezone": "timezone",
    "time_zone": "timezone",
}
# other columns of Contact, and words that filters and texts give a meaning
RESERVED = frozenset(
    {"id", "name", "owner", "owner_id", "tag", "tags", "custom", "segment", "segments", "dnc"}
    | {"number_status", "created_at", "updated_at", "received_message", "replied"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """`alias` is the column of Contact, or the key in `Contact.custom`.

    `kind` is text, number, date, datetime, boolean, choice, country, locale,
    timezone, email or phone.
    """

    alias: str
    label: str
    kind: str
    custom: bool = False
    choices: tuple[str, ...] = ()

    def parse(self, raw: object, *, region: str = "") -> Value:
        """*raw* typed and fit for JSON; raises BadInput that names the field.

        Dates are `YYYY-MM-DD`, times `YYYY-MM-DDTHH:MM:SS+00:00`: both sort as
        text. Blank is "" for written kinds and None for the others. *region* is
        for phone numbers written without a country.
        """
        if isinstance(raw, date):
            raw = raw.isoformat()
        text = parse_text(raw, self.alias, self.limit)
        if not text:
            return "" if self.kind in WRITTEN else None
        if self.kind == "phone":
            return parse_number(text, region=region).e164
        if self.kind == "choice":
            return parse_choice(text, self.alias, self.choices)
        parser = PARSERS.get(self.kind)
        return parser(text, self.alias) if parser else text

    @property
    def limit(self) -> int:
        """Most characters that may be entered."""
        if self.custom:
            return CUSTOM_LIMIT
        return EMAIL_LIMIT if self.kind == "email" else TEXT_LIMIT


STANDARD = (
    Field("mobile", Sentence("Mobile"), "phone"),
    Field("first_name", Sentence("First name"), "text"),
    Field("last_name", Sentence("Last name"), "text"),
    Field("email", Sentence("E-mail"), "email"),
    Field("company", Sentence("Company"), "text"),
    Field("city", Sentence("City"), "text"),
    Field("country", Sentence("Country"), "country"),
    Field("locale", Sentence("Locale"), "locale"),
    Field("timezone", Sentence("Time zone"), "timezone"),
)


def contact_fields() -> dict[str, Field]:
    """All fields by alias: the standard ones first, then custom ones by label."""
    fields = {field.alias: field for field in STANDARD}
    for row in db.session.scalars(select(CustomField).order_by(CustomField.label)):
        fields[row.alias] = as_field(row)
    return fields


def find_field(name: str, fields: dict[str, Field] | None = None) -> Field | None:
    """The field that *name* means (alias, synonym or label), or None.

    Give *fields* (of `contact_fields`) when asking about many names.
    """
    fields = contact_fields() if fields is None else fields
    alias = plain_alias(name)
    found = fields.get(alias) or fields.get(SYNONYMS.get(alias, ""))
    if found:
        return found
    return next((field for field in fields.values() if plain_alias(field.label) == alias), None)


def add_custom_field(
    alias: str, label: str, kind: str = "text", choices: Iterable[str] = ()
) -> Field:
    """Add a field of the installation's own; raises BadInput.

    *alias* is what texts and files call it: a letter, then letters, digits, _.
    """
    alias, label = alias.strip().lower(), parse_text(label, "label", 80)
    given = tuple(dict.fromkeys(nfc(str(choice).strip()) for choice in choices))
    check_alias(alias)
    if not label:
        raise BadInput("label", "is empty", mend="Enter what people are to read.")
    if kind not in CUSTOM_KINDS:
        mend = f"Use one of {', '.join(CUSTOM_KINDS)}."
        raise BadInput("kind", "is not known", value=kind, mend=mend)
    if (kind == "choice") != bool(given) or "" in given:
        raise BadInput("choices", "do not fit the kind", value=given, mend="Give them to a choice.")
    row = {"alias": alias, "label": label, "kind": kind, "choices": list(given)}
    with transaction():
        if not insert_new(CustomField, [row]):
            raise BadInput("alias", "is taken", value=alias, mend="Choose another one.")
    return Field(alias, label, kind, custom=True, choices=given)


def check_alias(alias: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", alias):
        mend = "Use up to 40 of a-z, 0-9 and _, a letter first."
        raise BadInput("alias", "cannot be an alias", value=alias, mend=mend)
    if alias in RESERVED or alias in SYNONYMS or hasattr(Contact, alias):
        mend = "Choose another one, such as my_" + alias[:37] + "."
        raise BadInput("alias", "already has a meaning", value=alias, mend=mend)


def as_field(row: CustomField) -> Field:
    return Field(row.alias, row.label, row.kind, custom=True, choices=tuple(row.choices))


def plain_alias(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", nfc(name).strip().lower())
