"""Recording what came of the calls: in bulk, and never moving a row down."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from heliograph.bulk import Given, UpdateEach
from heliograph.channel import Failure, Sent
from heliograph.db import AWAY, db, transaction, utcnow
from heliograph.deliveries.calls import CallOutcome, Released, Skipped
from heliograph.deliveries.failures import record_failures
from heliograph.deliveries.models import (
    ACCEPTED,
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    SKIPPED,
    UNDELIVERED,
    UNKNOWN,
    Delivery,
)
from heliograph.deliveries.reports import match_reports
from heliograph.logs import text_fields
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

FINAL = {DELIVERED, UNDELIVERED, FAILED}
USED_ID = Sentence(
    "The provider took it and answered with the id %(id)s, which it has given to another text."
)


def record_outcomes(provider: str, outcomes: Sequence[CallOutcome]) -> None:
    """Write *outcomes* in one transaction; a row that moved on meanwhile is kept.

    Raises one of AWAY when the database is: then nothing of them is written.
    """
    try:
        record_together(provider, outcomes)
    except AWAY:
        raise
    except Exception as error:
        # an id that another text has, or what no database takes: it alone must suffer
        if not isinstance(error, IntegrityError):
            log.exception("outcomes are recorded one by one")
        for item in outcomes:
            record_alone(provider, item)


def record_together(provider: str, outcomes: Sequence[CallOutcome]) -> None:
    now = utcnow()
    sent = [(item, item.result) for item in outcomes if isinstance(item.result, Sent)]
    released = [item for item in outcomes if isinstance(item.result, Released)]
    skipped = [(item, item.result) for item in outcomes if isinstance(item.result, Skipped)]
    failed = [(item, item.result) for item in outcomes if isinstance(item.result, Failure)]
    with transaction() as session:
        record_sent(session, provider, sent, now)
        record_released(session, released)
        record_skipped(session, skipped, now)
        record_failures(session, failed, now)


def record_alone(provider: str, item: CallOutcome) -> None:
    """What cannot be recorded even alone stays *sending*: it is looked up after its lease."""
    try:
        record_together(provider, [item])
    except IntegrityError:
        if not isinstance(item.result, Sent):
            raise
        row = db.session.get_one(Delivery, item.delivery_id)
        fields = text_fields(
            row.id,
            broadcast_id=row.broadcast_id,
            provider=provider,
            sender=row.sender,
            attempt=row.attempts,
        )
        log.warning(
            "delivery %s of broadcast %s: %s answered with the id %s, which another text has",
            row.id,
            row.broadcast_id or "none",
            provider,
            item.result.provider_id,
            extra=fields,
        )
        record_without_id(item, item.result)
    except AWAY:
        raise
    except Exception:
        log.exception("what came of delivery %s could not be recorded", item.delivery_id)


def record_without_id(item: CallOutcome, answer: Sent) -> None:
    """It was taken, but its id stands for another text: reports find it by our own id."""
    now = utcnow()
    row = sent_row(item, answer, now)
    row |= {
        "provider_id": None,
        "detail": USED_ID.filled(id=answer.provider_id),
    }
    with transaction():
        TAKEN.run([row], accepted_at=now)


def record_sent(
    session: Session, provider: str, sent: list[tuple[CallOutcome, Sent]], now: datetime
) -> None:
    if not sent:
        return
    TAKEN.run([sent_row(item, answer, now) for item, answer in sent], accepted_at=now)
    session.expire_all()
    match_reports(session, provider, [answer.provider_id for _, answer in sent])


def taken_values(given: Given) -> dict[str, Any]:
    """The row after the answer; a status that was reported meanwhile stays if it is higher."""
    # RANK in few comparisons, as each text pays for them
    higher = or_(
        *(Delivery.status == before for before in (SENDING, QUEUED, UNKNOWN)),
        and_(Delivery.status == ACCEPTED, given["status"] != ACCEPTED),
        and_(Delivery.status == SENT, given["status"] != ACCEPTED, given["status"] != SENT),
    )

    def told(name: str, value: Any) -> ColumnElement[Any]:
        return case((higher, value), else_=getattr(Delivery, name))

    return {
        "provider_id": given["provider_id"],
        "parts": case((given["parts"] > 0, given["parts"]), else_=Delivery.parts),
        "price": given["price"],
        "currency": given["currency"],
        "status": told("status", given["status"]),
        "reason": told("reason", ""),
        "detail": told("detail", given["detail"]),
        "final_at": told("final_at", given["final_at"]),
        "accepted_at": func.coalesce(Delivery.accepted_at, given["accepted_at"]),
        "claim": None,
        "lease_until": None,
    }


def still_claimed(given: Given) -> Sequence[ColumnElement[bool]]:
    """Whoever lost the claim changes nothing: another may be sending the text."""
    return Delivery.claim == given["claim"], Delivery.status == SENDING


TAKEN = UpdateEach(
    Delivery,
    ("id", "provider_id", "parts", "price", "currency", "detail", "status", "final_at"),
    taken_values,
    shared=("accepted_at",),
)
RELEASE = UpdateEach(
    Delivery,
    ("id", "claim"),
    lambda _given: {
        "status": QUEUED,
        "claim": None,
        "lease_until": None,
        "attempts": Delivery.attempts - 1,
    },
    where=still_claimed,
)
SKIP = UpdateEach(
    Delivery,
    ("id", "claim", "reason", "detail"),
    lambda given: {
        "status": SKIPPED,
        "reason": given["reason"],
        "detail": given["detail"],
        "claim": None,
        "lease_until": None,
        "attempts": Delivery.attempts - 1,
        "final_at": given["final_at"],
    },
    shared=("final_at",),
    where=still_claimed,
)


def sent_row(item: CallOutcome, answer: Sent, now: datetime) -> dict[str, object]:
    return {
        "id": item.delivery_id,
        "provider_id": answer.provider_id,
        "parts": answer.parts or 0,
        "price": answer.price,
        "currency": answer.currency,
        "detail": "",
        "status": answer.status.value if answer.status.value in (SENT, *FINAL) else ACCEPTED,
        "final_at": now if answer.status.value in FINAL else None,
    }


def record_released(session: Session, released: list[CallOutcome]) -> None:
    RELEASE.run([{"id": item.delivery_id, "claim": item.claim} for item in released])
    session.expire_all()


def record_skipped(
    session: Session, skipped: list[tuple[CallOutcome, Skipped]], now: datetime
) -> None:
    rows = [
        {"id": item.delivery_id, "claim": item.claim, "reason": why.reason, "detail": why.detail}
        for item, why in skipped
    ]
    SKIP.run(rows, final_at=now)
    session.expire_all()
