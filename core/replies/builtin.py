"""Filters of segments by the replies of contacts.

Handed over by the hooks that plugins use.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, select

from heliograph.contacts.models import Contact
from heliograph.deliveries.models import Delivery
from heliograph.hookspecs import hookimpl
from heliograph.replies.models import Reply
from heliograph.segment_subjects import SegmentSubject
from heliograph.segments.conditions import Clause, Operand, Operator, both
from heliograph.segments.moments import read_moment, read_span
from heliograph.segments.relations import message_ids
from heliograph.segments.texts import contains, matches


@hookimpl
def register_segment_subjects() -> list[SegmentSubject]:
    return [SegmentSubject("replied", "Replied", reply_operators)]


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


def replied(*conditions: ColumnElement[bool]) -> Clause:
    theirs = or_(
        Reply.contact_id == Contact.id,
        and_(Reply.contact_id.is_(None), Reply.number == Contact.mobile),
    )
    return exists().where(theirs, *conditions)
