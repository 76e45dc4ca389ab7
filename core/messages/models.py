"""Tables of text messages and the segments they go to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from heliograph.db import Id, Model, UTCDateTime, utcnow
from heliograph.segments.models import Segment

TEMPLATE, SEGMENT = "template", "segment"

text_message_segments = Table(
    "text_message_segments",
    Model.metadata,
    Column("message_id", ForeignKey("text_messages.id", ondelete="CASCADE"), primary_key=True),
    Column("segment_id", ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True),
)


class TextMessage(Model):
    """The content. `type` is template (campaigns) or segment (broadcasts)."""

    __tablename__ = "text_messages"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(8), default=TEMPLATE)
    language: Mapped[str] = mapped_column(String(16), default="en")
    category: Mapped[str] = mapped_column(String(60), default="")
    published: Mapped[bool] = mapped_column(Boolean, default=True)
    track_links: Mapped[bool] = mapped_column(Boolean, default=True)
    publish_up: Mapped[datetime | None] = mapped_column(UTCDateTime)
    publish_down: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, onupdate=utcnow)

    segments: Mapped[list[Segment]] = relationship(
        secondary=text_message_segments, order_by=Segment.id
    )

    def is_open(self, now: datetime) -> bool:
        """Published, and *now* lies between publish up and publish down."""
        if not self.published or (self.publish_up and self.publish_up > now):
            return False
        return self.publish_down is None or self.publish_down > now
