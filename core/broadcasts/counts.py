"""What became of a broadcast: counts by status and by reason, in words.

Counting a million texts takes a second: a job does it for large broadcasts, the
less often the longer it takes, and keeps the counts for pages.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sqlalchemy import func, or_, select, update

from heliograph.broadcasts.models import (
    DRAFT,
    PAUSED,
    RUNNING,
    SCHEDULED,
    Broadcast,
    BroadcastSkip,
)
from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.deliveries.models import OPEN, SKIPPED, Delivery

SKIP_REASONS = {
    "no_number": "has no mobile number",
    "invalid_number": "number was marked invalid",
    "dnc": "on do-not-contact",
    "already_received": "has already received this message",
    "shared_number": "shares the number of a contact who gets it",
    "frequency_cap": "has had its share of texts for now",
    "contact_deleted": "was deleted meanwhile",
    "number_changed": "has another number since the plan",
    "empty_text": "text would be empty for this contact",
    "too_long": "text would be too long for this contact",
    "bad_token": "a token could not be filled",
    "vetoed": "a plugin held it back",
    "late": "was held until it was too late",
    "left": "left the campaign",
    "campaign_gone": "was in a campaign that is deleted",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """`by_status` of deliveries; `skipped` and `failed` by reason."""

    by_status: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    parts: int = 0

    @property
    def recipients(self) -> int:
        return sum(count for status, count in self.by_status.items() if status != SKIPPED)

    @property
    def size(self) -> int:
        """Texts and contacts left out, together."""
        left_out = sum(self.skipped.values())
        return self.recipients + left_out

    @property
    def open(self) -> int:
        return sum(self.by_status.get(status, 0) for status in OPEN)


def count_broadcast(broadcast_id: int) -> Counts:
    """Counts of one broadcast: three aggregate reads by index."""
    rows = db.session.execute(
        select(Delivery.status, Delivery.reason, func.count(), func.sum(Delivery.parts))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.status, Delivery.reason)
    ).all()
    by_status: dict[str, int] = {}
    left_out = db.session.execute(
        select(BroadcastSkip.reason, func.count())
        .where(BroadcastSkip.broadcast_id == broadcast_id)
        .group_by(BroadcastSkip.reason)
    )
    skipped: dict[str, int] = {reason: count for reason, count in left_out}  # noqa: C416
    failed: dict[str, int] = {}
    parts = 0
    for status, reason, count, sum_parts in rows:
        by_status[status] = by_status.get(status, 0) + count
        if status == SKIPPED:
            skipped[reason] = skipped.get(reason, 0) + count
            continue
        parts += int(sum_parts or 0)
        if status in ("failed", "undelivered", "unknown"):
            failed[reason or "unknown"] = failed.get(reason or "unknown", 0) + count
    return Counts(by_status, skipped, failed, parts)


FEW = 5000  # so many are counted while the page waits
LIVE = (RUNNING, PAUSED)
STILL_REPORTED = timedelta(days=3)  # a finished one's last statuses come that late


def kept_counts(broadcast: Broadcast, *, exact: bool = False) -> Counts:
    """The counts for a page: as last kept, or counted now when that is quick.

    Counted now is a broadcast of few texts that is under way or, when *exact*
    is asked for, has ended.
    """
    if broadcast.status in (DRAFT, SCHEDULED):
        return Counts()
    kept = Counts(**broadcast.counts) if broadcast.counts else None
    ended = broadcast.status not in LIVE and not exact
    if kept is not None and (ended or kept.size > FEW):
        return kept
    return count_broadcast(broadcast.id) if is_small(broadcast.id) else kept or Counts()


def is_small(broadcast_id: int) -> bool:
    """Whether no more than FEW texts, nor contacts left out, would have to be counted."""
    texts = select(Delivery.recipient_id).where(Delivery.broadcast_id == broadcast_id)
    skips = select(BroadcastSkip.contact_id).where(BroadcastSkip.broadcast_id == broadcast_id)
    ordered = (
        texts.order_by(Delivery.broadcast_id, Delivery.recipient_id),
        skips.order_by(BroadcastSkip.broadcast_id, BroadcastSkip.contact_id),
    )
    beyond = (db.session.execute(query.offset(FEW).limit(1)).first() for query in ordered)
    return not any(beyond)


def count_due_broadcasts() -> str | None:
    """Job: count anew what is under way, or ended lately, and keep it for pages."""
    for broadcast_id in due_counts():
        keep_counts(broadcast_id)
    return None


def due_counts() -> list[int]:
    """The broadcasts to be counted anew."""
    now = utcnow()
    lately = Broadcast.finished_at > now - STILL_REPORTED
    wanted = select(Broadcast.id).where(
        or_(Broadcast.status.in_(LIVE), lately, Broadcast.counts.is_(None)),
        Broadcast.status.not_in((DRAFT, SCHEDULED)),
        or_(Broadcast.count_due_at.is_(None), Broadcast.count_due_at <= now),
    )
    return list(db.session.scalars(wanted))


def keep_counts(broadcast_id: int) -> Counts:
    begun = time.monotonic()
    counts = count_broadcast(broadcast_id)
    taken = timedelta(seconds=time.monotonic() - begun)
    now = utcnow()
    with transaction() as session:
        status = session.scalar(select(Broadcast.status).where(Broadcast.id == broadcast_id))
        live = status in LIVE
        rest = max(timedelta(seconds=2 if live else 60), taken * (10 if live else 100))
        kept = update(Broadcast).where(Broadcast.id == broadcast_id)
        change_rows(kept.values(counts=asdict(counts), counted_at=now, count_due_at=now + rest))
    return counts
