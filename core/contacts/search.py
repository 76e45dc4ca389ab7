"""Finding contacts by what a person types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, collate, exists, func, or_, select
from sqlalchemy.orm import selectinload

from heliograph.contacts.models import Contact, Tag, contact_tags
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import Model, db, dialect_name
from heliograph.errors import BadInput
from heliograph.installation import current_settings
from heliograph.nfc import nfc
from heliograph.phone import beginnings, looks_like_number, parse_number

MOST, MOST_WORDS, FEW = 1000, 8, 3000
LAST = "\U0010ffff"  # sorts after every character
TAGGED = re.compile(r'tag:(?:"([^"]*)"|(\S+))', re.IGNORECASE)
NAMES = (Contact.first_name, Contact.last_name, Contact.company)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that must fit: as a condition, and as selects of ids by index."""

    clause: ColumnElement[bool]
    sources: tuple[Select[Any], ...] = ()


def find_contacts(
    query: str, *, after_id: int = 0, limit: int = 50, region: str = ""
) -> list[Contact]:
    """Contacts that fit *query*, by id, at most *limit* (1,000) after *after_id*.

    *query* is a number in any spelling or its beginning, an e-mail address or
    its beginning, beginnings of first name, last name or company, and `tag:NAME`
    (`tag:"TWO WORDS"`); all must fit, and nothing fits all. *region* is for
    national numbers; the installation's by default. Give the last id found to
    read on.
    """
    found = (
        select(Contact)
        .where(Contact.id > after_id, *conditions_of(query, region))
        .order_by(Contact.id)
        .limit(max(1, min(limit, MOST)))
    )
    return list(db.session.scalars(found))


def newest_contacts(
    query: str = "",
    *,
    segment_id: int | None = None,
    before_id: int | None = None,
    after_id: int | None = None,
    limit: int = 50,
) -> list[Contact]:
    """As `find_contacts`, the newest first: a page of a list.

    Give the last id of a page as *before_id* for the next one, or the first as
    *after_id* for the one before. *segment_id* leaves only its members.
    """
    conditions = conditions_of(query, "")
    if segment_id is not None:
        conditions.append(is_member(segment_id))
    if before_id is not None:
        conditions.append(Contact.id < min(before_id, LARGEST_ID))
    backwards = after_id is not None
    if after_id is not None:
        conditions.append(Contact.id > min(after_id, LARGEST_ID))
    order = Contact.id.asc() if backwards else Contact.id.desc()
    page = select(Contact).where(*conditions).order_by(order).limit(max(1, min(limit, MOST)))
    found = list(db.session.scalars(page.options(selectinload(Contact.tags))))
    return found[::-1] if backwards else found


def conditions_of(query: str, region: str) -> list[ColumnElement[bool]]:
    """What must hold. Where few contacts fit one of the parts, their ids are looked up first.

    So the database need not guess which index to use: what fits few is read by
    its own index, what fits many is soon found in the order of the list.
    """
    parts = parts_of(query, region or current_settings().region)
    few = next((ids for ids in map(few_ids, parts) if ids is not None), None)
    conditions = [part.clause for part in parts]
    return conditions if few is None else [Contact.id.in_(few), *conditions]


def parts_of(query: str, region: str) -> list[Part]:
    """The longest words first: they fit the fewest."""
    query = nfc(query)
    tags = [has_tag(quoted or plain) for quoted, plain in TAGGED.findall(query)]
    rest = TAGGED.sub(" ", query).replace("\x00", "").strip()
    if looks_like_number(rest):
        return [*tags, has_number(rest, region)]
    words = sorted(rest.split()[:MOST_WORDS], key=len, reverse=True)
    return [*(has_email(word) if "@" in word else has_name(word) for word in words), *tags]


def few_ids(part: Part) -> list[int] | None:
    """Ids of the contacts that fit, or None when there are more than FEW."""
    if not part.sources:
        return None
    ids: set[int] = set()
    for source in part.sources:
        ids.update(db.session.scalars(source.limit(FEW + 1)))
        if len(ids) > FEW:
            return None
    return sorted(ids)


def is_member(segment_id: int) -> ColumnElement[bool]:
    # read by name: the tables of segments are built on those of contacts
    members = Model.metadata.tables["segment_members"]
    return exists().where(
        members.c.segment_id == segment_id,
        members.c.contact_id == Contact.id,
        members.c.origin != "left_out",
    )


def contacts_with_number(e164: str) -> list[Contact]:
    """All contacts that share the number, oldest first."""
    sharing = select(Contact).where(Contact.mobile == e164).order_by(Contact.id)
    return list(db.session.scalars(sharing))


def has_number(text: str, region: str) -> Part:
    """The whole number, or its beginning, in international or national spelling."""
    try:
        return Part(Contact.mobile == parse_number(text, region=region).e164)
    except BadInput:
        starts = beginnings(text, [region, current_settings().region])
    return Part(or_(*(begins_with(Contact.mobile.expression, start) for start in starts)))


def begins_with(column: ColumnElement[Any], start: str) -> ColumnElement[bool]:
    """`LIKE 'start%'` by index, whatever the collation of the database."""
    if dialect_name() == "postgresql":
        return and_(
            column.op("~>=~", is_comparison=True)(start),
            column.op("~<~", is_comparison=True)(start + LAST),
        )
    return and_(column >= start, column < start + LAST)


def has_email(word: str) -> Part:
    """The whole address by index; only where nobody has it, its beginning."""
    address = word.lower()
    whole = Contact.email == address
    if db.session.scalar(select(exists().where(whole))):
        return Part(whole)
    return Part(begins_with(Contact.email.expression, address))


def has_name(word: str) -> Part:
    columns = [folded(column.expression) for column in NAMES]
    starts = dict.fromkeys(lowered_ascii(spelling) for spelling in spellings(word))
    pairs = [(column, start) for column in columns for start in starts]
    clauses = [and_(column >= start, column < start + LAST) for column, start in pairs]
    sources = (
        select(Contact.id).where(clause).order_by(column)
        for clause, (column, _) in zip(clauses, pairs, strict=True)
    )
    return Part(or_(*clauses), tuple(sources))


def folded(column: ColumnElement[str]) -> ColumnElement[str]:
    """As the index of names has it: ASCII letters in one case at least."""
    if dialect_name() == "postgresql":
        return collate(func.lower(column), "C")
    return collate(column, "NOCASE")


def lowered_ascii(word: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in word)


def has_tag(name: str) -> Part:
    named = or_(func.lower(Tag.name) == name.lower(), Tag.name.in_(spellings(name)))
    tags = db.session.scalars(select(Tag.id).where(named)).all()
    tagged = contact_tags.c
    clause = exists().where(tagged.contact_id == Contact.id, tagged.tag_id.in_(tags))
    by_id = (tagged.tag_id, tagged.contact_id)
    sources = (
        select(tagged.contact_id).where(tagged.tag_id == tag).order_by(*by_id) for tag in tags
    )
    return Part(clause, tuple(sources))


def spellings(word: str) -> list[str]:
    """*word* in each case: databases may fold the case of ASCII letters only."""
    if word.isascii():
        return [word]
    return list(dict.fromkeys((word, word.lower(), word.upper(), word.title())))
