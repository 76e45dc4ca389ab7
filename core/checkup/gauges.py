"""How things stand right now, for whoever watches by numbers: all read by index.

Nothing here counts a large table: a queue beyond 10,000 texts is taken from the counts
that a job keeps by broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from heliograph.broadcasts.models import PAUSED, RUNNING, SCHEDULED, Broadcast
from heliograph.broadcasts.progress import oldest_waiting
from heliograph.db import db, utcnow
from heliograph.deliveries.models import QUEUED, SENDING, UNKNOWN, Delivery, Sender, StatusReport
from heliograph.deliveries.obstacles import unanswered
from heliograph.figures import read_figures
from heliograph.host import current_host
from heliograph.lookups import MANY, count_up_to

LIVE = (SCHEDULED, RUNNING, PAUSED)
BROADCAST, SINGLE = "broadcast", "single"


@dataclass(frozen=True, slots=True)
class HeldSender:
    provider: str
    sender: str
    held: bool


@dataclass(frozen=True, slots=True)
class Gauges:
    """`queued` and `oldest_due` (seconds) are by kind: of broadcasts, and single texts.

    `today` are the figures of this day in the installation's zone.
    """

    queued: dict[str, int]
    oldest_due: dict[str, float]
    in_flight: int
    unanswered: int
    unknown: int
    unmatched: int
    senders: list[HeldSender]
    broken_plugins: int
    today: dict[str, int]


def read_gauges() -> Gauges:
    sending, silent = count_sending()
    return Gauges(
        queued={BROADCAST: queued_of_broadcasts(), SINGLE: queued_singly()},
        oldest_due=oldest_due(),
        in_flight=sending - silent,
        unanswered=silent,
        unknown=count_up_to(select(Delivery.id).where(Delivery.status == UNKNOWN)),
        unmatched=count_up_to(select(StatusReport.id).where(StatusReport.delivery_id.is_(None))),
        senders=read_senders(),
        broken_plugins=sum(bool(info.fault) for info in current_host().all()),
        today=next(iter(read_figures(1).values())),
    )


def queued_of_broadcasts() -> int:
    """Exact up to 10,000; beyond that as the job counted them last."""
    queued = select(Delivery.id).where(
        Delivery.status == QUEUED, Delivery.broadcast_id.is_not(None)
    )
    few = sum(count_up_to(query, MANY) for query in halves(queued))
    if few <= MANY:
        return few
    kept = db.session.scalars(select(Broadcast.counts).where(Broadcast.status.in_(LIVE)))
    counted: int = sum(counts["by_status"].get(QUEUED, 0) for counts in kept if counts)
    return max(counted, few)


def queued_singly() -> int:
    queued = select(Delivery.id).where(Delivery.status == QUEUED, Delivery.broadcast_id.is_(None))
    return sum(count_up_to(query) for query in halves(queued))


def halves(queued: Select[Any]) -> tuple[Select[Any], ...]:
    """The fresh and the postponed ones: each half has an index of its own."""
    return (
        queued.where(Delivery.not_before.is_(None)),
        queued.where(Delivery.not_before.is_not(None)),
    )


def count_sending() -> tuple[int, int]:
    """How many are being sent, and how many of them got no answer in time."""
    silent = func.count(case((unanswered(utcnow()), 1)))
    counted = select(func.count(), silent).where(Delivery.status == SENDING)
    sending, lost = db.session.execute(counted).one()
    return sending, lost


def oldest_due() -> dict[str, float]:
    """For how many seconds the text that is due the longest has been due, by kind."""
    running = db.session.scalars(select(Broadcast.id).where(Broadcast.status == RUNNING))
    return {
        BROADCAST: max((due_for(one) for one in running.all()), default=0.0),
        SINGLE: due_for(None),
    }


def due_for(broadcast_id: int | None) -> float:
    text = oldest_waiting(broadcast_id)
    if text is None or text.status != QUEUED:
        return 0.0
    due: datetime = text.not_before or text.created_at
    return max(0.0, (utcnow() - due).total_seconds())


def read_senders() -> list[HeldSender]:
    now = utcnow()
    return [
        HeldSender(one.provider, one.sender, one.held_until is not None and one.held_until > now)
        for one in db.session.scalars(select(Sender).order_by(Sender.provider, Sender.sender))
    ]


def count_broadcasts() -> dict[str, int]:
    counted = (
        select(Broadcast.status, func.count())
        .where(Broadcast.status.in_(LIVE))
        .group_by(Broadcast.status)
    )
    found = {status: count for status, count in db.session.execute(counted)}  # noqa: C416
    return dict.fromkeys(LIVE, 0) | found
