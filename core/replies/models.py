"""The table of inbound texts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Json, Model, UTCDateTime, utcnow
from heliograph.identifiers import LONGEST_ID

UNREADABLE = "sender <> ''"  # the sender is no number


class Reply(Model):
    """An inbound text, kept whether or not its number is known.

    `number` is E.164; where the sender is no number, it stands for `sender`, which is
    what the provider gave, and "" for numbers. `opt` is out, in, help or empty; `media`
    is a list of {"url", "type"}.
    """

    __tablename__ = "replies"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    provider_id: Mapped[str] = mapped_column(String(LONGEST_ID))
    number: Mapped[str] = mapped_column(String(32))
    sender: Mapped[str] = mapped_column(Text, default="")
    to: Mapped[str] = mapped_column(String(64), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    media: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    opt: Mapped[str] = mapped_column(String(4), default="")
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL"), index=True
    )
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # when a person dealt with it, where the sender is no number
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("uq_replies_provider_id", "provider", "provider_id", unique=True),
        Index("ix_replies_contact", "contact_id", "id"),
        Index("ix_replies_number", "number", "id"),
        Index("ix_replies_received_at", "received_at"),
        Index(
            "ix_replies_unreadable",
            "received_at",
            sqlite_where=sql(UNREADABLE),
            postgresql_where=sql(UNREADABLE),
        ),
    )
