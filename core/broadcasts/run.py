"""Running broadcasts: for the command in the foreground, for the clock behind."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import select

from heliograph.broadcasts.lifecycle import (
    begin,
    check_sendable,
    due_broadcasts,
    finish_if_done,
    get_broadcast,
    pause,
    queued_of_cancelled,
    sweep_cancelled,
)
from heliograph.broadcasts.models import RUNNING, Broadcast
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.db import AWAY, db, utcnow
from heliograph.deliveries.claim import Scope, in_flight, seconds_until_due
from heliograph.deliveries.courier import Tally
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.errors import BadInput, Conflict, HeliographError
from heliograph.host.state import forget_states
from heliograph.messages.models import text_message_segments
from heliograph.segments import refresh_segment
from heliograph.segments.models import Segment

log = logging.getLogger(__name__)

PATIENCE = 60.0
POLL = 0.5
TELL_AGAIN = 300.0  # seconds until the same fault of a run is logged again


@dataclass(frozen=True, slots=True)
class Options:
    """What `broadcasts send` was asked for; None is no bound."""

    broadcast_id: int | None = None
    limit: int | None = None
    batch: int | None = None
    min_contact_id: int | None = None
    max_contact_id: int | None = None
    thread: int | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one broadcast came to in this run."""

    broadcast_id: int
    queued: int
    tally: Tally
    status: str
    reason: str


Progress = Callable[[int, Tally], None]


def send_due(
    loop: DeliveryLoop, options: Options, progress: Progress | None = None
) -> list[RunReport]:
    """Plan what is due and send until nothing is due; the whole of one command.

    Raises Conflict when the one broadcast asked for cannot be sent, or when no
    provider can send at all.
    """
    if options.broadcast_id is not None:
        check_sendable(get_broadcast(options.broadcast_id), utcnow())
    planned = plan_due(options.broadcast_id)
    reports, left = [], options.limit
    for broadcast_id in running_broadcasts(options.broadcast_id):
        if left is not None and left <= 0:
            break
        tally = send_one(loop, broadcast_id, replace(options, limit=left), progress)
        if left is not None:
            left -= tally.handed_over
        broadcast = get_broadcast(broadcast_id)
        reports.append(
            RunReport(
                broadcast_id,
                planned.get(broadcast_id, 0),
                tally,
                broadcast.status,
                broadcast.reason,
            )
        )
    return reports


def plan_due(only: int | None = None) -> dict[int, int]:
    """Begin and plan what is due; returns how many texts were queued, by broadcast."""
    wanted = [item for item in due_broadcasts(utcnow()) if only in (None, item)]
    queued = {}
    for broadcast_id in wanted:
        begin(broadcast_id)
        queued[broadcast_id] = plan(broadcast_id)
    return queued


def plan(broadcast_id: int) -> int:
    """Refresh the segments of the broadcast and plan it; waits for another planner."""
    segments = db.session.scalars(
        select(Segment)
        .join(text_message_segments, text_message_segments.c.segment_id == Segment.id)
        .where(text_message_segments.c.message_id == broadcast_id)
    ).all()
    for segment in segments:
        if not segment.filters:
            continue
        try:
            refresh_segment(segment.id)
        except BadInput as error:  # a filter names what is gone: a person must mend it
            pause(broadcast_id, reason=f"Segment {segment.name!r}: {error.message}")
            return 0
    while (result := plan_broadcast(broadcast_id)) is None:
        time.sleep(POLL)
    fields = {"broadcast_id": broadcast_id, "texts": result.queued}
    log.info("broadcast %s: %s texts queued", broadcast_id, result.queued, extra=fields)
    return result.queued


def running_broadcasts(only: int | None = None) -> list[int]:
    query = select(Broadcast.id).where(Broadcast.status == RUNNING).order_by(Broadcast.id)
    if only is not None:
        query = query.where(Broadcast.id == only)
    return list(db.session.scalars(query))


