"""Filters of segments by the links that contacts clicked."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from heliograph.contacts.models import Contact
from heliograph.links.models import PERSON, Click, Link
from heliograph.segments.conditions import Clause, Operand, Operator, both
from heliograph.segments.moments import read_moment, read_span
from heliograph.segments.relations import message_ids
from heliograph.segments.texts import contains, matches


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
