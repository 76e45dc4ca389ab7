"""Taking in a reply: one transaction stores it and obeys it."""

from __future__ import annotations

import logging
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.channel import InboundText, Opt
from core.contacts.models import Contact
from core.db import insert_new, transaction, utcnow
from core.deliveries.went import last_text_to
from core.dnc import UNSUBSCRIBED, add_dnc, find_dnc, lift_stop
from core.events import SignalKind
from core.host import current_host, notify
from core.identifiers import stored_id
from core.meters import REPLIES, current_meters
from core.replies.models import Reply
from core.replies.optout import meaning
from core.replies.senders import Sender, sender_of
from core.signals import tell

log = logging.getLogger(__name__)


def receive_reply(provider: str, text: InboundText) -> bool:
    """Store *text* and apply its opt-out or opt-in; False when it was known.

    The reply and the change of do-not-contact are one transaction: a STOP is
    either stored and obeyed, or the caller sees the error and asks again.
    """
    sender = sender_of(text.number)
    number = sender.number
    with transaction() as session:
        row = row_of(provider, sender, text)
        if not insert_new(Reply, [row]):
            return False
        reply = session.scalars(
            select(Reply).where(Reply.provider == provider, Reply.provider_id == row["provider_id"])
        ).one()
        attach(session, reply)
        entry = find_dnc(number)
        opted_out = entry is not None and entry.reason == UNSUBSCRIBED
        opt = text.opt or meaning(reply.text, opted_out=opted_out)
        reply.opt = opt.value if opt else ""
        changed = obey(reply, opt)
        tell(SignalKind.REPLY, ref_id=reply.id, contact_id=reply.contact_id, number=number)
    log.info(
        "reply %s came in%s",
        reply.id,
        ", do-not-contact was changed" if changed else "",
        extra={
            "reply_id": reply.id,
            "delivery_id": reply.delivery_id,
            "contact_id": reply.contact_id,
            "provider": provider,
            "opt": reply.opt,
        },
    )
    current_meters().add(REPLIES, provider, {reply.opt or "text": 1})
    announce(reply, changed=changed)
    return True


def row_of(provider: str, sender: Sender, text: InboundText) -> dict[str, object]:
    return {
        "provider": provider,
        "provider_id": reply_id(text.provider_id),
        "number": sender.number,
        "sender": sender.unread,
        "to": str(text.to or "").replace("\x00", "")[:64],
        "text": str(text.text or "").replace("\x00", ""),
        "media": [{"url": item.url, "type": item.type} for item in text.media],
        "opt": "",
        "received_at": utcnow(),
    }


def reply_id(given: object) -> str:
    """The provider's id as stored; one of our own where it gave none, as no STOP may be lost."""
    return stored_id(given).strip() or f"none-{uuid4().hex}"


def attach(session: Session, reply: Reply) -> None:
    """Tie the reply to the text that went out last to its number, and to the contact."""
    last = last_text_to(reply.number)
    if last is not None:
        reply.delivery_id = last.id
    if last is not None and last.contact_id is not None:
        reply.contact_id = last.contact_id
        return
    reply.contact_id = session.scalar(
        select(Contact.id).where(Contact.mobile == reply.number).order_by(Contact.id).limit(1)
    )


def obey(reply: Reply, opt: Opt | None) -> bool:
    """Change do-not-contact as the reply asks; True when something changed."""
    comment = f"Replied {reply.text.strip()[:60]!r}" if reply.text else "By the provider's word"
    source = f"reply {reply.id}"
    if opt is Opt.OUT:
        return add_dnc(reply.number, reason=UNSUBSCRIBED, comment=comment, source=source)
    if opt is Opt.IN:
        return lift_stop(reply.number, comment=comment, source=source)
    return False


def announce(reply: Reply, *, changed: bool) -> None:
    if current_host().implements("reply_received"):
        notify("reply_received", reply=reply)
    if changed and reply.contact_id is not None:
        notify("contact_changed", contact_id=reply.contact_id, change="dnc")
