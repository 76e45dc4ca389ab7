"""What is stuck on its way: texts, broadcasts, senders, reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from heliograph.broadcasts.models import PAUSED, Broadcast
from heliograph.broadcasts.progress import oldest_waiting, stalled_broadcasts
from heliograph.checkup.findings import BAD, NOTE, Finding
from heliograph.checkup.plugins import parted
from heliograph.db import db, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import SENDING, UNKNOWN, Delivery, Sender, StatusReport
from heliograph.deliveries.obstacles import NOBODY, PROVIDER, sender_obstacle
from heliograph.lookups import MANY, count_up_to

# a text whose lease ended is looked up within seconds, where a process runs
UNATTENDED = timedelta(minutes=5)
LATE = timedelta(minutes=2)  # for a text that somebody waits for
OLD = timedelta(days=1)
START = "Start heliograph serve, or heliograph worker, with HELIOGRAPH_SCHEDULER=on."
BY_HAND = "Paused by hand."


def look_at_sending() -> Iterator[Finding]:
    yield from look_at_unanswered()
    yield from look_at_unknown()
    yield from look_at_broadcasts()
    yield from look_at_single_texts()
    yield from look_at_senders()
    yield from look_at_reports()


def look_at_unanswered() -> Iterator[Finding]:
    """Texts that are *sending* beyond their lease."""
    now = utcnow()
    beyond = select(Delivery.id).where(Delivery.status == SENDING)
    unattended = count_up_to(beyond.where(Delivery.lease_until < now - UNATTENDED))
    if unattended:
        words = f"{many(unattended)} may have gone out, and no process asks the provider."
        yield Finding(BAD, "texts without an answer", words, START)
        return
    waiting = count_up_to(beyond.where(Delivery.lease_until <= now))
    if waiting:
        words = f"{many(waiting)} may have gone out: the provider is asked what became of them."
        yield Finding(NOTE, "texts without an answer", words)


def look_at_unknown() -> Iterator[Finding]:
    """Texts that a person has to decide on, by broadcast and by campaign."""
    owner = (Delivery.broadcast_id, Delivery.campaign_id)
    found = db.session.execute(
        select(*owner, func.count())
        .where(Delivery.status == UNKNOWN)
        .group_by(*owner)
        .order_by(*owner)
    )
    for broadcast_id, campaign_id, count in found:
        words = f"Nobody can tell whether {many(count)} went out."
        if campaign_id is not None:
            mend = f"Look at the provider's log, then: heliograph campaigns settle {campaign_id}"
            yield Finding(NOTE, f"unclear texts of campaign {campaign_id}", words, mend)
            continue
        if broadcast_id is None:
            yield Finding(NOTE, "unclear texts", f"{words} They belong to no broadcast.")
            continue
        mend = f"Look at the provider's log, then: heliograph broadcasts settle {broadcast_id}"
        yield Finding(NOTE, f"unclear texts of broadcast {broadcast_id}", words, mend)


def look_at_broadcasts() -> Iterator[Finding]:
    for broadcast, obstacle in stalled_broadcasts():
        level = BAD if obstacle.kind in (PROVIDER, NOBODY) else NOTE
        yield Finding(level, f"broadcast {broadcast.id}", *parted(obstacle.words))
    stopped = select(Broadcast).where(Broadcast.status == PAUSED, Broadcast.reason != BY_HAND)
    for broadcast in db.session.scalars(stopped.order_by(Broadcast.id)):
        mend = f"Mend it, then: heliograph broadcasts resume {broadcast.id}"
        words = f"It paused itself. {broadcast.reason}"
        yield Finding(NOTE, f"broadcast {broadcast.id}", words, mend)


def look_at_single_texts() -> Iterator[Finding]:
    """Tests and campaign texts: somebody waits for them, so they go first."""
    text, now = oldest_waiting(None), utcnow()
    if text is None or text.status == SENDING:
        return
    due = max(text.created_at, text.not_before or text.created_at)
    if due < now - LATE:
        words = f"Text {text.id} has been due since {due:%Y-%m-%d %H:%M} UTC. {explain(text)}"
        obstacle = sender_obstacle(text.provider, text.sender)
        level = NOTE if obstacle is not None and obstacle.until else BAD
        yield Finding(level, "single texts", *parted(words) if obstacle else (words, START))


def look_at_senders() -> Iterator[Finding]:
    held = select(Sender).where(Sender.held_until > utcnow())
    for one in db.session.scalars(held.order_by(Sender.provider, Sender.sender)):
        words = f"It is held until {one.held_until:%Y-%m-%d %H:%M} UTC. {one.held_reason}".strip()
        yield Finding(NOTE, f"sender {one.sender} of {one.provider}", words)


def look_at_reports() -> Iterator[Finding]:
    """Reports that no text of ours was found for."""
    old = select(StatusReport.id).where(
        StatusReport.delivery_id.is_(None), StatusReport.at < utcnow() - OLD
    )
    count = count_up_to(old)
    if count:
        words = f"{many(count, 'status report')}, older than a day, fit no text that is here."
        mend = "Does another system text through the same account, with this callback address?"
        yield Finding(NOTE, "reports", words, mend)


def many(count: int, word: str = "text") -> str:
    """`1 text`, `2 texts`, `more than 10000 texts`."""
    if count > MANY:
        return f"more than {MANY} {word}s"
    return f"{count} {word}{'' if count == 1 else 's'}"
