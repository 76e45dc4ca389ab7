"""The texts of a broadcast page by page, and those it left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from heliograph.broadcasts.models import BroadcastSkip
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.models import SKIPPED, Delivery

PAGE = 50


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A contact that the plan left out."""

    contact: Contact
    at: datetime


def texts_of(
    broadcast_id: int, *, status: str = "", reason: str = "", after: int = 0
) -> Sequence[Delivery]:
    """A page of deliveries by recipient; give the last `recipient_id` to read on."""
    query = select(Delivery).where(
        Delivery.broadcast_id == broadcast_id, Delivery.recipient_id > after
    )
    if status:
        query = query.where(Delivery.status == status)
    if reason:
        query = query.where(Delivery.reason == reason)
    return db.session.scalars(query.order_by(Delivery.recipient_id).limit(PAGE)).all()


def planned_out(broadcast_id: int, reason: str, *, after: int = 0) -> Sequence[LeftOut]:
    """A page of contacts that the plan left out for *reason*, by id."""
    rows = db.session.execute(
        select(Contact, BroadcastSkip.at)
        .join(BroadcastSkip, BroadcastSkip.contact_id == Contact.id)
        .where(
            BroadcastSkip.broadcast_id == broadcast_id,
            BroadcastSkip.reason == reason,
            BroadcastSkip.contact_id > after,
        )
        .order_by(BroadcastSkip.contact_id)
        .limit(PAGE)
    )
    return [LeftOut(contact, at) for contact, at in rows]


def skipped_later(broadcast_id: int, reason: str, *, after: int = 0) -> Sequence[Delivery]:
    """Texts that were skipped for *reason* when their turn came."""
    return texts_of(broadcast_id, status=SKIPPED, reason=reason, after=after)