def send_one(
    loop: DeliveryLoop, broadcast_id: int, options: Options, progress: Progress | None
) -> Tally:
    """Send one broadcast until nothing of it is due, retries of the next minute too."""
    broadcast = get_broadcast(broadcast_id)
    total = Tally()
    scope = Scope(
        provider=broadcast.provider or "",
        sender=broadcast.sender or "",
        broadcast_id=broadcast_id,
        min_contact_id=options.min_contact_id,
        max_contact_id=options.max_contact_id,
        thread=options.thread,
        threads=options.threads,
    )
    patience = PATIENCE
    while True:
        limit = None if options.limit is None else options.limit - total.handed_over
        if limit is not None and limit <= 0:
            break
        tell = (lambda tally: progress(broadcast_id, tally)) if progress else None
        add(total, loop.send(scope, batch=options.batch, limit=limit, progress=tell).result())
        ours = loop.begin_recovery().get(scope.provider)
        if ours is not None:
            ours.result()
        fresh()
        if get_broadcast(broadcast_id).status != RUNNING or finish_if_done(broadcast_id):
            break
        wait = seconds_until_due(scope)
        if (wait is None or wait > PATIENCE) and not (in_flight(scope) and patience > 0):
            break
        patience -= POLL if wait is None else 0
        db.session.rollback()
        time.sleep(POLL if wait is None else max(POLL, min(wait, 1)))
    return total


def fresh() -> None:
    """Forget what this context has read: a foreground run lives long."""
    db.session.rollback()
    forget_states()


def add(total: Tally, more: Tally) -> None:
    total.accepted += more.accepted
    total.failed += more.failed
    total.unsure += more.unsure
    total.waiting += more.waiting
    total.skipped += more.skipped


def start_due() -> str | None:
    """Job: begin and plan what is due, finish what is done, sweep what is cancelled."""
    begun: list[str] = []
    for broadcast_id in due_broadcasts(utcnow()):
        try:
            begin(broadcast_id)
            begun.append(f"{broadcast_id}: {plan(broadcast_id)} queued")
        except Conflict:
            continue  # it says why it waits, and is tried again
        except Exception:
            fields = {"broadcast_id": broadcast_id}
            log.exception("broadcast %s could not be planned", broadcast_id, extra=fields)
    for broadcast_id in running_broadcasts():
        finish_if_done(broadcast_id)
    sweep_cancelled()
    return "; ".join(begun) or None


def is_any_due() -> bool:
    """Whether `start_due` would find something: to begin, to finish or to sweep."""
    return bool(
        due_broadcasts(utcnow())
        or running_broadcasts()
        or next(queued_of_cancelled(), None) is not None
    )


def other_scopes() -> list[Scope]:
    """Scopes of queued texts that belong to no broadcast, by provider."""
    queued = select(Delivery.provider).where(
        Delivery.broadcast_id.is_(None), Delivery.status == QUEUED
    )
    fresh = queued.where(Delivery.not_before.is_(None))
    again = queued.where(Delivery.not_before.is_not(None), Delivery.not_before <= utcnow())
    names = {name for half in (fresh, again) for name in db.session.scalars(half.distinct())}
    return [Scope(provider=name) for name in sorted(names)]


def keep_sending(loop: DeliveryLoop) -> str | None:
    """Job: keep a courier on each running broadcast and on the other texts."""
    scopes = other_scopes()
    for broadcast_id in running_broadcasts():
        broadcast = get_broadcast(broadcast_id)
        scope = Scope(broadcast.provider or "", broadcast.sender or "", broadcast_id=broadcast_id)
        wait = seconds_until_due(scope)
        if wait is not None and wait <= 1:
            scopes.append(scope)
    for scope in scopes:
        if not loop.is_sending(scope):
            loop.send(scope).add_done_callback(partial(note_fault, loop.told, scope))
    return None


def note_fault(told: dict[object, float], scope: Scope, run: Future[Tally]) -> None:
    """Log why a run ended early; the same again only after a while."""
    if run.cancelled():
        return
    error = run.exception()
    key, now = (scope.broadcast_id, scope.provider, str(error)), time.monotonic()
    if error is None or now - told.get(key, -TELL_AGAIN) < TELL_AGAIN:
        return
    told[key] = now
    fields = {"broadcast_id": scope.broadcast_id, "provider": scope.provider}
    what = f"broadcast {scope.broadcast_id}" if scope.broadcast_id else "single texts"
    if isinstance(error, HeliographError):
        log.warning("nothing of %s is sent: %s", what, error.message, extra=fields)
    elif isinstance(error, AWAY):
        log.warning("%s waits for the database: %s", what, error, extra=fields)
    else:
        log.error("the sending of %s failed", what, exc_info=error, extra=fields)
