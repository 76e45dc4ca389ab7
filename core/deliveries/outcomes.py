"""Recording what came of the calls: in bulk, and never moving a row down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, literal, or_, update
from sqlalchemy.orm import Session

from core.broadcasts.models import PAUSED, RUNNING, Broadcast
from core.channel import Failure, FailureKind, OutgoingText, Sent
from core.db import change_rows, table_of, transaction, utcnow
from core.deliveries.claim import ClaimedText
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
from core.deliveries.pace import hold_sender
from core.deliveries.policy import MAX_ATTEMPTS, POLICIES, Policy, Then, retry_wait
from core.deliveries.reports import follow_up, match_reports

HOLD_OTHERS = timedelta(minutes=15)
FINAL = {DELIVERED, UNDELIVERED, FAILED}


class Released(Exception):
    """The text was never handed over: it goes back to the queue untouched."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What one call to the provider came to."""

    delivery_id: int
    claim: str
    result: Sent | Failure | Released


def outcome_of(claimed: ClaimedText, result: Sent | Failure | Released) -> CallOutcome:
    return CallOutcome(claimed.delivery_id, claimed.claim, result)


def record_outcomes(provider: str, outcomes: Sequence[CallOutcome]) -> None:
    """Write *outcomes* in one transaction; a row that moved on meanwhile is kept."""
    now = utcnow()
    sent = [(item, item.result) for item in outcomes if isinstance(item.result, Sent)]
    released = [item for item in outcomes if isinstance(item.result, Released)]
    failed = [(item, item.result) for item in outcomes if isinstance(item.result, Failure)]
    with transaction() as session:
        record_sent(session, provider, sent, now)
        record_released(session, released)
        for item, failure in failed:
            delivery = session.get(
                Delivery, item.delivery_id, with_for_update=True, populate_existing=True
            )
            if delivery is not None and delivery.claim == item.claim:
                record_failure(session, delivery, failure, now)
        session.flush()


def record_sent(
    session: Session, provider: str, sent: list[tuple[CallOutcome, Sent]], now: datetime
) -> None:
    if not sent:
        return
    table = table_of(Delivery)
    parts = bindparam("b_parts", type_=table.c.parts.type)
    ours = or_(table.c.status == SENDING, table.c.status == UNKNOWN)
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("b_id"))
        .values(
            provider_id=bindparam("b_provider_id"),
            parts=case((parts > 0, parts), else_=table.c.parts),
            price=bindparam("b_price"),
            currency=bindparam("b_currency"),
            status=case(
                (ours, bindparam("b_status", type_=table.c.status.type)), else_=table.c.status
            ),
            reason=case((ours, ""), else_=table.c.reason),
            final_at=case(
                (ours, bindparam("b_final_at", type_=table.c.final_at.type)), else_=table.c.final_at
            ),
            accepted_at=case(
                (table.c.accepted_at.is_(None), literal(now, table.c.accepted_at.type)),
                else_=table.c.accepted_at,
            ),
            claim=None,
            lease_until=None,
        ),
        [sent_row(item, answer, now) for item, answer in sent],
    )
    session.expire_all()
    match_reports(session, provider, [answer.provider_id[:64] for _, answer in sent])


def sent_row(item: CallOutcome, answer: Sent, now: datetime) -> dict[str, object]:
    return {
        "b_id": item.delivery_id,
        "b_provider_id": answer.provider_id[:64],
        "b_parts": answer.parts or 0,
        "b_price": answer.price,
        "b_currency": answer.currency[:3],
        "b_status": answer.status.value if answer.status.value in (SENT, *FINAL) else ACCEPTED,
        "b_final_at": now if answer.status.value in FINAL else None,
    }


def record_released(session: Session, released: list[CallOutcome]) -> None:
    if not released:
        return
    table = table_of(Delivery)
    session.connection().execute(
        update(table)
        .where(
            table.c.id == bindparam("b_id"),
            table.c.claim == bindparam("b_claim"),
            table.c.status == SENDING,
        )
        .values(status=QUEUED, claim=None, lease_until=None, attempts=table.c.attempts - 1),
        [{"b_id": item.delivery_id, "b_claim": item.claim} for item in released],
    )
    session.expire_all()


def record_failure(session: Session, delivery: Delivery, failure: Failure, now: datetime) -> None:
    """Apply the policy of the failure's kind. Runs inside a transaction."""
    policy = POLICIES[failure.kind]
    delivery.reason = failure.kind.value
    delivery.error_code = failure.code[:16]
    delivery.detail = failure.text or policy.words
    if policy.then is Then.LOOK_UP:
        # recovery asks as soon as the answer of `find` can be trusted
        delivery.lease_until = now
        return
    delivery.claim = delivery.lease_until = None
    wait = waiting_time(policy, delivery, failure)
    if policy.then is Then.FAIL or wait is None:
        delivery.status, delivery.final_at = FAILED, now
        follow_up(delivery.number, failure.kind, failure.code)
        return
    delivery.status, delivery.not_before = QUEUED, now + wait
    if policy.then is Then.RETRY:
        return
    delivery.attempts -= 1
    if policy.then is Then.HOLD:
        hold_sender(delivery.provider, delivery.sender, now + wait, delivery.detail)
    if policy.then is Then.PAUSE and delivery.broadcast_id is not None:
        pause_for(session, delivery.broadcast_id, delivery.detail)


def waiting_time(policy: Policy, delivery: Delivery, failure: Failure) -> timedelta | None:
    """How long the text waits; None when its tries are used up."""
    if policy.then is Then.RETRY:
        if delivery.attempts >= MAX_ATTEMPTS:
            return None
        return timedelta(seconds=failure.retry_after or retry_wait(policy, delivery.attempts))
    if policy.then is Then.PAUSE:
        if delivery.source == "test":  # somebody waits for the answer
            return None
        return timedelta(0) if delivery.broadcast_id is not None else HOLD_OTHERS
    if policy.then is Then.HOLD and delivery.source == "test":
        return None
    return timedelta(seconds=failure.retry_after or policy.wait)


def pause_for(session: Session, broadcast_id: int, reason: str) -> None:
    """Pause a running broadcast and keep the reason for the person who resumes it."""
    change_rows(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.status == RUNNING)
        .values(status=PAUSED, reason=reason)
    )


def unknown_outcome(text: OutgoingText, error: BaseException) -> Failure:
    """An answer that says nothing: the text may have gone out."""
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failure(FailureKind.UNKNOWN_OUTCOME, f"No clear answer for {text.to}: {words[:300]}")
