"""Looking ahead: who would get a broadcast, who would not and why, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.broadcasts.models import Broadcast
from heliograph.broadcasts.plan import segment_ids, skip_reason
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.rules import parse_frequency_cap
from heliograph.errors import HeliographError
from heliograph.installation import current_settings
from heliograph.messages import preview
from heliograph.segments.models import LEFT_OUT, SegmentMember

SAMPLE, PAGE = 200, 50
SHARED = "shared_number"


@dataclass(frozen=True, slots=True)
class Review:
    """`parts` is an estimate from a sample of recipients; `problems` are texts that fail."""

    recipients: int
    skipped: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    parts_each: float = 0.0
    problems: list[str] = field(default_factory=list)


def review(broadcast_id: int) -> Review:
    """What a start right now would come to. Counts all members: a second per million."""
    broadcast = get_broadcast(broadcast_id)
    reason = reason_of(broadcast)
    counted = (
        select(reason, func.count(), func.count(Contact.mobile.distinct()))
        .where(is_member(broadcast_id))
        .group_by(reason)
    )
    recipients, skipped = 0, {}
    for why, count, numbers in db.session.execute(counted):
        if why is not None:
            skipped[why] = count
            continue
        recipients = numbers
        if count > numbers:
            skipped[SHARED] = count - numbers
    each, problems = parts_of_sample(broadcast, reason)
    return Review(recipients, skipped, round(each * recipients), each, problems)


def reason_of(broadcast: Broadcast) -> ColumnElement[str | None]:
    now = utcnow()
    return skip_reason(broadcast, parse_frequency_cap(current_settings().frequency_cap), now)


def is_member(broadcast_id: int) -> ColumnElement[bool]:
    members = select(SegmentMember.contact_id).where(
        SegmentMember.segment_id.in_(segment_ids(broadcast_id)), SegmentMember.origin != LEFT_OUT
    )
    return Contact.id.in_(members)


def recipients_of(broadcast: Broadcast, reason: ColumnElement[str | None]) -> Select[Any]:
    return select(Contact).where(is_member(broadcast.id), reason.is_(None)).order_by(Contact.id)


def parts_of_sample(
    broadcast: Broadcast, reason: ColumnElement[str | None]
) -> tuple[float, list[str]]:
    """Parts a text has on average, and what is wrong with those that cannot be made."""
    found = db.session.scalars(recipients_of(broadcast, reason).limit(SAMPLE)).all()
    parts, problems = 0, []
    for contact in found:
        try:
            message = broadcast.message
            shown = preview(message.text, contact, track=message.track_links)
        except HeliographError as error:
            problems.append(f"{contact.name or contact.mobile}: {error.message}")
            continue
        parts += shown.measure.parts
        if not shown.text.strip():
            problems.append(f"{contact.name or contact.mobile}: the text would be empty.")
    return (parts / len(found) if found else 0.0), problems[:5]


def left_out(broadcast_id: int, reason: str, *, after_id: int = 0) -> Sequence[Contact]:
    """A page of the contacts that a start right now would leave out for *reason*."""
    broadcast = get_broadcast(broadcast_id)
    why = reason_of(broadcast)
    query = select(Contact).where(is_member(broadcast_id), Contact.id > after_id)
    if reason == SHARED:
        query = query.where(why.is_(None), has_earlier_twin(broadcast_id))
    else:
        query = query.where(why == reason)
    return db.session.scalars(query.order_by(Contact.id).limit(PAGE)).all()


def has_earlier_twin(broadcast_id: int) -> ColumnElement[bool]:
    """Another member with the same number comes first and gets the text."""
    twin, membership = aliased(Contact), aliased(SegmentMember)
    return exists().where(
        and_(
            twin.mobile == Contact.mobile,
            twin.id < Contact.id,
            membership.contact_id == twin.id,
            membership.segment_id.in_(segment_ids(broadcast_id)),
            membership.origin != LEFT_OUT,
        )
    )
