"""Every delivery explains itself: why it waits, was skipped or failed, in plain words."""

from __future__ import annotations

from core.broadcasts.counts import SKIP_REASONS
from core.broadcasts.models import CANCELLED, PAUSED, Broadcast
from core.channel import FailureKind
from core.db import db, utcnow
from core.deliveries.models import (
    ACCEPTED,
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    SKIPPED,
    UNDELIVERED,
    UNKNOWN,
    Delivery,
    Sender,
)
from core.deliveries.policy import POLICIES


def explain(delivery: Delivery) -> str:
    """One or two sentences on where the text stands and what comes next."""
    if delivery.status == QUEUED:
        return why_it_waits(delivery)
    if delivery.status == SKIPPED:
        known = SKIP_REASONS.get(delivery.reason, delivery.reason.replace("_", " "))
        return f"It was not sent. {delivery.detail or known[:1].upper() + known[1:] + '.'}"
    if delivery.status == SENDING and delivery.reason == FailureKind.UNKNOWN_OUTCOME:
        return f"{failure_words(delivery)} {delivery.detail}".strip()
    if delivery.status in (FAILED, UNDELIVERED):
        return f"{failure_words(delivery)} {delivery.detail}".strip()
    return {
        SENDING: "It is being handed to the provider right now.",
        UNKNOWN: "Nobody knows whether it went out, so it is not sent again by itself. "
        "Decide on the page of its broadcast.",
        ACCEPTED: "The provider took it; a report of what became of it has not come yet.",
        SENT: "The provider sent it to the carrier; the phone has not confirmed it yet.",
        DELIVERED: "The phone has it.",
    }.get(delivery.status, delivery.detail or "It was cancelled before it was sent.")


def failure_words(delivery: Delivery) -> str:
    try:
        return POLICIES[FailureKind(delivery.reason)].words
    except (ValueError, KeyError):
        return "The provider could not deliver it."


def why_it_waits(delivery: Delivery) -> str:
    now = utcnow()
    broadcast = db.session.get(Broadcast, delivery.broadcast_id) if delivery.broadcast_id else None
    if broadcast is not None and broadcast.status == PAUSED:
        return f"It waits: the broadcast is paused. {broadcast.reason}".strip()
    if broadcast is not None and broadcast.status == CANCELLED:
        return "The broadcast was cancelled: it will not be sent."
    sender = db.session.get(Sender, (delivery.provider, delivery.sender))
    if sender is not None and sender.held_until is not None and sender.held_until > now:
        return (
            f"It waits: the sender {sender.sender} is held until "
            f"{sender.held_until:%Y-%m-%d %H:%M} UTC. {sender.held_reason}"
        ).strip()
    if delivery.not_before is not None and delivery.not_before > now:
        until = f"{delivery.not_before:%Y-%m-%d %H:%M} UTC"
        if delivery.reason == "quiet":
            return f"It waits until {until}: quiet hours where the contact lives."
        return f"It is tried again at {until}. {delivery.detail}".strip()
    return "It waits for its turn: texts go out as fast as the sender may."
