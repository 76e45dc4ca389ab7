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
)
from core.deliveries.obstacles import is_unanswered, sender_obstacle
from core.deliveries.policy import POLICIES

# what the words of SKIP_REASONS are about, where it is not the contact
SUBJECTS = {
    "dnc": "the contact is ",
    **dict.fromkeys(("invalid_number", "empty_text", "too_long"), "the "),
    **dict.fromkeys(("bad_token", "vetoed"), ""),
}


def explain(delivery: Delivery) -> str:
    """One or two sentences on where the text stands and what comes next."""
    if delivery.status == QUEUED:
        return why_it_waits(delivery)
    if delivery.status == SENDING and is_unanswered(delivery, utcnow()):
        return (
            "No clear answer came: the provider is asked whether it has the text, and it is only "
            f"sent again when the provider has not. {delivery.detail}"
        ).strip()
    if delivery.status == SKIPPED:
        known = SKIP_REASONS.get(delivery.reason, delivery.reason.replace("_", " "))
        if delivery.detail:
            return f"It was not sent. {delivery.detail}"
        return f"It was not sent: {SUBJECTS.get(delivery.reason, 'the contact ')}{known}."
    if delivery.status == SENDING and delivery.reason == FailureKind.UNKNOWN_OUTCOME:
        return f"{failure_words(delivery)} {delivery.detail}".strip()
    if delivery.status in (FAILED, UNDELIVERED):
        words = failure_words(delivery)
        return words if delivery.detail in ("", words) else f"{words} {delivery.detail}"
    if delivery.status == ACCEPTED:
        words = "The provider took it; a report of what became of it has not come yet."
        return f"{words} {delivery.detail}".strip()
    return {
        SENDING: "It is being handed to the provider right now.",
        UNKNOWN: "Nobody knows whether it went out, so it is not sent again by itself. "
        "Decide on the page of its broadcast or campaign.",
        SENT: "The provider sent it to the carrier; the phone has not confirmed it yet.",
        DELIVERED: "The phone has it.",
    }.get(delivery.status, delivery.detail or "It was cancelled before it was sent.")


def failure_words(delivery: Delivery) -> str:
    try:
        return POLICIES[FailureKind(delivery.reason)].words
    except (ValueError, KeyError):
        return "The provider could not deliver it."


def why_it_waits(delivery: Delivery) -> str:
    """Its broadcast, its sender, its own time, or only its turn: the first that holds it back."""
    now = utcnow()
    broadcast = db.session.get(Broadcast, delivery.broadcast_id) if delivery.broadcast_id else None
    if broadcast is not None and broadcast.status == PAUSED:
        return f"It waits: the broadcast is paused. {broadcast.reason}".strip()
    if broadcast is not None and broadcast.status == CANCELLED:
        return "The broadcast was cancelled: it will not be sent."
    obstacle = sender_obstacle(delivery.provider, delivery.sender)
    until = delivery.not_before or now
    if obstacle is not None and (obstacle.until is None or obstacle.until >= until):
        return f"It waits. {obstacle.words}"
    if delivery.not_before is not None and delivery.not_before > now:
        at = f"{delivery.not_before:%Y-%m-%d %H:%M} UTC"
        if delivery.reason == "held":
            return "It waits: its campaign is not published now."
        if delivery.reason == "quiet":
            return f"It waits until {at}: quiet hours where the contact lives."
        return f"It is tried again at {at}. {delivery.detail}".strip()
    if delivery.detail:
        return f"It waits for its turn. {delivery.detail}"
    return "It waits for its turn: texts go out as fast as the sender may."
