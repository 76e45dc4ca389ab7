"""Writing a claim down: what goes, what is skipped and what waits, each in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func

from heliograph.bulk import UpdateEach
from heliograph.deliveries.models import SENDING, SKIPPED, Delivery


@dataclass(slots=True)
class Sorted:
    claim: str
    go: list[dict[str, Any]] = field(default_factory=list)
    skip: list[dict[str, Any]] = field(default_factory=list)
    later: list[dict[str, Any]] = field(default_factory=list)


MARK = UpdateEach(
    Delivery,
    ("id", "text", "encoding", "parts", "attempts"),
    lambda given: {
        "status": SENDING,
        "text": given["text"],
        "encoding": given["encoding"],
        "parts": given["parts"],
        "attempts": given["attempts"],
        "claim": given["claim"],
        "lease_until": given["lease_until"],
        "attempted_at": given["attempted_at"],
        "not_before": None,
        "reason": "",
    },
    shared=("claim", "lease_until", "attempted_at"),
)
SKIP = UpdateEach(
    Delivery,
    ("id", "reason", "detail"),
    lambda given: {
        "status": SKIPPED,
        "reason": given["reason"],
        "detail": given["detail"],
        "final_at": given["final_at"],
    },
    shared=("final_at",),
)
POSTPONE = UpdateEach(
    Delivery,
    ("id", "not_before", "reason", "detail"),
    lambda given: {
        "not_before": given["not_before"],
        "reason": given["reason"],
        "detail": func.coalesce(given["detail"], Delivery.detail),
    },
)


def mark(result: Sorted, now: datetime, until: datetime) -> None:
    """Write the decisions down, each kind in one statement; the lease ends at *until*."""
    MARK.run(result.go, claim=result.claim, lease_until=until, attempted_at=now)
    SKIP.run(result.skip, final_at=now)
    POSTPONE.run(result.later)
