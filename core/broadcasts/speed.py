"""How fast a broadcast goes right now, and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select

from heliograph.broadcasts.models import RUNNING, Broadcast
from heliograph.db import db, utcnow
from heliograph.deliveries.models import QUEUED, SENDING, Delivery, belongs_to
from heliograph.deliveries.obstacles import unanswered

WINDOW = timedelta(seconds=15)
LEAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Texts handed over per second, texts in flight, and the estimate of the time left.

    `unanswered` are those in flight for longer than a call can take: they are looked up.
    """

    per_second: float = 0.0
    in_flight: int = 0
    seconds_left: float | None = None
    unanswered: int = 0


def speed_of(broadcast: Broadcast, open_texts: int) -> Speed:
    """Of the last 15 seconds, by index; nothing for a broadcast that does not run."""
    if broadcast.status != RUNNING or broadcast.started_at is None:
        return Speed()
    now = utcnow()
    since = max(now - WINDOW, broadcast.started_at)
    handed_over = select(func.count()).select_from(Delivery).where(*is_out(broadcast.id, since))
    lost = func.count(case((unanswered(now), 1)))
    flying = select(func.count(), lost).where(Delivery.status == SENDING, belongs_to(broadcast.id))
    seconds = max((now - since).total_seconds(), LEAST_SECONDS)
    per_second = (db.session.scalar(handed_over) or 0) / seconds
    left = open_texts / per_second if per_second else None
    sending, silent = db.session.execute(flying).one()
    return Speed(per_second, sending - silent, left, silent)


def is_out(broadcast_id: int, since: datetime) -> tuple[ColumnElement[bool], ...]:
    """SQL: a text of the broadcast that was handed over."""
    return (
        Delivery.attempted_at >= since,
        belongs_to(broadcast_id),
        Delivery.status.not_in((SENDING, QUEUED)),
    )


def is_moving(broadcast: Broadcast) -> bool:
    """Whether a text of it is in flight, or went out lately: the speed without the counting."""
    now = utcnow()
    flying = (Delivery.status == SENDING, belongs_to(broadcast.id), ~unanswered(now))
    found = (
        select(Delivery.id).where(*conditions).limit(1)
        for conditions in (flying, is_out(broadcast.id, now - WINDOW))
    )
    return any(db.session.scalar(query) is not None for query in found)
