"""Texts that belong to no broadcast: tests, campaign actions."""

from __future__ import annotations

from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db, insert_new, transaction, utcnow
from core.deliveries.models import QUEUED, Delivery
from core.deliveries.rendering import Renderer
from core.dnc import find_dnc
from core.errors import BadInput, Conflict
from core.installation import current_zone
from core.messages import get_message
from core.providers import open_provider


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
    send, and Unrenderable when the text cannot be made. A campaign's
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
    renderer = Renderer(message.text, current_zone())
    row.text, row.encoding, row.parts = renderer.render(None, contact)
    if source == "campaign" and source_id is not None:
        return queue_once(row)
    with transaction() as session:
        session.add(row)
    return row


def queue_once(row: Delivery) -> Delivery:
    columns = ("source", "source_id", "campaign_id", "message_id", "recipient_id", "contact_id")
    more = ("number", "provider", "sender", "text")
    given = {name: getattr(row, name) for name in (*columns, *more)}
    with transaction():
        insert_new(
            Delivery,
            [
                given
                | {
                    "status": QUEUED,
                    "noted_status": QUEUED,
                    "encoding": row.encoding,
                    "parts": row.parts,
                }
                | {"reason": "", "detail": "", "error_code": "", "attempts": 0, "currency": ""}
                | {"created_at": utcnow()}
            ],
        )
    found = select(Delivery).where(
        Delivery.source == "campaign", Delivery.source_id == row.source_id
    )
    return db.session.scalars(found).one()


def textable_number(contact: Contact) -> str:
    """The contact's number; raises BadInput when it has none."""
    if not contact.mobile:
        raise BadInput("mobile", "is missing", value=contact.name, mend="Give it a mobile number.")
    return contact.mobile
