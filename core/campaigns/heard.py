"""What contacts did, read from where it is kept: for decisions, new or old signals.

A kind of signal has a reader. `by_id` gives what signals point at, `since` what
contacts did from a time on, and what they did about certain texts at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, or_, select

from heliograph.contacts.models import Contact
from heliograph.db import table_of
from heliograph.deliveries.models import Delivery
from heliograph.dnc import DncChange
from heliograph.events import Signal, SignalKind
from heliograph.links.models import PERSON, Click, Link
from heliograph.lookups import one_of, read_rows
from heliograph.replies.models import Reply


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal, not yet matched with a decision that waits for it.

    `delivery_id`, `message_id` and `campaign_id` are of the text that it is about.
    """

    kind: SignalKind
    contact_id: int
    at: datetime
    ref_id: int
    text: str = ""
    status: str = ""
    delivery_id: int | None = None
    message_id: int | None = None
    campaign_id: int | None = None
    opt: str = ""

    def signal(
        self, contact_id: int, text_before: int | None, campaign_id: int, texted: datetime | None
    ) -> Signal:
        """As a decision of the campaign is asked about it.

        *text_before* is the text sent before the decision, *texted* is when the
        campaign's first text to the contact went out.
        """
        to_campaign = self.campaign_id is not None and self.campaign_id == campaign_id
        if self.kind is SignalKind.REPLY:
            to_campaign = texted is not None and texted <= self.at
        return Signal(
            self.kind,
            contact_id,
            self.at,
            self.ref_id,
            self.text,
            self.status,
            self.message_id,
            to_text_before=self.delivery_id is not None and self.delivery_id == text_before,
            to_campaign=to_campaign,
            opt=self.opt,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """How one kind of signal is read, see above; `since` gets ids of contacts and texts."""

    by_id: Callable[[Collection[int]], list[Heard]]
    since: Callable[[Collection[int], Collection[int], datetime], list[Heard]]


def heard_of(kind: SignalKind, query: Select[Any]) -> list[Heard]:
    """What contacts wrote or opened, each about a text of ours where one is known."""
    return [
        Heard(
            kind,
            row.contact_id or 0,
            row.at,
            row.id,
            text=row.text,
            delivery_id=row.delivery_id,
            message_id=row.message_id,
            campaign_id=row.campaign_id,
            opt=row.opt,
        )
        for row in read_rows(query)
    ]


def reply_query() -> Select[Any]:
    columns, texts = table_of(Reply).c, table_of(Delivery).c
    names = ("id", "contact_id", "text", "opt", "delivery_id")
    return (
        select(*(columns[name] for name in names), columns.received_at.label("at"))
        .add_columns(texts.message_id, texts.campaign_id)
        .select_from(table_of(Reply).outerjoin(table_of(Delivery), texts.id == columns.delivery_id))
        .order_by(columns.id)
    )


def replies_by_id(ids: Collection[int]) -> list[Heard]:
    return heard_of(SignalKind.REPLY, reply_query().where(one_of(table_of(Reply).c.id, ids)))


def replies_since(
    contact_ids: Collection[int], delivery_ids: Collection[int], since: datetime
) -> list[Heard]:
    columns = table_of(Reply).c
    lately = columns.received_at >= since
    about = one_of(columns.delivery_id, delivery_ids)
    theirs = one_of(columns.contact_id, contact_ids)
    return heard_of(SignalKind.REPLY, reply_query().where(theirs, or_(lately, about)))


def changes(query: Select[Any]) -> list[Heard]:
    return [
        Heard(SignalKind.DNC, row.contact_id or 0, row.at, row.id, row.reason, row.change)
        for row in read_rows(query)
    ]


def change_query() -> Select[Any]:
    columns, contacts = table_of(DncChange).c, table_of(Contact).c
    return select(
        columns.id, columns.at, columns.reason, columns.change, contacts.id.label("contact_id")
    ).select_from(table_of(DncChange).join(table_of(Contact), contacts.mobile == columns.number))


def changes_by_id(ids: Collection[int]) -> list[Heard]:
    return changes(change_query().where(one_of(table_of(DncChange).c.id, ids)))


def changes_since(
    contact_ids: Collection[int], _delivery_ids: Collection[int], since: datetime
) -> list[Heard]:
    theirs = one_of(table_of(Contact).c.id, contact_ids)
    return changes(change_query().where(theirs, table_of(DncChange).c.at >= since))


def click_query() -> Select[Any]:
    columns, links, texts = table_of(Click).c, table_of(Link).c, table_of(Delivery).c
    source = table_of(Click).join(table_of(Link), links.id == columns.link_id)
    return (
        select(columns.id, columns.contact_id, columns.at, columns.delivery_id)
        .add_columns(links.url.label("text"), links.message_id, texts.campaign_id)
        .add_columns(literal("").label("opt"))
        .select_from(source.join(table_of(Delivery), texts.id == columns.delivery_id))
        .where(columns.kind == PERSON)
        .order_by(columns.id)
    )


def clicks_by_id(ids: Collection[int]) -> list[Heard]:
    return heard_of(SignalKind.CLICK, click_query().where(one_of(table_of(Click).c.id, ids)))


def clicks_since(
    contact_ids: Collection[int], delivery_ids: Collection[int], since: datetime
) -> list[Heard]:
    columns = table_of(Click).c
    which = or_(columns.at >= since, one_of(columns.delivery_id, delivery_ids))
    return heard_of(
        SignalKind.CLICK, click_query().where(one_of(columns.contact_id, contact_ids), which)
    )


def texts_by_id(ids: Collection[int]) -> list[Heard]:
    """What texts have come to; the contact is the one that each was written for."""
    columns = table_of(Delivery).c
    wanted = ("id", "contact_id", "recipient_id", "status", "message_id", "campaign_id")
    times = ("created_at", "accepted_at", "final_at")
    query = select(*(columns[name] for name in (*wanted, *times))).where(one_of(columns.id, ids))
    return [
        Heard(
            SignalKind.STATUS,
            row.contact_id or row.recipient_id or 0,
            row.final_at or row.accepted_at or row.created_at,
            row.id,
            status=row.status,
            delivery_id=row.id,
            message_id=row.message_id,
            campaign_id=row.campaign_id,
        )
        for row in read_rows(query)
    ]


def texts_since(
    _contact_ids: Collection[int], delivery_ids: Collection[int], _since: datetime
) -> list[Heard]:
    return texts_by_id(delivery_ids)


READERS: dict[SignalKind, Reader] = {
    SignalKind.REPLY: Reader(replies_by_id, replies_since),
    SignalKind.CLICK: Reader(clicks_by_id, clicks_since),
    SignalKind.DNC: Reader(changes_by_id, changes_since),
    SignalKind.STATUS: Reader(texts_by_id, texts_since),
}


def read_since(
    kinds: Collection[SignalKind],
    contact_ids: Collection[int],
    delivery_ids: Collection[int],
    since: datetime,
) -> list[Heard]:
    found = [
        heard
        for kind in sorted(kinds)
        if kind in READERS
        for heard in READERS[kind].since(contact_ids, delivery_ids, since)
    ]
    return sorted(found, key=lambda heard: heard.at)


def read_signals(rows: Sequence[Any]) -> list[Heard]:
    """What signals (SignalRow) point at; what is gone meanwhile is left out."""
    found: list[Heard] = []
    for kind, reader in READERS.items():
        ids = {row.ref_id for row in rows if row.kind == kind and row.ref_id is not None}
        if ids:
            found += reader.by_id(ids)
    return sorted(found, key=lambda heard: heard.at)
