"""The ledger: one row per text to one contact, and what was reported of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, ForeignKey, Index, Numeric, SmallInteger, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Model, UTCDateTime, utcnow
from heliograph.identifiers import LONGEST_CODE, LONGEST_ID

QUEUED, SENDING, UNKNOWN = "queued", "sending", "unknown"
ACCEPTED, SENT, DELIVERED = "accepted", "sent", "delivered"
UNDELIVERED, FAILED = "undelivered", "failed"
SKIPPED, CANCELLED = "skipped", "cancelled"

STATUSES = (
    QUEUED,
    SENDING,
    UNKNOWN,
    ACCEPTED,
    SENT,
    DELIVERED,
    UNDELIVERED,
    FAILED,
    SKIPPED,
    CANCELLED,
)
OPEN = (QUEUED, SENDING)
WITH_PROVIDER = (ACCEPTED, SENT, DELIVERED, UNDELIVERED)

# A status report only ever moves a delivery up; of two finals the first wins.
RANK = {
    QUEUED: 0,
    SENDING: 1,
    UNKNOWN: 1,
    ACCEPTED: 2,
    SENT: 3,
    DELIVERED: 4,
    UNDELIVERED: 4,
    FAILED: 4,
    SKIPPED: 4,
    CANCELLED: 4,
}

# what a person may have to look into
TROUBLED = (FAILED, UNDELIVERED, UNKNOWN, SKIPPED, CANCELLED)
IS_TROUBLED = "status IN ('failed', 'undelivered', 'unknown', 'skipped', 'cancelled')"

# of these a campaign has to hear; how to say "differs, or is not known" is each database's own
HAS_NEWS = "source = 'campaign' AND status <> 'sending' AND noted_status {differs} status"

IS_FRESH = "status = 'queued' AND not_before IS NULL"
IS_POSTPONED = "status = 'queued' AND not_before IS NOT NULL"
IS_UNREPORTED = "status IN ('accepted', 'sent')"

SOURCES = ("broadcast", "campaign", "test", "api", "reply")


class Delivery(Model):
    """One text to one contact.

    `recipient_id` is the contact at planning time and never changes;
    `contact_id` follows merges and becomes null when the contact is deleted.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[int | None] = mapped_column(Id)
    broadcast_id: Mapped[int | None] = mapped_column(
        ForeignKey("broadcasts.id", ondelete="SET NULL")
    )
    campaign_id: Mapped[int | None] = mapped_column(Id)
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("text_messages.id", ondelete="SET NULL")
    )
    recipient_id: Mapped[int | None] = mapped_column(Id)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    number: Mapped[str] = mapped_column(String(16))
    provider: Mapped[str] = mapped_column(String(40))
    sender: Mapped[str] = mapped_column(String(64), default="")
    text: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str] = mapped_column(String(8), default="")
    parts: Mapped[int] = mapped_column(SmallInteger, default=0)

    status: Mapped[str] = mapped_column(String(12), default=QUEUED)
    # of campaign texts: the status that their campaign knows of
    noted_status: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(24), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(LONGEST_CODE), default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claim: Mapped[str | None] = mapped_column(String(32))

    provider_id: Mapped[str | None] = mapped_column(String(LONGEST_ID))
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    currency: Mapped[str] = mapped_column(String(3), default="")

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    attempted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    final_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("uq_deliveries_broadcast_recipient", "broadcast_id", "recipient_id", unique=True),
        Index("uq_deliveries_broadcast_number", "broadcast_id", "number", unique=True),
        Index(
            "uq_deliveries_provider_id",
            "provider",
            "provider_id",
            unique=True,
            sqlite_where=sql("provider_id IS NOT NULL"),
            postgresql_where=sql("provider_id IS NOT NULL"),
        ),
        Index("ix_deliveries_contact", "contact_id", "id"),
        Index("ix_deliveries_number", "number", "attempted_at"),
        Index(
            "uq_deliveries_campaign",
            "source_id",
            unique=True,
            sqlite_where=sql("source = 'campaign'"),
            postgresql_where=sql("source = 'campaign'"),
        ),
        Index(
            "ix_deliveries_queued",
            "broadcast_id",
            "id",
            sqlite_where=sql(IS_FRESH),
            postgresql_where=sql(IS_FRESH),
        ),
        Index(
            "ix_deliveries_postponed",
            "broadcast_id",
            "not_before",
            sqlite_where=sql(IS_POSTPONED),
            postgresql_where=sql(IS_POSTPONED),
        ),
        Index(
            "ix_deliveries_attempted_at",
            "attempted_at",
            sqlite_where=sql("attempted_at IS NOT NULL"),
            postgresql_where=sql("attempted_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_troubled",
            "broadcast_id",
            "status",
            "recipient_id",
            sqlite_where=sql(IS_TROUBLED),
            postgresql_where=sql(IS_TROUBLED),
        ),
        Index(
            "ix_deliveries_unknown",
            "broadcast_id",
            sqlite_where=sql("status = 'unknown'"),
            postgresql_where=sql("status = 'unknown'"),
        ),
        Index(
            "ix_deliveries_unreported",
            "accepted_at",
            sqlite_where=sql(IS_UNREPORTED),
            postgresql_where=sql(IS_UNREPORTED),
        ),
        Index(
            "ix_deliveries_news",
            "id",
            sqlite_where=sql(HAS_NEWS.format(differs="IS NOT")),
            postgresql_where=sql(HAS_NEWS.format(differs="IS DISTINCT FROM")),
        ),
        Index(
            "ix_deliveries_sending",
            "lease_until",
            sqlite_where=sql("status = 'sending'"),
            postgresql_where=sql("status = 'sending'"),
        ),
    )


def belongs_to(broadcast_id: int | None) -> ColumnElement[bool]:
    """SQL: of that broadcast, but not to be found by it.

    For the few texts in flight, or of the last seconds: SQLite would rather go through
    all texts of the broadcast than through the short index of those.
    """
    number = Delivery.broadcast_id + 0
    return number.is_(None) if broadcast_id is None else number == broadcast_id


class StatusReport(Model):
    """What a provider said of a text, once per (provider, provider_id, status).

    `delivery_id` is null while nothing is known of that text; it is matched later.
    """

    __tablename__ = "status_reports"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    provider: Mapped[str] = mapped_column(String(40))
    provider_id: Mapped[str] = mapped_column(String(LONGEST_ID))
    status: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(24), default="")
    error_code: Mapped[str] = mapped_column(String(LONGEST_CODE), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index(
            "uq_status_reports_provider_status", "provider", "provider_id", "status", unique=True
        ),
        Index(
            "ix_status_reports_unmatched",
            "id",
            sqlite_where=sql("delivery_id IS NULL"),
            postgresql_where=sql("delivery_id IS NULL"),
        ),
    )


class Sender(Model):
    """Pace and holds of one sender, shared by all processes."""

    __tablename__ = "senders"

    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    sender: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_free_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_reason: Mapped[str] = mapped_column(Text, default="")
