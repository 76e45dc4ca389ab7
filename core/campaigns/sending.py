"""Texts of campaigns: queued for a whole batch, and what has become of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, literal, null, or_, select, update

from heliograph.actions import Outcome, Outcomes, Result
from heliograph.bulk import UpdateEach
from heliograph.campaigns.course import Course, Stop
from heliograph.campaigns.decisions import hear
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.heard import texts_by_id
from heliograph.campaigns.hearing import while_hearing
from heliograph.campaigns.models import FAILED, SENDING
from heliograph.campaigns.models import SKIPPED as STEP_SKIPPED
from heliograph.campaigns.queueing import queue_texts, skip_texts
from heliograph.campaigns.steps import end_steps, ids_of, pick_ids, still_in
from heliograph.contacts.models import NUMBER_OK, Contact
from heliograph.db import change_rows, dialect_name, table_of, transaction, utcnow
from heliograph.deliveries.models import (
    ACCEPTED,
    CANCELLED,
    DELIVERED,
    QUEUED,
    SENT,
    SKIPPED,
    UNDELIVERED,
    Delivery,
)
from heliograph.deliveries.models import FAILED as TEXT_FAILED
from heliograph.deliveries.models import SENDING as TEXT_SENDING
from heliograph.dnc import SMS, Dnc
from heliograph.errors import HeliographError
from heliograph.events import FAILED as FAILED_PATH
from heliograph.lookups import one_of, read_rows
from heliograph.messages import get_message
from heliograph.providers import open_provider
from heliograph.sentences import Names, Sentence

NEWS = 500
WENT = (ACCEPTED, SENT, DELIVERED)
LOST = (TEXT_FAILED, UNDELIVERED, SKIPPED, CANCELLED)
HELD_BY = ("late_hours", "held_at", "published_at", "publish_up")  # for `late_limit`
LATE, LATE_WORDS = "late", Sentence("It was held until it was too late to be sent.")
REASONS = {
    "no_number": Sentence("The contact has no mobile number."),
    "invalid_number": Sentence("The contact's number was marked invalid."),
    "dnc": Sentence("The number is on do-not-contact."),
}


def why_no_text(message_id: int, provider: str, now: datetime) -> str:
    """Why texts of this message cannot go out now; "" when they can."""
    try:
        message = get_message(message_id)
        if not message.is_open(now):
            name = Names((message.name,))
            return Sentence("The text message %(name)s is not published now.", name=name)
        open_provider(provider)
    except HeliographError as error:
        return error.message
    return ""


def send_texts(
    course: Course,
    rows: Sequence[Any],
    message_id: int,
    provider: str,
    now: datetime,
    *,
    late_before: datetime | None = None,
) -> Outcomes:
    """Queue one text for each of *rows*, inside of the transaction that holds them.

    Steps that were due before *late_before* are left out.
    """
    late = [row for row in rows if late_before and row.due_at and row.due_at < late_before]
    late_ids = set(ids_of(late))
    on_time = [row for row in rows if row.id not in late_ids]
    refused = refusals([row.contact_id for row in on_time])
    going = [row for row in on_time if row.contact_id not in refused]
    queue_texts(course.campaign_id, ids_of(going), message_id, provider, now)
    others = {
        contact_id: Outcome(Result.FAILED, REASONS[reason], reason=reason)
        for contact_id, reason in refused.items()
    }
    others |= {row.contact_id: Outcome(Result.SKIPPED, LATE_WORDS, reason=LATE) for row in late}
    skipped: dict[Outcome, list[int]] = defaultdict(list)
    for row in rows:
        if row.contact_id in others:
            skipped[others[row.contact_id]].append(row.id)
    for outcome, ids in skipped.items():
        words = {"reason": outcome.reason, "detail": outcome.text}
        skip_texts(course.campaign_id, ids, message_id, provider, now, **words)
    return Outcomes(Outcome(Result.SENDING), others)


def refusals(contact_ids: Sequence[int]) -> dict[int, str]:
    """The contacts among these who cannot be texted, and why."""
    listed = exists().where(Dnc.channel == SMS, Dnc.number == Contact.mobile)
    reason: ColumnElement[Any] = case(
        (or_(Contact.mobile.is_(None), Contact.mobile == ""), "no_number"),
        (Contact.number_status != NUMBER_OK, "invalid_number"),
        (listed, "dnc"),
        else_=null(),
    ).label("reason")
    found = select(Contact.id, reason).where(one_of(Contact.id, contact_ids)).subquery()
    query = select(found.c.id, found.c.reason).where(found.c.reason.is_not(None))
    return {row.id: row.reason for row in read_rows(query)}


def late_limit(campaign: Any, now: datetime) -> datetime | None:
    """Texts that were due before this are too late, because the last hold delayed them.

    Only a hold of more than the late hours does that: what an outage delays is sent.
    *campaign* is one, or a row with its dates.
    """
    if campaign.late_hours is None or campaign.held_at is None:
        return None
    ends = [campaign.published_at, campaign.publish_up]
    ended = max((end for end in ends if end and end <= now), default=now)
    limit: datetime = ended - timedelta(hours=campaign.late_hours)
    return limit if campaign.held_at < limit else None


def release_texts(campaign_id: int) -> None:
    """Let texts go that a hold kept back. Runs inside a transaction."""
    held = update(Delivery).where(
        Delivery.broadcast_id.is_(None),
        Delivery.status == literal(QUEUED, literal_execute=True),
        Delivery.not_before.is_not(None),
        Delivery.reason == "held",
        Delivery.campaign_id == campaign_id,
    )
    change_rows(held.values(not_before=None, reason=""))


def first_news() -> Select[Any]:
    """A campaign text that has come to another status than its campaign knows."""
    return select(Delivery.id).where(*is_news()).limit(1)


def is_news() -> list[ColumnElement[bool]]:
    # written as the partial index is, so that it is found
    columns = table_of(Delivery).c
    return [
        columns.source == literal("campaign", literal_execute=True),
        columns.status != literal(TEXT_SENDING, literal_execute=True),
        columns.noted_status.is_distinct_from(columns.status),
    ]


NOTE = UpdateEach(Delivery, ("id", "status"), lambda given: {"noted_status": given["status"]})


def settle_texts(types: EventTypes, course_of: Callable[[int], Course]) -> int:
    """Let steps go on whose texts went, or failed for good; returns how many texts had news."""
    columns = table_of(Delivery).c
    wanted = ("id", "source_id", "status", "reason", "detail")
    query = select(*(columns[name] for name in wanted)).where(*is_news())
    query = query.order_by(columns.id).limit(NEWS)
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)
    with transaction():
        while_hearing()
        news = read_rows(query)
        if not news:
            return 0
        now = utcnow()
        NOTE.run([{"id": row.id, "status": row.status} for row in news])
        settle_steps(news, course_of, now)
        told = [row.id for row in news if row.status in (*WENT, *LOST)]
        hear(of_their_contacts(told), types, course_of, now)
    return len(news)


def of_their_contacts(delivery_ids: Sequence[int]) -> list[Any]:
    return [heard for heard in texts_by_id(delivery_ids) if heard.contact_id]


def settle_steps(news: Sequence[Any], course_of: Callable[[int], Course], now: datetime) -> None:
    texts = {row.source_id: row for row in news if row.status in (*WENT, *LOST)}
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for step in pick_ids(list(texts), (SENDING,)):
        text = texts[step.id]
        went = text.status in WENT
        fate = (went, "", "") if went else (went, text.reason or text.status, text.detail)
        groups[(step.campaign_id, step.event_id, *fate)].append(step)
    for (campaign_id, event_id, went, reason, detail), steps in groups.items():
        course = course_of(campaign_id)
        stop = course.stops[event_id]
        still = still_in(campaign_id, steps, now)
        if went:
            end_steps(course, stop, still, now)
        elif reason == LATE:
            late = {"status": STEP_SKIPPED, "reason": reason, "detail": detail}
            end_steps(course, stop, still, now, **late)
        else:
            fail_steps(course, stop, still, now, reason, detail)


def fail_steps(
    course: Course, stop: Stop, rows: Sequence[Any], now: datetime, reason: str, detail: str
) -> None:
    """End steps that failed: by the path for it where one is drawn, else they go on."""
    path = FAILED_PATH.key if course.has_path(stop, FAILED_PATH.key) else ""
    words = {"reason": reason, "detail": detail}
    end_steps(course, stop, rows, now, path=path, status=FAILED, **words)
