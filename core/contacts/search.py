"""Finding contacts by what a person types."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, exists, func, or_, select

from core.contacts.models import Contact, Tag, contact_tags
from core.db import db
from core.errors import BadInput
from core.installation import current_settings
from core.phone import looks_like_number, parse_number

MOST = 1000
TAGGED = re.compile(r'tag:(?:"([^"]*)"|(\S+))', re.IGNORECASE)
NAMES = (Contact.first_name, Contact.last_name, Contact.company)


def find_contacts(
    query: str, *, after_id: int = 0, limit: int = 50, region: str = ""
) -> list[Contact]:
    """Contacts that fit *query*, by id, at most *limit* (1,000) after *after_id*.

    *query* is a number in any spelling (or five digits of one), an e-mail
    address or its beginning, parts of names, and `tag:NAME` (`tag:"TWO WORDS"`);
    all must fit, and nothing fits all. *region* is for national numbers; the
    installation's by default. Give the last id found to read on.
    """
    tags = [quoted or plain for quoted, plain in TAGGED.findall(query)]
    rest = TAGGED.sub(" ", query).replace("\x00", "").strip()
    conditions = [has_tag(name) for name in tags]
    if looks_like_number(rest):
        conditions.append(has_number(rest, region or current_settings().region))
    else:
        conditions += [has_email(w) if "@" in w else has_name(w) for w in rest.split()]
    found = (
        select(Contact)
        .where(Contact.id > after_id, *conditions)
        .order_by(Contact.id)
        .limit(max(1, min(limit, MOST)))
    )
    return list(db.session.scalars(found))


def contacts_with_number(e164: str) -> list[Contact]:
    """All contacts that share the number, oldest first."""
    sharing = select(Contact).where(Contact.mobile == e164).order_by(Contact.id)
    return list(db.session.scalars(sharing))


def has_number(text: str, region: str) -> ColumnElement[bool]:
    try:
        return Contact.mobile == parse_number(text, region=region).e164
    except BadInput:
        digits = "".join(char for char in text if char.isdecimal())
        if text.startswith("+"):
            return Contact.mobile.startswith(f"+{digits}")
        return Contact.mobile.contains(digits.lstrip("0") or digits)


def has_email(word: str) -> ColumnElement[bool]:
    """The whole address by index; only where nobody has it, its beginning."""
    address = word.lower()
    whole = Contact.email == address
    if db.session.scalar(select(exists().where(whole))):
        return whole
    return Contact.email.startswith(address, autoescape=True)


def has_name(word: str) -> ColumnElement[bool]:
    return or_(
        *(
            column.icontains(spelling, autoescape=True)
            for column in NAMES
            for spelling in spellings(word)
        )
    )


def has_tag(name: str) -> ColumnElement[bool]:
    named = or_(func.lower(Tag.name) == name.lower(), Tag.name.in_(spellings(name)))
    tagged = select(contact_tags.c.contact_id).join(Tag, Tag.id == contact_tags.c.tag_id)
    return Contact.id.in_(tagged.where(named))


def spellings(word: str) -> list[str]:
    """*word* in each case: SQLite folds the case of ASCII letters only."""
    if word.isascii():
        return [word]
    return list(dict.fromkeys((word, word.lower(), word.upper(), word.title())))
