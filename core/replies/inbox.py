"""Taking in a reply: one transaction stores it and obeys it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from heliograph.channel import InboundText, Opt
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import db, insert_new, retried_transaction, transaction, utcnow
from heliograph.deliveries.went import last_text_to
from heliograph.dnc import UNSUBSCRIBED, add_dnc, find_dnc, lift_stop
from heliograph.errors import NotFound
from heliograph.events import SignalKind
from heliograph.host import current_host, notify
from heliograph.identifiers import stored_id
from heliograph.meters import REPLIES, current_meters
from heliograph.replies.models import Reply
from heliograph.replies.optout import meaning
from heliograph.replies.senders import Sender, sender_of
from heliograph.signals import tell

log = logging.getLogger(__name__)

LOOKS = 3  # for the contact, which may go meanwhile


def receive_reply(provider: str, text: InboundText) -> bool:
    """Store *text* and apply its opt-out or opt-in; False when it was known.

    The reply and the change of do-not-contact are one transaction: a STOP is
    either stored and obeyed, or the caller sees the error and asks again.
    """
    row = row_of(provider, sender_of(text.number), text)
    stored: list[tuple[Reply, bool]] = []

    def whole() -> None:
        stored[:] = store(row, text)

    retried_transaction(whole)
    if not stored:
        return False
    reply, changed = stored[0]
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


def store(row: Mapping[str, Any], text: InboundText) -> list[tuple[Reply, bool]]:
    """The reply, and whether do-not-contact was changed by it; nothing when it was known."""
    session = db.session()
    if not insert_new(Reply, [row]):
        return []
    key = (Reply.provider == row["provider"], Reply.provider_id == row["provider_id"])
    reply = session.scalars(select(Reply).where(*key)).one()
    attach(session, reply)
    entry = find_dnc(reply.number)
    opted_out = entry is not None and entry.reason == UNSUBSCRIBED
    opt = known_opt(text.opt) or meaning(reply.text, opted_out=opted_out)
    reply.opt = opt.value if opt else ""
    changed = obey(reply, opt)
    tell(SignalKind.REPLY, ref_id=reply.id, contact_id=reply.contact_id, number=reply.number)
    return [(reply, changed)]


def row_of(provider: str, sender: Sender, text: InboundText) -> dict[str, object]:
    return {
        "provider": provider,
        "provider_id": reply_id(text.provider_id),
        "number": sender.number,
        "sender": sender.unread,
        "to": storable(text.to)[:64],
        "text": storable(text.text),
        "media": [{"url": storable(item.url), "type": storable(item.type)} for item in text.media],
        "opt": "",
        "received_at": utcnow(),
    }


def storable(given: object) -> str:
    """*given* without what databases refuse: NUL, and half of a character that was cut in two."""
    words = "" if given is None else str(given)
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def known_opt(given: Any) -> Opt | None:
    """What the provider says it is; None when it says nothing, or nothing that we know."""
    with suppress(ValueError):
        return Opt(given)
    return None


def reply_id(given: object) -> str:
    """The provider's id as stored; one of our own where it gave none, as no STOP may be lost."""
    return stored_id(given).strip() or f"none-{uuid4().hex}"


def attach(session: Session, reply: Reply) -> None:
    """Tie the reply to the text that went out last to its number, and to the contact.

    A contact that is being deleted or merged right now is waited for, and looked for anew.
    """
    for _ in range(LOOKS):
        last = last_text_to(reply.number)
        found = last.contact_id if last is not None else None
        found = found if found is not None else contact_with(session, reply.number)
        if found is None or stays(session, found):
            break
    else:
        found = None
    reply.delivery_id, reply.contact_id = last.id if last is not None else None, found
    session.flush()  # its locks before those of do-not-contact, as everywhere


def contact_with(session: Session, number: str) -> int | None:
    oldest = select(Contact.id).where(Contact.mobile == number).order_by(Contact.id).limit(1)
    return session.scalar(oldest)


def stays(session: Session, contact_id: int) -> bool:
    """Whether the contact is there, and is kept until this transaction ends."""
    kept = select(Contact.id).where(Contact.id == contact_id)
    return session.scalar(kept.with_for_update(read=True, key_share=True)) is not None


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


def mark_done(reply_id: int, *, done: bool) -> Reply:
    """Note whether a person has dealt with a reply that nobody could match to a contact.

    Raises NotFound when there is no such reply, also where its sender is a number.
    """
    known = 0 < reply_id <= LARGEST_ID
    with transaction() as session:
        reply = session.get(Reply, reply_id, with_for_update=True) if known else None
        if reply is None or not reply.sender:
            raise NotFound(f"There is no reply {reply_id} of a sender that is no number.")
        if done != (reply.done_at is not None):
            reply.done_at = utcnow() if done else None
        session.flush()
    return reply
