"""Conditions on what hangs on a contact: tags, segments, DNC, texts, replies."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from heliograph.contacts.models import NUMBER_INVALID, NUMBER_OK, Contact, Tag, contact_tags
from heliograph.db import Model, db
from heliograph.deliveries.models import WITH_PROVIDER, Delivery
from heliograph.dnc import REASONS, SMS, Dnc
from heliograph.links.models import PERSON, Click, Link
from heliograph.replies.models import Reply
from heliograph.segments.conditions import Clause, Operand, Operator, both, opposite
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember
from heliograph.segments.moments import read_moment, read_span
from heliograph.segments.texts import contains, is_any, matches

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


def received_operators() -> dict[str, Operator]:
    """Received: a provider took a text of that message to the contact."""

    def test(operand: Operand) -> Clause:
        return exists().where(
            Delivery.contact_id == Contact.id,
            Delivery.message_id.in_(message_ids(operand)),
            Delivery.status.in_(WITH_PROVIDER),
        )

    return {**both("is", "is_not", test), **both("received", "not_received", test)}


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


def reply_operators() -> dict[str, Operator]:
    """Replies of the contact, and of its number from before it was a contact's."""

    def since(operand: Operand) -> Clause:
        return replied(Reply.received_at >= read_moment(operand).first)

    def within(operand: Operand) -> Clause:
        return replied(Reply.received_at.between(*read_span(operand)))

    def containing(operand: Operand) -> Clause:
        return replied(matches(Reply.text.expression, operand.text(), contains))

    def to_message(operand: Operand) -> Clause:
        texts = select(Delivery.id).where(
            Delivery.id == Reply.delivery_id, Delivery.message_id.in_(message_ids(operand))
        )
        return replied(exists(texts))

    return {
        **both("ever", "never", lambda _: replied(), bare=True),
        **both("since", "not_since", since),
        **both("within", "not_within", within),
        **both("contains", "not_contains", containing),
        **both("to_message", "not_to_message", to_message),
    }


def click_operators() -> dict[str, Operator]:
    """Clicks of people; those of machines and on test texts do not count."""

    def since(operand: Operand) -> Clause:
        return clicked(Click.at >= read_moment(operand).first)

    def within(operand: Operand) -> Clause:
        return clicked(Click.at.between(*read_span(operand)))

    def containing(operand: Operand) -> Clause:
        return clicked(of_link(matches(Link.url.expression, operand.text(), contains)))

    def in_message(operand: Operand) -> Clause:
        return clicked(of_link(Link.message_id.in_(message_ids(operand))))

    return {
        **both("ever", "never", lambda _: clicked(), bare=True),
        **both("since", "not_since", since),
        **both("within", "not_within", within),
        **both("contains", "not_contains", containing),
        **both("in_message", "not_in_message", in_message),
    }


def clicked(*conditions: ColumnElement[bool]) -> Clause:
    theirs = and_(Click.contact_id == Contact.id, Click.kind == PERSON)
    return exists().where(theirs, *conditions)


def of_link(condition: ColumnElement[bool]) -> Clause:
    return exists().where(Link.id == Click.link_id, condition)


def replied(*conditions: ColumnElement[bool]) -> Clause:
    theirs = or_(
        Reply.contact_id == Contact.id,
        and_(Reply.contact_id.is_(None), Reply.number == Contact.mobile),
    )
    return exists().where(theirs, *conditions)
