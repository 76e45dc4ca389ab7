"""Texts on the timeline: an entry for each status that a text came to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, exists, func, literal, not_, or_, select, union_all
from sqlalchemy.sql.selectable import Subquery

from heliograph.contacts.models import Contact
from heliograph.deliveries.models import (
    ACCEPTED,
    CANCELLED,
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    SKIPPED,
    UNDELIVERED,
    UNKNOWN,
    Delivery,
    StatusReport,
)
from heliograph.sentences import Sentence
from heliograph.timeline.entry import TimelineEntry, facts, read_page

SHOWN = {
    QUEUED: (Sentence("Text is queued"), "clock"),
    SENDING: (Sentence("Text is being sent"), "clock"),
    UNKNOWN: (Sentence("Nobody knows yet whether the text went out"), "question"),
    ACCEPTED: (Sentence("Text was accepted"), "send"),
    SENT: (Sentence("Text was sent"), "send"),
    DELIVERED: (Sentence("Text was delivered"), "check"),
    UNDELIVERED: (Sentence("Text was not delivered"), "warning"),
    FAILED: (Sentence("Text failed"), "warning"),
    SKIPPED: (Sentence("Text was skipped"), "skip"),
    CANCELLED: (Sentence("Text was cancelled"), "skip"),
}


def delivery_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """What the ledger itself says: accepted, and the end or where the text stands."""
    moments = moments_of(contact.id)
    query = select(Delivery, moments.c.status, moments.c.at).join(
        moments, moments.c.id == Delivery.id
    )
    last_first = case((moments.c.status == ACCEPTED, 1), else_=0)
    rows = read_page(query, moments.c.at, before, limit, Delivery.id.desc(), last_first)
    return [ledger_entry(delivery, status, at) for delivery, status, at in rows]


def moments_of(contact_id: int) -> Subquery:
    """(id, status, at) of each status that the ledger dates."""
    reported = exists().where(StatusReport.delivery_id == Delivery.id, StatusReport.status == SENT)
    waiting_since = func.coalesce(Delivery.accepted_at, Delivery.attempted_at, Delivery.created_at)
    stands = and_(
        Delivery.final_at.is_(None),
        Delivery.status != ACCEPTED,
        not_(and_(Delivery.status == SENT, reported)),
    )
    each = (
        (literal(ACCEPTED), Delivery.accepted_at, Delivery.accepted_at.is_not(None)),
        (Delivery.status, Delivery.final_at, Delivery.final_at.is_not(None)),
        (Delivery.status, waiting_since, stands),
    )
    return union_all(
        *(
            select(Delivery.id.label("id"), status.label("status"), at.label("at")).where(
                Delivery.contact_id == contact_id, applies
            )
            for status, at, applies in each
        )
    ).subquery()


def report_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """What the provider reported, where the ledger does not say the same."""
    same = or_(
        and_(StatusReport.status == Delivery.status, Delivery.final_at.is_not(None)),
        and_(StatusReport.status == ACCEPTED, Delivery.accepted_at.is_not(None)),
    )
    query = (
        select(Delivery, StatusReport)
        .join(StatusReport, StatusReport.delivery_id == Delivery.id)
        .where(Delivery.contact_id == contact.id, not_(same))
    )
    rows = read_page(query, StatusReport.at, before, limit, StatusReport.id.desc())
    return [
        text_entry(
            delivery,
            report.status,
            report.at,
            facts(why=report.detail or words(report.kind), error_code=report.error_code),
        )
        for delivery, report in rows
    ]


def ledger_entry(delivery: Delivery, status: str, at: datetime) -> TimelineEntry:
    if status != delivery.status:  # the reason is that of a later status
        return text_entry(delivery, status, at, {})
    waits = delivery.not_before if status == QUEUED else None
    why = facts(
        why=delivery.detail or words(delivery.reason),
        error_code=delivery.error_code,
        waits_until=waits.isoformat(timespec="seconds") if waits else None,
    )
    return text_entry(delivery, status, at, why)


def text_entry(delivery: Delivery, status: str, at: datetime, why: dict[str, str]) -> TimelineEntry:
    title, icon = SHOWN.get(status, (f"Text: {words(status)}", "send"))
    source = f"{delivery.source} {delivery.broadcast_id or delivery.source_id or ''}".strip()
    known = facts(
        status=status,
        number=delivery.number,
        sender=delivery.sender,
        provider=delivery.provider,
        parts=delivery.parts,
        source=source,
        delivery=delivery.id,
    )
    return TimelineEntry(at, "text", title, delivery.text or "", icon, why | known)


def words(code: str) -> str:
    return code.replace("_", " ")
