"""Tables of segments and their members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Json, Model, UTCDateTime, utcnow

BY_FILTER, BY_HAND, LEFT_OUT = "filter", "hand", "left_out"


class Segment(Model):
    """A named set of contacts: `filters` (JSON, see filters.py) and hand-picks."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    filters: Mapped[dict[str, Any] | None] = mapped_column(Json)
    member_count: Mapped[int] = mapped_column(Id, default=0)
    refreshed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    members_added_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SegmentMember(Model):
    """`origin`: filter, hand, or left_out (a person took the contact out for good)."""

    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(
        ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    origin: Mapped[str] = mapped_column(String(8), default=BY_FILTER)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_segment_members_contact_id", "contact_id"),
        {"sqlite_with_rowid": False},
    )
