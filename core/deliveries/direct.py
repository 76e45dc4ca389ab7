"""Texts that belong to no broadcast: tests, campaign actions."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from heliograph.contacts.models import Contact
from heliograph.db import insert_new, transaction, utcnow
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.deliveries.rendering import Renderer
from heliograph.dnc import find_dnc
from heliograph.errors import BadInput, Conflict, HeliographError
from heliograph.installation import current_zone
from heliograph.messages import get_message
from heliograph.messages.models import TextMessage
from heliograph.providers import open_provider
from heliograph.text_filters import Words


def queue_text(
    message_id: int,
    *,
    number: str,
    contact: Contact | None,
    provider: str,
    source: str,
    source_id: int | None = None,
    campaign_id: int | None = None,
) -> Delivery:
    """Queue one text of a message to *number*, rendered now for *contact*.

    Raises Conflict when the number is on do-not-contact or the provider cannot
    send, or a text filter fails, and Unrenderable when the text cannot be made. A campaign's
    `source_id` is taken once: the second call gives the first one's delivery.
    """
    message = get_message(message_id)
    entry = find_dnc(number)
    if entry is not None:
        raise Conflict(f"{number} is on do-not-contact ({entry.reason}); nothing was queued.")
    sender = open_provider(provider).sender
    row = Delivery(
        source=source,
        source_id=source_id,
        campaign_id=campaign_id,
        message_id=message.id,
        recipient_id=contact.id if contact else None,
        contact_id=contact.id if contact else None,
        number=number,
        provider=provider,
        sender=sender,
        status=QUEUED,
    )
    with transaction() as session:
        if source == "campaign" and source_id is not None:
            new, row = queue_once(session, row)
            if not new:
                return row
        else:
            session.add(row)
            session.flush()
        write_text(session, row, message, contact)
    return row


def write_text(
    session: Session, row: Delivery, message: TextMessage, contact: Contact | None
) -> None:
    """Render the text of a row that has its id: its short links need that."""
    words = Words(message.text, message.id, message.track_links)
    renderer = Renderer(words, current_zone())
    try:
        row.text, row.encoding, row.parts = renderer.render(row.id, None, contact)
    except HeliographError:  # a caller's own transaction may go on
        session.delete(row)
        raise
    finally:
        session.flush()


def queue_once(session: Session, row: Delivery) -> tuple[bool, Delivery]:
    """Whether the row is new, and the one that is stored."""
    columns = ("source", "source_id", "campaign_id", "message_id", "recipient_id", "contact_id")
    given = {name: getattr(row, name) for name in (*columns, "number", "provider", "sender")}
    given |= {"status": QUEUED, "noted_status": QUEUED}
    given |= {"encoding": "", "parts": 0, "attempts": 0, "currency": ""}
    given |= {"reason": "", "detail": "", "error_code": "", "created_at": utcnow()}
    new = insert_new(Delivery, [given])
    found = select(Delivery).where(
        Delivery.source == "campaign", Delivery.source_id == row.source_id
    )
    return bool(new), session.scalars(found).one()


def textable_number(contact: Contact) -> str:
    """The contact's number; raises BadInput when it has none."""
    if not contact.mobile:
        raise BadInput("mobile", "is missing", value=contact.name, mend="Give it a mobile number.")
    return contact.mobile
