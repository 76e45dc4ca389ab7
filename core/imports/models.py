"""Tables of CSV imports: the job, and which contacts it touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Json, Model, UTCDateTime, utcnow

PENDING, RUNNING, FINISHED, FAILED, CANCELLED = (
    "pending",
    "running",
    "finished",
    "failed",
    "cancelled",
)
# uploaded, not yet confirmed; being taken back; taken back
UPLOADED, UNDOING, UNDONE = "uploaded", "undoing", "undone"


class Import(Model):
    """One CSV file on its way in.

    `rows_done` and `error_bytes` are written in the transaction that stores the
    rows themselves: a crash costs nothing but the batch it interrupted. `reading` says how the
    file is read (see facts.py); `reasons` why rows were rejected or imported with a remark, how
    many each (see reasons.py). `remarked` rows are among those taken. `opted_out` counts the
    numbers that the file puts on do-not-contact, those that were there before too.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    filename: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12), default=PENDING, index=True)
    mapping: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    encoding: Mapped[str] = mapped_column(String(32), default="utf-8")
    delimiter: Mapped[str] = mapped_column(String(4), default=",")
    region: Mapped[str] = mapped_column(String(2), default="")
    reading: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id", ondelete="SET NULL"))
    bytes_total: Mapped[int] = mapped_column(Id, default=0)
    bytes_done: Mapped[int] = mapped_column(Id, default=0)
    rows_done: Mapped[int] = mapped_column(Id, default=0)
    created: Mapped[int] = mapped_column(Id, default=0)
    updated: Mapped[int] = mapped_column(Id, default=0)
    unchanged: Mapped[int] = mapped_column(Id, default=0)
    rejected: Mapped[int] = mapped_column(Id, default=0)
    remarked: Mapped[int] = mapped_column(Id, default=0)
    reasons: Mapped[list[Any]] = mapped_column(Json, default=list)
    opted_out: Mapped[int] = mapped_column(Id, default=0)
    error_path: Mapped[str] = mapped_column(Text, default="")
    error_bytes: Mapped[int] = mapped_column(Id, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    owner: Mapped[str | None] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportContact(Model):
    """Contact that an import touched without making it, which `Contact.import_id` tells.

    `outcome` is updated, or created where the contact it made was merged away.
    `before` holds the values that it replaced, and `after` those it gave.
    """

    __tablename__ = "import_contacts"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    outcome: Mapped[str] = mapped_column(String(8))
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = ({"sqlite_with_rowid": False},)
