"""Tables of links: the addresses in texts, who clicked them, and the key of their codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Model, UTCDateTime, utcnow

PERSON, TEST = "person", "test"
HEAD, PREFETCH, ROBOT, EARLY = "head", "prefetch", "robot", "early"
MACHINES = (HEAD, PREFETCH, ROBOT, EARLY)


class Link(Model):
    """One address of a message, as written there: it may hold tokens.

    It outlives the message, as phones keep texts. The counts are kept for pages,
    see `heliograph.links.counts`.
    """

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("text_messages.id", ondelete="SET NULL")
    )
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    clicks: Mapped[int] = mapped_column(Id, default=0)
    contacts: Mapped[int] = mapped_column(Id, default=0)
    machines: Mapped[int] = mapped_column(Id, default=0)
    counted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index("uq_links_message_url", "message_id", "url", unique=True),)


class Click(Model):
    """Somebody or something asked for a link of a text.

    `kind` is person, test (of a test text), or what gave a machine away: head,
    prefetch, robot, early. `contact_id` follows merges.
    """

    __tablename__ = "clicks"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"))
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(8))
    device: Mapped[str] = mapped_column(String(8), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_clicks_link", "link_id", "kind", "contact_id", "delivery_id"),
        Index("ix_clicks_delivery", "delivery_id", "link_id"),
        Index("ix_clicks_contact", "contact_id", "at"),
        Index("ix_clicks_at", "at"),
    )


class LinkKey(Model):
    """The key of the codes, one row, made with the table.

    It is not encrypted, so that links work on after a change or loss of the secret
    key: codes hide nothing from whoever can read the database.
    """

    __tablename__ = "link_keys"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64))
