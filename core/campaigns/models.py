"""Tables of campaigns: canvas and versions, events, members, and each step they take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Json, Model, UTCDateTime, utcnow

ACTION, DECISION, CONDITION = "action", "decision", "condition"
KINDS = (ACTION, DECISION, CONDITION)

# a member: waits for the first events, goes through them, has done so; is out with the
# segment, or was taken out by hand or by a campaign
NEW, ACTIVE, FINISHED = "new", "active", "finished"
LEFT, REMOVED = "left", "removed"
GONE = (LEFT, REMOVED)
STAYING = (NEW, ACTIVE, FINISHED)
IS_GONE = "status IN ('left', 'removed')"
BY_SEGMENT, BY_HAND, BY_CAMPAIGN = "segment", "hand", "campaign"

# a step: waits for its time, is being done outside, waits for its text, waits for the contact
WAITING, RUNNING, SENDING, OPEN = "waiting", "running", "sending", "open"
DONE, FAILED, SKIPPED, CANCELLED = "done", "failed", "skipped", "cancelled"
LIVE = (WAITING, RUNNING, SENDING, OPEN)
TIMED = (WAITING, RUNNING, OPEN)
IS_TROUBLED = "status = 'waiting' AND reason <> ''"
IS_TIMED = "status IN ('waiting', 'running', 'open')"


class Campaign(Model):
    """A canvas that contacts pass through.

    `draft` is what the builder shows and saves, `version_id` what members go
    through. `late_hours`: texts that a hold made later than that are left out;
    null for never.
    """

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    published: Mapped[bool] = mapped_column(Boolean, default=False)
    publish_up: Mapped[datetime | None] = mapped_column(UTCDateTime)
    publish_down: Mapped[datetime | None] = mapped_column(UTCDateTime)
    allow_restart: Mapped[bool] = mapped_column(Boolean, default=False)
    timezone: Mapped[str] = mapped_column(String(64), default="")
    late_hours: Mapped[int | None] = mapped_column(Integer)
    draft: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    draft_version: Mapped[int] = mapped_column(Integer, default=0)
    # who saved it last, and the number of that save: see Editing in library.py
    draft_session: Mapped[str] = mapped_column(String(40), default="")
    draft_number: Mapped[int] = mapped_column(BigInteger, default=0)
    # no foreign key: versions point here already
    version_id: Mapped[int | None] = mapped_column(Id)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rebuilt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rebuild_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    def is_open(self, now: datetime) -> bool:
        """Published, and *now* lies between publish up and publish down."""
        if not self.published or (self.publish_up and self.publish_up > now):
            return False
        return self.publish_down is None or self.publish_down > now


class CampaignVersion(Model):
    """A canvas as it was published."""

    __tablename__ = "campaign_versions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    canvas: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(String(200), default="")
    user: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (Index("uq_campaign_versions_number", "campaign_id", "number", unique=True),)


class CampaignSegment(Model):
    """A source of the published version: members of the segment become members here."""

    __tablename__ = "campaign_segments"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    segment_id: Mapped[int] = mapped_column(
        ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class CampaignEvent(Model):
    """An event that was published once; `key` is its name in the canvas, for good.

    A deleted one keeps its row, so that what contacts did stays readable; whoever
    stands there goes on at `heir_id`, or ends.
    """

    __tablename__ = "campaign_events"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    type: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120), default="")
    config: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # no foreign key: rows of one canvas are written in any order
    parent_id: Mapped[int | None] = mapped_column(Id)
    path: Mapped[str] = mapped_column(String(12), default="")
    timing: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    position: Mapped[int] = mapped_column(Integer, default=0)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heir_id: Mapped[int | None] = mapped_column(Id)

    __table_args__ = (Index("uq_campaign_events_key", "campaign_id", "key", unique=True),)


class CampaignMember(Model):
    """A contact in a campaign. `rotation` is the last one that was begun."""

    __tablename__ = "campaign_members"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    rotation: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(String(8), default=NEW)
    origin: Mapped[str] = mapped_column(String(8), default=BY_SEGMENT)
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("uq_campaign_members_contact", "campaign_id", "contact_id", unique=True),
        Index("ix_campaign_members_contact_id", "contact_id"),
        Index(
            "ix_campaign_members_new",
            "campaign_id",
            "contact_id",
            sqlite_where=sql("status = 'new'"),
            postgresql_where=sql("status = 'new'"),
        ),
        Index(
            "ix_campaign_members_gone",
            "campaign_id",
            "ended_at",
            sqlite_where=sql(IS_GONE),
            postgresql_where=sql(IS_GONE),
        ),
    )


class CampaignLeaver(Model):
    """A member that is in no source any more, as it was when it had joined at `joined_at`."""

    __tablename__ = "campaign_leavers"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    member_id: Mapped[int] = mapped_column(
        ForeignKey("campaign_members.id", ondelete="CASCADE"), index=True
    )
    joined_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CampaignStep(Model):
    """A contact at an event, once in each rotation.

    `due_at` is when the engine looks at it next: a waiting one is run then, of a
    running one the lease ends, an open decision takes its no path (null: never).
    `delivery_id` is the last text on the way to here, its own included.
    """

    __tablename__ = "campaign_steps"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    # plain numbers: checking foreign keys would cost as much as the step itself
    campaign_id: Mapped[int] = mapped_column(Id)
    event_id: Mapped[int] = mapped_column(Id)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    rotation: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(10), default=WAITING)
    path: Mapped[str | None] = mapped_column(String(12))
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claim: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    reason: Mapped[str] = mapped_column(String(24), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    delivery_id: Mapped[int | None] = mapped_column(Id)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    begun_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("uq_campaign_steps_once", "contact_id", "event_id", "rotation", unique=True),
        Index("ix_campaign_steps_event", "event_id", "status", "path", "id"),
        Index(
            "ix_campaign_steps_troubled",
            "event_id",
            sqlite_where=sql(IS_TROUBLED),
            postgresql_where=sql(IS_TROUBLED),
        ),
        Index(
            "ix_campaign_steps_timed",
            "event_id",
            "due_at",
            sqlite_where=sql(IS_TIMED),
            postgresql_where=sql(IS_TIMED),
        ),
    )
