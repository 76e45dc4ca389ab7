"""Tables of broadcasts: the run, and whom it leaves out and why."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from heliograph.db import Json, Model, UTCDateTime, utcnow

if TYPE_CHECKING:  # messages make their broadcast: the relation is by name
    from heliograph.messages.models import TextMessage

DRAFT, SCHEDULED, RUNNING, PAUSED = "draft", "scheduled", "running", "paused"
FINISHED, CANCELLED, FAILED = "finished", "cancelled", "failed"


class Broadcast(Model):
    """The run of one segment text message; it shares the message's id.

    Text, provider and sender are frozen when it starts.
    """

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(
        ForeignKey("text_messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    status: Mapped[str] = mapped_column(String(12), default=DRAFT, index=True)
    status_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(String(40))
    sender: Mapped[str | None] = mapped_column(String(64))
    planned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    planning_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # kept for pages, as counting a million texts is no work for a page
    counts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    counted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    count_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    message: Mapped[TextMessage] = relationship(lazy="joined", innerjoin=True)


class BroadcastSkip(Model):
    """A contact that the plan left out, and the reason (a key of SKIP_REASONS)."""

    __tablename__ = "broadcast_skips"

    broadcast_id: Mapped[int] = mapped_column(
        ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_broadcast_skips_broadcast_id_reason", "broadcast_id", "reason"),
        Index("ix_broadcast_skips_contact_id", "contact_id"),
        {"sqlite_with_rowid": False},
    )
