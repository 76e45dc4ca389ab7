"""What became of a broadcast: counts by status and by reason, in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from core.broadcasts.models import BroadcastSkip
from core.db import db
from core.deliveries.models import OPEN, SKIPPED, Delivery

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
