"""The states of a broadcast: begin, pause, resume, cancel, finish, late joiners."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, exists, func, or_, select, update

from heliograph.broadcasts.models import (
    CANCELLED,
    DRAFT,
    FINISHED,
    PAUSED,
    RUNNING,
    SCHEDULED,
    Broadcast,
)
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import change_rows, db, once_committed, transaction, utcnow
from heliograph.deliveries.models import CANCELLED as TEXT_CANCELLED
from heliograph.deliveries.models import OPEN, QUEUED, Delivery
from heliograph.errors import Conflict, NotFound
from heliograph.messages.models import TextMessage, text_message_segments
from heliograph.providers import default_provider, open_provider
from heliograph.segments.models import Segment
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

BY_HAND = Sentence("Paused by hand.")

SWEPT_FOR = timedelta(days=1)


def get_broadcast(broadcast_id: int) -> Broadcast:
    """The broadcast; raises NotFound."""
    known = 0 < broadcast_id <= LARGEST_ID
    broadcast = db.session.get(Broadcast, broadcast_id, populate_existing=True) if known else None
    if broadcast is None:
        raise NotFound(f"There is no broadcast {broadcast_id}. Run: heliograph broadcasts list")
    return broadcast


def list_broadcasts() -> Sequence[Broadcast]:
    return db.session.scalars(select(Broadcast).order_by(Broadcast.id)).all()


def newest_broadcasts(*, before_id: int | None = None, limit: int = 50) -> Sequence[Broadcast]:
    """A page of broadcasts, the newest first; give the last id to read on."""
    page = select(Broadcast).order_by(Broadcast.id.desc()).limit(limit)
    if before_id is not None:
        page = page.where(Broadcast.id < before_id)
    return db.session.scalars(page).all()


def due_broadcasts(now: datetime) -> list[int]:
    """Those to begin now, and finished ones whose segments got new members."""
    up = or_(TextMessage.publish_down.is_(None), TextMessage.publish_down > now)
    open_now = (
        select(Broadcast.id)
        .join(TextMessage, TextMessage.id == Broadcast.id)
        .where(TextMessage.published, TextMessage.publish_up <= now, up)
    )
    joined_late = exists().where(
        text_message_segments.c.message_id == Broadcast.id,
        Segment.id == text_message_segments.c.segment_id,
        Segment.members_added_at >= Broadcast.planned_at,
    )
    wanted = open_now.where(
        or_(
            Broadcast.status == SCHEDULED,
            Broadcast.status.in_((RUNNING, FINISHED))
            & or_(Broadcast.planned_at.is_(None), joined_late),
        )
    )
    return list(db.session.scalars(wanted.order_by(Broadcast.id)))


def begin(broadcast_id: int) -> Broadcast:
    """Freeze text, provider and sender and let it run.

    Raises Conflict when no provider is enabled and ConfigIncomplete when the
    provider's config is: the broadcast then stays as it was, with the reason.
    """
    broadcast = get_broadcast(broadcast_id)
    if broadcast.status == FINISHED:
        set_status(broadcast_id, (FINISHED,), RUNNING)
        return get_broadcast(broadcast_id)
    if broadcast.status != SCHEDULED:
        return broadcast
    try:
        name = default_provider()
        sender = open_provider(name).sender
    except Conflict as error:
        if broadcast.reason != error.message:  # it is tried every other second
            set_status(broadcast_id, (SCHEDULED,), SCHEDULED, reason=error.message)
        raise
    with transaction() as session:
        locked = {"key_share": True}
        message = session.get_one(
            TextMessage, broadcast_id, populate_existing=True, with_for_update=locked
        )
        if message.publish_up is None or not message.is_open(utcnow()):
            return broadcast  # it was given another time after it was found due
        begun = change_rows(
            update(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.status == SCHEDULED)
            .values(
                status=RUNNING,
                reason="",
                text=message.text,
                provider=name,
                sender=sender,
                started_at=utcnow(),
                status_at=utcnow(),
            )
        )
    if begun:
        fields = {"broadcast_id": broadcast_id, "provider": name, "sender": sender}
        log.info("broadcast %s starts through %s", broadcast_id, name, extra=fields)
    return get_broadcast(broadcast_id)


def check_sendable(broadcast: Broadcast, now: datetime) -> None:
    """Raise Conflict that says why *broadcast* cannot be sent now, and the mend."""
    message, number = broadcast.message, broadcast.id
    if broadcast.status == PAUSED:
        why = f" ({broadcast.reason})" if broadcast.reason else ""
        raise Conflict(
            f"Broadcast {number} is paused{why}. Run: heliograph broadcasts resume {number}"
        )
    if broadcast.status == CANCELLED:
        raise Conflict(f"Broadcast {number} was cancelled. Create a new message to send it again.")
    if broadcast.status == DRAFT or message.publish_up is None:
        raise Conflict(
            f"Message {number} has no publish-up date. Create it with --publish-up now or a date."
        )
    if not message.published:
        raise Conflict(f"Message {number} is not published.")
    if message.publish_up > now:
        raise Conflict(f"Message {number} is due on {message.publish_up:%Y-%m-%d %H:%M} UTC.")
    if message.publish_down is not None and message.publish_down <= now:
        raise Conflict(f"Message {number} was unpublished on {message.publish_down:%Y-%m-%d}.")


def pause(broadcast_id: int, *, reason: str = BY_HAND) -> Broadcast:
    """Hold it: texts that are not yet with the provider wait."""
    return change(broadcast_id, (RUNNING, SCHEDULED), PAUSED, "paused", reason=reason)


def resume(broadcast_id: int) -> Broadcast:
    """Go on where it was held."""
    started = get_broadcast(broadcast_id).started_at is not None
    target = RUNNING if started else SCHEDULED
    return change(broadcast_id, (PAUSED,), target, "resumed")


def cancel(broadcast_id: int) -> Broadcast:
    """End it for good: texts still queued are never sent."""
    states = (DRAFT, SCHEDULED, RUNNING, PAUSED)
    broadcast = change(
        broadcast_id, states, CANCELLED, "cancelled", reason=Sentence("Cancelled by hand.")
    )
    sweep_cancelled()
    return broadcast


def sweep_cancelled() -> int:
    """Mark what is still queued of broadcasts that were cancelled lately; returns how many."""
    return sum(cancel_texts(half) for half in queued_of_cancelled())


def queued_of_cancelled() -> Iterator[Select[Any]]:
    """Ids of texts in the queue of broadcasts that were cancelled lately.

    A text that was in flight then may come back to the queue, an hour later at most.
    """
    lately = Broadcast.finished_at > utcnow() - SWEPT_FOR
    ended = select(Broadcast.id).where(Broadcast.status == CANCELLED, lately)
    for broadcast_id in db.session.scalars(ended).all():
        for half in halves_of_queue(broadcast_id):
            if db.session.scalar(half.limit(1)) is not None:
                yield half


def halves_of_queue(broadcast_id: int) -> tuple[Select[Any], Select[Any]]:
    """Ids of its texts that wait for nothing, and of those that wait for a time.

    Each half has an index of its own, which no other form of the question would use.
    """
    queued = select(Delivery.id).where(
        Delivery.broadcast_id == broadcast_id, Delivery.status == QUEUED
    )
    fresh = queued.where(Delivery.not_before.is_(None)).order_by(Delivery.id)
    return fresh, queued.where(Delivery.not_before.is_not(None)).order_by(Delivery.not_before)


def cancel_texts(ids: Select[Any]) -> int:
    with transaction():
        return change_rows(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.status == QUEUED)
            .values(
                status=TEXT_CANCELLED,
                reason="cancelled",
                detail=Sentence("The broadcast was cancelled before this text was sent."),
                final_at=utcnow(),
            )
        )


def change(
    broadcast_id: int, allowed: tuple[str, ...], status: str, word: str, *, reason: str = ""
) -> Broadcast:
    broadcast = get_broadcast(broadcast_id)
    if broadcast.status == status:
        return broadcast
    if not set_status(broadcast_id, allowed, status, reason=reason):
        now = get_broadcast(broadcast_id).status
        raise Conflict(f"Broadcast {broadcast_id} is {now} and cannot be {word}.")
    return get_broadcast(broadcast_id)


def set_status(
    broadcast_id: int, allowed: tuple[str, ...], status: str, *, reason: str = ""
) -> bool:
    values: dict[str, object] = {"status": status, "reason": reason, "status_at": utcnow()}
    if status in (FINISHED, CANCELLED):
        values["finished_at"] = utcnow()
    with transaction():
        changed = change_rows(
            update(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.status.in_(allowed))
            .values(**values)
        )
        if changed:
            once_committed(partial(tell_status, broadcast_id, status, reason))
        return bool(changed)


def tell_status(broadcast_id: int, status: str, reason: str = "") -> None:
    fields = {"broadcast_id": broadcast_id, "status": status}
    level = logging.WARNING if status == SCHEDULED and reason else logging.INFO
    words = f": {reason}" if reason else ""
    log.log(level, "broadcast %s is %s%s", broadcast_id, status, words, extra=fields)


def finish_if_done(broadcast_id: int) -> bool:
    """Finished means: planned to the end, and no text is open any more."""
    open_texts = exists().where(Delivery.broadcast_id == broadcast_id, Delivery.status.in_(OPEN))
    with transaction() as session:
        any_text = session.scalar(
            select(func.count()).select_from(
                select(Delivery.id).where(Delivery.broadcast_id == broadcast_id).limit(1).subquery()
            )
        )
        nobody = Sentence("No recipients: nobody in its segments can be texted.")
        reason = "" if any_text else nobody
        finished = change_rows(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                Broadcast.status == RUNNING,
                Broadcast.planned_at.is_not(None),
                Broadcast.planning_until.is_(None),
                ~open_texts,
            )
            .values(
                status=FINISHED,
                finished_at=utcnow(),
                status_at=utcnow(),
                reason=reason,
            )
        )
        if finished:
            once_committed(partial(tell_status, broadcast_id, FINISHED, reason))
        return bool(finished)
