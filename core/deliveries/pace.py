"""Pace and holds of a sender, kept in the database for all processes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from heliograph.db import insert_new, once_committed, transaction, utcnow
from heliograph.deliveries.models import Sender

log = logging.getLogger(__name__)

HORIZON = 2.0  # seconds of the pace that are claimed ahead
LONGEST_TEXT = 50  # parts
# a hold that long is worth a person's look; one that grows by less is told once
LONG_HOLD = timedelta(seconds=60)


def lock_sender(session: Session, provider: str, sender: str) -> Sender:
    """The sender's row, made when new, locked until the transaction ends."""
    insert_new(Sender, [{"provider": provider, "sender": sender, "held_reason": ""}])
    return session.get_one(Sender, (provider, sender), with_for_update=True, populate_existing=True)


def find_sender(session: Session, provider: str, sender: str, *, lock: bool) -> Sender:
    """The sender's row; locked when its pace will be used, for all processes share it."""
    if lock:
        return lock_sender(session, provider, sender)
    found = session.get(Sender, (provider, sender), populate_existing=True)
    return found or Sender(provider=provider, sender=sender, held_reason="")


def parts_free(sender: Sender, rate: float, now: datetime, *, ahead: float = HORIZON) -> int | None:
    """Parts that may be claimed now; None is no limit, 0 is wait."""
    if not rate:
        return None
    end = now + timedelta(seconds=ahead)
    begin = free_from(sender, rate, now)
    if begin >= end:
        return 0
    return max(1, int((end - begin).total_seconds() * rate))


def free_from(sender: Sender, rate: float, now: datetime) -> datetime:
    """When the next part may go. Nobody claims that far ahead as a clock set back makes it."""
    free = sender.next_free_at
    if free is None or free < now or free > now + timedelta(seconds=60 + LONGEST_TEXT / rate):
        return now
    return free


def take_slots(sender: Sender, rate: float, parts: list[int], now: datetime) -> list[float]:
    """Seconds from *now* at which each text may go, and the sender moved on."""
    if not rate:
        return [0.0] * len(parts)
    free = free_from(sender, rate, now)
    waits: list[float] = []
    for count in parts:
        waits.append((free - now).total_seconds())
        free += timedelta(seconds=count / rate)
    sender.next_free_at = free
    return waits


def hold_sender(provider: str, sender: str, until: datetime, reason: str) -> None:
    """Let nothing out by this sender before *until*; a longer hold stays."""
    now = utcnow()
    with transaction() as session:
        row = lock_sender(session, provider, sender)
        before = max(row.held_until or now, now)
        if row.held_until is None or row.held_until < until:
            if before == now or until - before >= LONG_HOLD:
                once_committed(partial(tell_hold, provider, sender, until - now, until, reason))
            row.held_until, row.held_reason = until, reason
        session.flush()


def tell_hold(provider: str, sender: str, length: timedelta, until: datetime, reason: str) -> None:
    log.log(
        logging.WARNING if length >= LONG_HOLD else logging.INFO,
        "sender %s of %s is held for %.0f seconds: %s",
        sender,
        provider,
        length.total_seconds(),
        reason,
        extra={"provider": provider, "sender": sender, "held_until": until.isoformat()},
    )
