"""Conditions on what hangs on a contact: tags, segments, DNC, texts, replies."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select

from core.contacts.models import Contact, Tag, contact_tags
from core.db import db
from core.deliveries.models import WITH_PROVIDER, Delivery
from core.dnc import REASONS, SMS, Dnc
from core.replies.models import Reply
from core.segments.conditions import Condition, within
from core.segments.models import LEFT_OUT, Segment, SegmentMember

RELATIONS = ("tag", "segment", "dnc", "received_message", "replied")
SETS = ("has_any", "has_all", "has_none")
REPLIED = ("ever", "never", "within", "contains", "to_message", "not_to_message")


def build_relation(condition: Condition) -> ColumnElement[bool]:
    builders = {
        "tag": build_tag,
        "segment": build_segment,
        "dnc": build_dnc,
        "received_message": build_received,
        "replied": build_replied,
    }
    return builders[condition.field](condition)


def build_tag(condition: Condition) -> ColumnElement[bool]:
    condition.check_operator(SETS)
    names = [name.strip().lower() for name in condition.texts()]

    def tagged(wanted: list[str]) -> ColumnElement[bool]:
        return exists().where(
            contact_tags.c.contact_id == Contact.id,
            contact_tags.c.tag_id == Tag.id,
            func.lower(Tag.name).in_(wanted),
        )

    return by_set(condition, names, tagged)


def build_segment(condition: Condition) -> ColumnElement[bool]:
    condition.check_operator(SETS)
    ids = []
    for text in condition.texts():
        if not text.isdecimal() or db.session.get(Segment, int(text)) is None:
            raise condition.refuse("value", "names no segment", "Use ids of segments list.")
        ids.append(int(text))

    def member(wanted: list[int]) -> ColumnElement[bool]:
        return exists().where(
            SegmentMember.contact_id == Contact.id,
            SegmentMember.segment_id.in_(wanted),
            SegmentMember.origin != LEFT_OUT,
        )

    return by_set(condition, ids, member)


def by_set(condition: Condition, values: list[Any], has: Any) -> ColumnElement[bool]:
    if condition.operator == "has_all":
        return and_(*[has([value]) for value in values])
    found: ColumnElement[bool] = has(values)
    return found if condition.operator == "has_any" else not_(found)


def build_dnc(condition: Condition) -> ColumnElement[bool]:
    condition.check_operator(("is", "is_not"))
    allowed = (*REASONS, "any", "none")
    if condition.value not in allowed:
        raise condition.refuse("value", "is no reason", f"Use one of {', '.join(allowed)}.")
    listed = exists().where(Dnc.channel == SMS, Dnc.number == Contact.mobile)
    if condition.value in REASONS:
        listed = exists().where(
            Dnc.channel == SMS, Dnc.number == Contact.mobile, Dnc.reason == condition.value
        )
    wanted = not_(listed) if condition.value == "none" else listed
    return wanted if condition.operator == "is" else not_(wanted)


def build_received(condition: Condition) -> ColumnElement[bool]:
    """Received: a provider took a text of that message to the contact."""
    condition.check_operator(("is", "is_not"))
    got = exists().where(
        Delivery.contact_id == Contact.id,
        Delivery.message_id == message_id(condition),
        Delivery.status.in_(WITH_PROVIDER),
    )
    return got if condition.operator == "is" else not_(got)


def build_replied(condition: Condition) -> ColumnElement[bool]:
    condition.check_operator(REPLIED)
    theirs = or_(
        Reply.contact_id == Contact.id,
        and_(Reply.contact_id.is_(None), Reply.number == Contact.mobile),
    )
    operator = condition.operator
    if operator in ("ever", "never"):
        replied = exists().where(theirs)
        return replied if operator == "ever" else not_(replied)
    if operator == "within":
        begin, end = within(condition)
        return exists().where(theirs, Reply.received_at.between(begin, end))
    if operator == "contains":
        if not isinstance(condition.value, str) or not condition.value:
            raise condition.refuse("value", "is no text", "Use a word of the reply.")
        text = func.lower(Reply.text).contains(condition.value.lower(), autoescape=True)
        return exists().where(theirs, text)
    texts = select(Delivery.id).where(
        Delivery.message_id == message_id(condition), Delivery.contact_id == Contact.id
    )
    answered = exists().where(theirs, Reply.delivery_id.in_(texts))
    return answered if operator == "to_message" else not_(answered)


def message_id(condition: Condition) -> int:
    value = condition.value
    if isinstance(value, bool) or not str(value).isdecimal():
        raise condition.refuse("value", "is no id of a message", "Use ids of messages list.")
    return int(value)
