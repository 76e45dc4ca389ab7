"""How a broadcast gets on: its speed, what it waits for, and its next text.

For its page, for `broadcasts show`, for the doctor and for metrics: a few reads by index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from heliograph.broadcasts.models import PAUSED, RUNNING, SCHEDULED, Broadcast
from heliograph.broadcasts.speed import WINDOW, Speed, is_moving, speed_of
from heliograph.db import db, utcnow
from heliograph.deliveries import obstacles
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import QUEUED, SENDING, Delivery, Sender, belongs_to
from heliograph.deliveries.obstacles import Obstacle, held_sender, sender_obstacle
from heliograph.deliveries.vetoes import WAITS
from heliograph.host.state import states

PATIENCE = WINDOW  # nothing went out for so long, though it is due


@dataclass(frozen=True, slots=True)
class Waiting:
    """The text whose turn is next, since when it waits, and why in words."""

    delivery_id: int
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`obstacle` is why nothing moves right now; None while it does, or has ended."""

    speed: Speed
    obstacle: Obstacle | None
    held: Sender | None
    waiting: Waiting | None


def progress_of(broadcast: Broadcast, open_texts: int) -> Progress:
    """*open_texts* is how many are not done yet, for the time left."""
    speed = speed_of(broadcast, open_texts)
    next_text = oldest_waiting(broadcast.id) if broadcast.status in (RUNNING, PAUSED) else None
    return Progress(
        speed,
        obstacle_of(broadcast),
        held_sender(broadcast.provider or "", broadcast.sender or ""),
        Waiting(next_text.id, next_text.created_at, explain(next_text)) if next_text else None,
    )


def obstacle_of(broadcast: Broadcast) -> Obstacle | None:
    """Why nothing of it goes out right now, or None."""
    if broadcast.status == PAUSED:
        return Obstacle(obstacles.PAUSED, broadcast.reason)
    if broadcast.status == SCHEDULED:
        return why_it_does_not_begin(broadcast)
    if broadcast.status != RUNNING:
        return None
    found = sender_obstacle(broadcast.provider or "", broadcast.sender or "")
    if found is not None:
        return found
    if is_moving(broadcast):
        return None
    if broadcast.planned_at is None:
        return why_it_is_not_planned(broadcast)
    return why_no_text_goes(broadcast)


def why_it_does_not_begin(broadcast: Broadcast) -> Obstacle | None:
    now, due = utcnow(), broadcast.message.publish_up
    if due is None or not broadcast.message.is_open(now):
        return None
    if broadcast.reason:
        return Obstacle(obstacles.PROVIDER, broadcast.reason)
    return overdue([due, broadcast.status_at])


def why_it_is_not_planned(broadcast: Broadcast) -> Obstacle | None:
    if broadcast.planning_until is not None and broadcast.planning_until > utcnow():
        return Obstacle(obstacles.PLANNING)
    return overdue([broadcast.started_at, broadcast.status_at, broadcast.planning_until])


def why_no_text_goes(broadcast: Broadcast) -> Obstacle | None:
    """Its provider and sender are ready and it is planned, and yet nothing is in flight."""
    now = utcnow()
    text = oldest_waiting(broadcast.id)
    if text is None:
        return Obstacle(obstacles.FINISHING)
    if text.status == SENDING:
        return Obstacle(obstacles.ANSWERS)
    if text.not_before is not None and text.not_before > now:
        if text.reason == "quiet":
            return Obstacle(obstacles.QUIET, until=text.not_before)
        if text.reason == WAITS:
            return Obstacle(obstacles.VETO, text.detail, text.not_before)
        return Obstacle(obstacles.RETRY, text.detail, text.not_before)
    sender = db.session.get(Sender, (text.provider, text.sender))
    if sender is not None and sender.next_free_at is not None and sender.next_free_at > now:
        return Obstacle(obstacles.PACE, until=sender.next_free_at, sender=sender.sender)
    enabled = states()[text.provider].updated_at if text.provider in states() else None
    held = sender.held_until if sender is not None else None
    begun = (broadcast.status_at, broadcast.started_at, broadcast.planned_at)
    return overdue([*begun, text.created_at, text.not_before, held, enabled])


def overdue(moments: Sequence[datetime | None]) -> Obstacle | None:
    """Nobody does what could be done since the last of *moments*, once that is a while ago."""
    last = max(moment for moment in moments if moment is not None)
    return Obstacle(obstacles.NOBODY) if utcnow() - last > PATIENCE else None


def oldest_waiting(broadcast_id: int | None) -> Delivery | None:
    """The text that is next: due first, else the first retry, else one without an answer.

    Of those that belong to no broadcast when *broadcast_id* is None.
    """
    texts = select(Delivery).limit(1)
    queued = texts.where(Delivery.status == QUEUED, Delivery.broadcast_id == broadcast_id)
    sending = texts.where(Delivery.status == SENDING, belongs_to(broadcast_id))
    for query in (
        queued.where(Delivery.not_before.is_(None)).order_by(Delivery.id),
        queued.where(Delivery.not_before.is_not(None)).order_by(Delivery.not_before),
        sending.order_by(Delivery.lease_until),
    ):
        found = db.session.scalars(query.execution_options(populate_existing=True)).first()
        if found is not None:
            return found
    return None


def stalled_broadcasts() -> list[tuple[Broadcast, Obstacle]]:
    """Those that should be going on and do not, each with the reason."""
    live = select(Broadcast).where(Broadcast.status.in_((RUNNING, SCHEDULED)))
    found = [(one, obstacle_of(one)) for one in db.session.scalars(live.order_by(Broadcast.id))]
    return [(one, obstacle) for one, obstacle in found if obstacle is not None]
