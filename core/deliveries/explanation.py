"""Every delivery explains itself: why it waits, was skipped or failed, in plain words."""

from __future__ import annotations

from heliograph.broadcasts.models import CANCELLED, PAUSED, Broadcast
from heliograph.channel import FailureKind
from heliograph.db import db, utcnow
from heliograph.deliveries.models import (
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
from heliograph.deliveries.obstacles import is_unanswered, sender_obstacle
from heliograph.deliveries.policy import POLICIES
from heliograph.deliveries.vetoes import WAITS
from heliograph.sentences import Moment, Sentence, together

# the same reasons as SKIP_REASONS, each as a whole sentence
LEFT_OUT = {
    "no_number": Sentence("It was not sent: the contact has no mobile number."),
    "invalid_number": Sentence("It was not sent: the number was marked invalid."),
    "dnc": Sentence("It was not sent: the contact is on do-not-contact."),
    "already_received": Sentence("It was not sent: the contact has already received this message."),
    "shared_number": Sentence(
        "It was not sent: the contact shares the number of a contact who gets it."
    ),
    "frequency_cap": Sentence("It was not sent: the contact has had its share of texts for now."),
    "contact_deleted": Sentence("It was not sent: the contact was deleted meanwhile."),
    "number_changed": Sentence("It was not sent: the contact has another number since the plan."),
    "empty_text": Sentence("It was not sent: the text would be empty for this contact."),
    "too_long": Sentence("It was not sent: the text would be too long for this contact."),
    "bad_token": Sentence("It was not sent: a token could not be filled."),
    "vetoed": Sentence("It was not sent: a plugin held it back."),
    "late": Sentence("It was not sent: the contact was held until it was too late."),
    "left": Sentence("It was not sent: the contact left the campaign."),
    "campaign_gone": Sentence("It was not sent: the contact was in a campaign that is deleted."),
}
SETTLED = {
    "sent": Sentence("Settled by hand as sent."),
    "failed": Sentence("Settled by hand as failed."),
    "resend": Sentence("Settled by hand as resend."),
}
STANDS = {
    SENDING: Sentence("It is being handed to the provider right now."),
    UNKNOWN: Sentence(
        "Nobody knows whether it went out, so it is not sent again by itself. "
        "Decide on the page of its broadcast or campaign."
    ),
    SENT: Sentence("The provider sent it to the carrier; the phone has not confirmed it yet."),
    DELIVERED: Sentence("The phone has it."),
}
UNANSWERED = Sentence(
    "No clear answer came: the provider is asked whether it has the text, and it is only "
    "sent again when the provider has not."
)
TAKEN = Sentence("The provider took it; a report of what became of it has not come yet.")


def explain(delivery: Delivery) -> Sentence:
    """One or two sentences on where the text stands and what comes next."""
    detail = Sentence(delivery.detail)
    if delivery.status == QUEUED:
        return why_it_waits(delivery)
    if delivery.status == SENDING and is_unanswered(delivery, utcnow()):
        return together(UNANSWERED, detail)
    if delivery.status == SKIPPED:
        return why_left_out(delivery)
    if delivery.status == SENDING and delivery.reason == FailureKind.UNKNOWN_OUTCOME:
        return together(failure_words(delivery), detail)
    if delivery.status in (FAILED, UNDELIVERED):
        words = failure_words(delivery)
        return words if detail == words else together(words, detail)
    if delivery.status == ACCEPTED:
        return together(TAKEN, detail)
    if delivery.status in STANDS:
        return STANDS[delivery.status]
    return detail or Sentence("It was cancelled before it was sent.")


def why_left_out(delivery: Delivery) -> Sentence:
    if delivery.detail:
        return together(Sentence("It was not sent."), Sentence(delivery.detail))
    known = LEFT_OUT.get(delivery.reason)
    reason = delivery.reason.replace("_", " ")
    return known or Sentence("It was not sent: the contact %(reason)s.", reason=reason)


def failure_words(delivery: Delivery) -> Sentence:
    try:
        return POLICIES[FailureKind(delivery.reason)].words
    except (ValueError, KeyError):
        return Sentence("The provider could not deliver it.")


def why_it_waits(delivery: Delivery) -> Sentence:
    """Its broadcast, its sender, its own time, or only its turn: the first that holds it back."""
    now, detail = utcnow(), Sentence(delivery.detail)
    broadcast = db.session.get(Broadcast, delivery.broadcast_id) if delivery.broadcast_id else None
    if broadcast is not None and broadcast.status == PAUSED:
        paused = Sentence("It waits: the broadcast is paused.")
        return together(paused, Sentence(broadcast.reason))
    if broadcast is not None and broadcast.status == CANCELLED:
        return Sentence("The broadcast was cancelled: it will not be sent.")
    obstacle = sender_obstacle(delivery.provider, delivery.sender)
    until = delivery.not_before or now
    if obstacle is not None and (obstacle.until is None or obstacle.until >= until):
        return together(Sentence("It waits."), obstacle.words)
    if delivery.not_before is not None and delivery.not_before > now:
        return why_later(delivery.reason, Moment(delivery.not_before), detail)
    if detail:
        return together(Sentence("It waits for its turn."), detail)
    return Sentence("It waits for its turn: texts go out as fast as the sender may.")


def why_later(reason: str, at: Moment, detail: Sentence) -> Sentence:
    if reason == "held":
        return Sentence("It waits: its campaign is not published now.")
    if reason == "quiet":
        return Sentence("It waits until %(until)s: quiet hours where the contact lives.", until=at)
    if reason == WAITS:
        return together(Sentence("It waits until %(until)s.", until=at), detail)
    if reason == "hours":
        return Sentence("It waits until %(until)s: the hours of its event are over.", until=at)
    return together(Sentence("It is tried again at %(when)s.", when=at), detail)
