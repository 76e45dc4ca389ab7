"""Recording what came of the calls: in bulk, and never moving a row down."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.channel import Failure, Sent
from core.db import table_of, transaction, update_each, utcnow
from core.deliveries.calls import CallOutcome, Released
from core.deliveries.failures import record_failures
from core.deliveries.models import (
    ACCEPTED,
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    UNDELIVERED,
    UNKNOWN,
    Delivery,
)
from core.deliveries.reports import match_reports

log = logging.getLogger(__name__)

FINAL = {DELIVERED, UNDELIVERED, FAILED}
SENT_COLUMNS = (
    *("id", "provider_id", "parts", "price", "currency", "detail"),
    *("status", "final_at", "accepted_at"),
)


def record_outcomes(provider: str, outcomes: Sequence[CallOutcome]) -> None:
    """Write *outcomes* in one transaction; a row that moved on meanwhile is kept."""
    try:
        record_together(provider, outcomes)
    except IntegrityError:
        # an id that another text has: the liar alone must suffer
        for item in outcomes:
            record_alone(provider, item)


def record_together(provider: str, outcomes: Sequence[CallOutcome]) -> None:
    now = utcnow()
    sent = [(item, item.result) for item in outcomes if isinstance(item.result, Sent)]
    released = [item for item in outcomes if isinstance(item.result, Released)]
    failed = [(item, item.result) for item in outcomes if isinstance(item.result, Failure)]
    with transaction() as session:
        record_sent(session, provider, sent, now)
        record_released(session, released)
        record_failures(session, failed, now)


def record_alone(provider: str, item: CallOutcome) -> None:
    try:
        record_together(provider, [item])
    except IntegrityError:
        if not isinstance(item.result, Sent):
            raise
        log.warning(
            "delivery %s: %s answered with the id %s, which another text has",
            item.delivery_id,
            provider,
            item.result.provider_id,
        )
        record_without_id(item, item.result)


def record_without_id(item: CallOutcome, answer: Sent) -> None:
    """It was taken, but its id stands for another text: reports find it by our own id."""
    now = utcnow()
    row = sent_row(item, answer, now)
    row |= {
        "provider_id": None,
        "detail": f"The provider took it and answered with the id {answer.provider_id[:64]}, "
        "which it has given to another text.",
    }
    with transaction():
        write_sent([row])


def record_sent(
    session: Session, provider: str, sent: list[tuple[CallOutcome, Sent]], now: datetime
) -> None:
    if not sent:
        return
    write_sent([sent_row(item, answer, now) for item, answer in sent])
    session.expire_all()
    match_reports(session, provider, [answer.provider_id[:64] for _, answer in sent])


def write_sent(rows: list[dict[str, object]]) -> None:
    table = table_of(Delivery)
    ours = or_(table.c.status == SENDING, table.c.status == UNKNOWN)
    update_each(
        Delivery,
        {name: table.c[name].type for name in SENT_COLUMNS},
        rows,
        lambda given: {
            "provider_id": given["provider_id"],
            "parts": case((given["parts"] > 0, given["parts"]), else_=table.c.parts),
            "price": given["price"],
            "currency": given["currency"],
            "status": case((ours, given["status"]), else_=table.c.status),
            "reason": case((ours, ""), else_=table.c.reason),
            "detail": case((ours, given["detail"]), else_=table.c.detail),
            "final_at": case((ours, given["final_at"]), else_=table.c.final_at),
            "accepted_at": func.coalesce(table.c.accepted_at, given["accepted_at"]),
            "claim": None,
            "lease_until": None,
        },
    )


def sent_row(item: CallOutcome, answer: Sent, now: datetime) -> dict[str, object]:
    return {
        "id": item.delivery_id,
        "provider_id": answer.provider_id[:64],
        "parts": answer.parts or 0,
        "price": answer.price,
        "currency": answer.currency[:3],
        "detail": "",
        "status": answer.status.value if answer.status.value in (SENT, *FINAL) else ACCEPTED,
        "final_at": now if answer.status.value in FINAL else None,
        "accepted_at": now,
    }


def record_released(session: Session, released: list[CallOutcome]) -> None:
    if not released:
        return
    table = table_of(Delivery)
    update_each(
        Delivery,
        {name: table.c[name].type for name in ("id", "claim")},
        [{"id": item.delivery_id, "claim": item.claim} for item in released],
        lambda _given: {
            "status": QUEUED,
            "claim": None,
            "lease_until": None,
            "attempts": table.c.attempts - 1,
        },
        lambda given: (table.c.claim == given["claim"], table.c.status == SENDING),
    )
    session.expire_all()
