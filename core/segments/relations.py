"""Conditions on what hangs on a contact: tags, segments, DNC; the ids of messages in filters."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import and_, exists, select

from heliograph.contacts.models import NUMBER_INVALID, NUMBER_OK, Contact, Tag, contact_tags
from heliograph.db import Model, db
from heliograph.dnc import REASONS, SMS, Dnc
from heliograph.segments.conditions import Clause, Operand, Operator, both, opposite
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember
from heliograph.segments.texts import is_any

MESSAGE_MEND = "Give the id of a message. Run: heliograph messages list"


def tag_operators() -> dict[str, Operator]:
    def tagged(names: list[str]) -> Clause:
        tags = select(Tag.id).where(is_any(Tag.name.expression, names))
        return exists().where(
            contact_tags.c.contact_id == Contact.id, contact_tags.c.tag_id.in_(tags)
        )

    return set_operators(lambda operand: [item.text() for item in operand.items()], tagged)


def segment_operators() -> dict[str, Operator]:
    def member(ids: list[int]) -> Clause:
        return exists().where(
            SegmentMember.segment_id.in_(ids),
            SegmentMember.contact_id == Contact.id,
            SegmentMember.origin != LEFT_OUT,
        )

    return set_operators(segment_ids, member, keep=segment_ids)


def set_operators(
    read: Callable[[Operand], list[Any]],
    has: Callable[[list[Any]], Clause],
    keep: Callable[[Operand], object] | None = None,
) -> dict[str, Operator]:
    def any_of(operand: Operand) -> Clause:
        return has(read(operand))

    def all_of(operand: Operand) -> Clause:
        return and_(*(has([value]) for value in read(operand)))

    more: dict[str, Any] = {} if keep is None else {"keep": keep}
    return {
        "has_any": Operator(any_of, **more),
        "has_all": Operator(all_of, **more),
        "has_none": Operator(any_of, turned=True, **more),
    }


def segment_ids(operand: Operand) -> list[int]:
    """Ids of the segments that a value names, by id or by name; raises BadInput."""
    ids = {name: number for number, name in db.session.execute(select(Segment.id, Segment.name))}
    return [segment_id(item, ids) for item in operand.items()]


def segment_id(operand: Operand, ids: Mapping[str, int]) -> int:
    text = operand.text()
    if isinstance(operand.raw, str) and text in ids:
        return ids[text]
    if text.isdecimal() and int(text[:20]) in ids.values():
        return int(text[:20])
    close = difflib.get_close_matches(text, ids, n=1)
    mend = f"Did you mean {close[0]}?" if close else "Run: heliograph segments list"
    raise operand.refused("is no segment", mend)


def dnc_operators() -> dict[str, Operator]:
    """Of the number a contact has now: a reason, any, or none."""

    def test(operand: Operand) -> Clause:
        reason = chosen(operand, (*REASONS, "any", "none"))
        listed = exists().where(Dnc.channel == SMS, Dnc.number == Contact.mobile)
        if reason in REASONS:
            return listed.where(Dnc.reason == reason)
        return listed if reason == "any" else opposite(listed)

    return both("is", "is_not", test)


def status_operators() -> dict[str, Operator]:
    def test(operand: Operand) -> Clause:
        return Contact.number_status == chosen(operand, (NUMBER_OK, NUMBER_INVALID))

    return both("is", "is_not", test)


def chosen(operand: Operand, choices: tuple[str, ...]) -> str:
    text = operand.text().lower()
    if text not in choices:
        raise operand.refused("is no choice", f"Use one of {', '.join(choices)}.")
    return text


def message_ids(operand: Operand) -> list[int]:
    """Ids of text messages; raises BadInput for one that is not there.

    Were a missing one let through, all contacts would count as without it.
    """
    # read by name: the tables of messages are built on those of segments
    messages = Model.metadata.tables["text_messages"]
    ids = []
    for item in operand.items():
        number = item.identity(MESSAGE_MEND)
        if db.session.scalar(select(messages.c.id).where(messages.c.id == number)) is None:
            raise item.refused("is no message", MESSAGE_MEND)
        ids.append(number)
    return ids
