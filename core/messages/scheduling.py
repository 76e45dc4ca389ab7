"""When the broadcast of a message goes out: now, at a time, or not yet."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from heliograph.broadcasts.models import DRAFT, SCHEDULED, Broadcast
from heliograph.contacts.fields import contact_fields
from heliograph.db import db, transaction, utcnow
from heliograph.errors import BadInput, Changed, Conflict
from heliograph.messages.library import edit_message, get_message
from heliograph.messages.models import SEGMENT, TextMessage
from heliograph.messages.tokens import check_text


def review_version(broadcast: Broadcast) -> str:
    """Changes with all that a person has looked at before sending: text, segments, schedule."""
    message = broadcast.message
    seen = [broadcast.status, str(message.updated_at)]
    seen += [f"{one.id} {one.edited_at}" for one in message.segments]
    return sha256("\n".join(seen).encode()).hexdigest()[:32]


def send_now(
    message_id: int, *, at: datetime | None = None, seen: str | None = None
) -> TextMessage:
    """Publish a segment message, due now or *at* a time; the clock does the rest.

    *seen* is the `review_version` that the person decided on. Raises Changed when it is
    another one by now, Conflict when the broadcast has begun, BadInput when *at* is no
    time at which it can be sent, NotOurs when the text has another tool's placeholders.
    """
    message = get_message(message_id)
    if message.type != SEGMENT:
        raise Conflict(f"Message {message_id} is a template: campaigns send it.")
    with transaction() as session:
        broadcast = lock_broadcast(session, message_id)
        if broadcast.status not in (DRAFT, SCHEDULED):
            raise Conflict(f"Broadcast {message_id} is {broadcast.status}: it has begun already.")
        if seen is not None and seen != review_version(broadcast):
            raise Changed
        check_time(broadcast.message, at)
        check_text(broadcast.message.text, contact_fields())  # it may be older than that check
        return edit_message(message_id, publish_up=at or utcnow(), published=True)


def lock_broadcast(session: Session, message_id: int) -> Broadcast:
    """The broadcast of a segment message as it is now; message and broadcast stay so."""
    session.get_one(TextMessage, message_id, populate_existing=True, with_for_update=True)
    return session.get_one(Broadcast, message_id, populate_existing=True, with_for_update=True)


def check_time(message: TextMessage, at: datetime | None) -> None:
    """Raise BadInput when *message* cannot be sent *at* that time (None: now)."""
    now, down = utcnow(), message.publish_down
    if at is not None and at <= now:
        raise BadInput("at", "is in the past", value=at, mend="Choose a later time.")
    if down is not None and down <= (at or now):
        problem = f"is not before publish down, {down:%Y-%m-%d %H:%M} UTC"
        mend = "Choose an earlier time, or change publish down in the message."
        raise BadInput("at", problem, value=at, mend=mend)


def unschedule(message_id: int) -> TextMessage:
    """Take the publish-up date away while nothing has begun; raises Conflict after that."""
    with transaction() as session:
        known = db.session.get(Broadcast, message_id) is not None
        broadcast = lock_broadcast(session, message_id) if known else None
        if broadcast is None or broadcast.status not in (DRAFT, SCHEDULED):
            raise Conflict(f"Message {message_id} is not scheduled any more.")
        return edit_message(message_id, publish_up=None)
