"""What stands in the way of texts, in plain words: one answer for pages, commands and rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from heliograph.db import db, utcnow
from heliograph.deliveries.claim import LEASE
from heliograph.deliveries.models import Delivery, Sender
from heliograph.errors import HeliographError
from heliograph.providers import open_provider
from heliograph.sentences import Moment, Sentence, together

LONGEST_CALL = timedelta(seconds=LEASE)

PAUSED, PLANNING, FINISHING = "paused", "planning", "finishing"
PROVIDER, HELD, PACE = "provider", "held", "pace"
QUIET, VETO, RETRY, ANSWERS, NOBODY = "quiet", "veto", "retry", "answers", "nobody"

WORDS = {
    PAUSED: Sentence("The broadcast is paused."),
    PLANNING: Sentence("Its recipients are being worked out."),
    PROVIDER: Sentence("The provider cannot send."),
    HELD: Sentence("The sender %(sender)s is held until %(until)s."),
    PACE: Sentence(
        "The sender %(sender)s may send so few texts that the next one goes out at %(until)s."
    ),
    QUIET: Sentence("Quiet hours where the contacts live: it goes on at %(until)s."),
    VETO: Sentence(
        "The next text waits until %(until)s: a plugin could not say whether it may go."
    ),
    RETRY: Sentence("What is left failed for a moment; the next text is tried again at %(until)s."),
    ANSWERS: Sentence(
        "The last texts got no clear answer: the provider is asked what became of them."
    ),
    FINISHING: Sentence("All texts are done: it is finished in a moment."),
    NOBODY: Sentence(
        "It is due, and nothing happens: no process seems to send. "
        "Start heliograph serve, or heliograph worker, with HELIOGRAPH_SCHEDULER=on."
    ),
}
# the others end by themselves
NEEDS_A_PERSON = (PAUSED, PROVIDER, NOBODY)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why texts wait. `kind` is a key of WORDS; `until` (UTC) is when it ends by itself."""

    kind: str
    detail: str = ""
    until: datetime | None = None
    sender: str = ""

    @property
    def words(self) -> Sentence:
        until = Moment(self.until) if self.until else "later"
        told = WORDS[self.kind].filled(until=until, sender=self.sender)
        return together(told, Sentence(self.detail))

    @property
    def needs_a_person(self) -> bool:
        return self.kind in NEEDS_A_PERSON


def sender_obstacle(provider: str, sender: str) -> Obstacle | None:
    """Why nothing goes out through this sender now: its provider, or a hold."""
    try:
        open_provider(provider)
    except HeliographError as error:
        return Obstacle(PROVIDER, error.message)
    held = held_sender(provider, sender)
    if held is None:
        return None
    return Obstacle(HELD, held.held_reason, held.held_until, held.sender)


def unanswered(now: datetime) -> ColumnElement[bool]:
    """SQL, of a text that is *sending*: no call can be under way, so it is looked up."""
    return or_(
        Delivery.reason != "",
        Delivery.lease_until <= now,
        Delivery.attempted_at <= now - LONGEST_CALL,
    )


def is_unanswered(text: Delivery, now: datetime) -> bool:
    """The same of a row that was read."""
    lease, tried = text.lease_until or now, text.attempted_at or now
    return bool(text.reason) or lease <= now or tried <= now - LONGEST_CALL


def held_sender(provider: str, sender: str) -> Sender | None:
    """The sender's row while it is held, else None."""
    found = db.session.get(Sender, (provider, sender), populate_existing=True)
    if found is None or found.held_until is None or found.held_until <= utcnow():
        return None
    return found
