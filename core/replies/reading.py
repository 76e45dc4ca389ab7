"""Reading replies page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, and_, inspect, or_, select
from sqlalchemy import text as sql

from heliograph.channel import Opt
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.replies.models import UNREADABLE, Reply

PAGE = 30
LATELY = timedelta(days=7)
UNOBEYED = timedelta(days=30)  # how long a STOP that nobody can obey is raised

T = TypeVar("T", Contact, Delivery)


@dataclass(frozen=True, slots=True)
class Received:
    """A reply, who sent it and which text it answers, as far as that is known."""

    reply: Reply
    contact: Contact | None
    answered: Delivery | None


def read_replies(*, before_id: int | None = None, limit: int = PAGE) -> list[Received]:
    """A page of replies; give the last one's id to read on."""
    query = select(Reply).order_by(Reply.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(Reply.id < before_id)
    replies = db.session.scalars(query).all()
    contacts = {one.id: one for one in found(Contact, [one.contact_id for one in replies])}
    answered = {one.id: one for one in found(Delivery, [one.delivery_id for one in replies])}
    return [
        Received(one, contacts.get(one.contact_id or 0), answered.get(one.delivery_id or 0))
        for one in replies
    ]


def unread_senders() -> Select[Any]:
    """Replies of late that nobody can match to a contact, and nobody has marked as done.

    Opt-outs first, the newest first.
    """
    now, out = utcnow(), Reply.opt == Opt.OUT.value
    # an opt-out is raised for longer, and an index finds both
    lately = or_(Reply.received_at > now - LATELY, and_(out, Reply.received_at > now - UNOBEYED))
    query = select(Reply).where(sql(UNREADABLE), Reply.received_at > now - UNOBEYED, lately)
    return query.where(Reply.done_at.is_(None)).order_by(out.desc(), Reply.id.desc())


def found(model: type[T], ids: Sequence[int | None]) -> Sequence[T]:
    wanted = {one for one in ids if one is not None}
    key = inspect(model).primary_key[0]
    return db.session.scalars(select(model).where(key.in_(wanted))).all()
