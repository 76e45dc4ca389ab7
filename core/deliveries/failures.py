"""Failures as their policies say: in bulk, with holds and pauses once each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import compress
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from heliograph.broadcasts.models import PAUSED, RUNNING, Broadcast
from heliograph.bulk import UpdateEach
from heliograph.channel import Failure
from heliograph.db import change_rows, database_now, dialect_name, once_committed, utcnow
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.consequences import Failed, hold_senders, mark_numbers
from heliograph.deliveries.models import FAILED, QUEUED, SENDING, Delivery
from heliograph.deliveries.policy import POLICIES, Policy, Then, is_tried_again, retry_wait
from heliograph.identifiers import stored_code
from heliograph.logs import text_fields
from heliograph.lookups import one_of

log = logging.getLogger(__name__)

HOLD_OTHERS = timedelta(minutes=15)
NEEDED = (
    *("id", "claim", "status", "attempts", "number", "provider", "sender", "source"),
    "created_at",
)
CHANGED = (
    *("id", "status", "reason", "error_code", "detail", "attempts"),
    *("not_before", "lease_until", "claim", "final_at"),
)
CHANGE = UpdateEach(Delivery, CHANGED, lambda given: {name: given[name] for name in CHANGED[1:]})
# a hold is told once for its sender, not by each text that met it
LEVELS = {Then.HOLD: logging.DEBUG, Then.LOOK_UP: logging.WARNING}


def record_failures(
    session: Session, failed: Sequence[tuple[CallOutcome, Failure]], now: datetime
) -> None:
    """Apply the policy of each failure's kind. Runs inside a transaction."""
    if not failed:
        return
    rows = claimed_rows(session, [item.delivery_id for item, _ in failed])
    known = [
        (rows[item.delivery_id], failure)
        for item, failure in failed
        if item.delivery_id in rows and rows[item.delivery_id].claim == item.claim
    ]
    doubtful = any(POLICIES[failure.kind].then is Then.LOOK_UP for _, failure in known)
    over = database_now() if doubtful else now
    changes = [changed(row, failure, now, over) for row, failure in known]
    CHANGE.run(changes)
    session.expire_all()
    failures = [failed_of(row, failure) for row, failure in known]
    final = [change["status"] == FAILED for change in changes]
    mark_numbers(compress(failures, final))
    hold_senders(failures, now)
    pause_broadcasts(known)
    once_committed(partial(tell_failures, known, changes))


def tell_failures(
    known: Sequence[tuple[Any, Failure]], changes: Sequence[Mapping[str, Any]]
) -> None:
    """A line for each. The provider's words are not in it: they may quote the text."""
    for (row, failure), change in zip(known, changes, strict=True):
        level = LEVELS.get(POLICIES[failure.kind].then, logging.INFO)
        if not log.isEnabledFor(level):
            continue
        fields = text_fields(
            row.id,
            broadcast_id=row.broadcast_id,
            provider=row.provider,
            sender=row.sender,
            attempt=row.attempts,
        )
        fields |= {"kind": failure.kind.value, "code": failure.code, "status": change["status"]}
        log.log(
            level,
            "delivery %s of broadcast %s: %s %s, attempt %s, now %s",
            row.id,
            row.broadcast_id or "none",
            failure.kind.value,
            failure.code or "without a code",
            row.attempts,
            change["status"],
            extra=fields,
        )


def failed_of(row: Any, failure: Failure) -> Failed:
    return Failed(
        number=row.number,
        provider=row.provider,
        sender=row.sender,
        kind=failure.kind,
        code=failure.code,
        words=failure.text,
        retry_after=failure.retry_after,
    )


def claimed_rows(session: Session, ids: Iterable[int]) -> dict[int, Any]:
    wanted = (getattr(Delivery, name) for name in (*NEEDED, "broadcast_id"))
    query = select(*wanted).where(one_of(Delivery.id, list(ids))).order_by(Delivery.id)
    if dialect_name() == "postgresql":
        query = query.with_for_update()
    return {row.id: row for row in session.execute(query)}


def changed(row: Any, failure: Failure, now: datetime, over: datetime) -> dict[str, Any]:
    """The row's columns after *failure*; a lease that is given up ends at *over*."""
    policy = POLICIES[failure.kind]
    change = {
        "id": row.id,
        "status": SENDING,
        "reason": failure.kind.value,
        "error_code": stored_code(failure.code),
        "detail": failure.text or policy.words,
        "attempts": row.attempts,
        "not_before": None,
        "claim": row.claim,
        "lease_until": over,
        "final_at": None,
    }
    if policy.then is Then.LOOK_UP:  # recovery asks as soon as `find` can be trusted
        return change
    change["claim"] = change["lease_until"] = None
    wait = waiting_time(policy, row, failure, now)
    if policy.then is Then.FAIL or wait is None:
        return change | {"status": FAILED, "final_at": now}
    change |= {"status": QUEUED, "not_before": now + wait}
    if policy.then is not Then.RETRY:
        change["attempts"] -= 1
    return change


def waiting_time(policy: Policy, row: Any, failure: Failure, now: datetime) -> timedelta | None:
    """How long the text waits; None when its tries are used up."""
    if policy.then is Then.RETRY:
        if not is_tried_again(row.source, row.attempts, row.created_at, now):
            return None
        return timedelta(seconds=failure.retry_after or retry_wait(policy, row.attempts))
    if policy.then is Then.PAUSE:
        if row.source == "test":  # somebody waits for the answer
            return None
        return timedelta(0) if row.broadcast_id is not None else HOLD_OTHERS
    if policy.then is Then.HOLD and row.source == "test":
        return None
    return timedelta(seconds=failure.retry_after or policy.wait)


def pause_broadcasts(known: Sequence[tuple[Any, Failure]]) -> None:
    reasons = {
        row.broadcast_id: failure.text or POLICIES[failure.kind].words
        for row, failure in reversed(known)
        if POLICIES[failure.kind].then is Then.PAUSE and row.broadcast_id is not None
    }
    for broadcast_id, reason in reasons.items():
        pause_for(broadcast_id, reason)


def pause_for(broadcast_id: int, reason: str) -> None:
    """Pause a running broadcast and keep the reason for the person who resumes it."""
    paused = change_rows(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.status == RUNNING)
        .values(status=PAUSED, reason=reason, status_at=utcnow())
    )
    if paused:
        fields = {"broadcast_id": broadcast_id, "status": PAUSED}
        words = "broadcast %s paused itself: %s"
        once_committed(partial(log.warning, words, broadcast_id, reason, extra=fields))
