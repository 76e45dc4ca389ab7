"""Campaigns: canvases and their versions, events, members, steps, signals.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Time = sa.DateTime(timezone=True)
TIMED = "status IN ('waiting', 'running', 'open')"


def upgrade() -> None:
    create_campaigns()
    create_versions()
    create_events()
    create_members()
    create_steps()
    op.create_table(
        "signals",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("contact_id", Id),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("ref_id", Id),
        sa.Column("at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
    )
    op.add_column("deliveries", sa.Column("campaign_id", Id))
    op.add_column("deliveries", sa.Column("noted_status", sa.String(12)))
    differs = "IS NOT" if op.get_bind().dialect.name == "sqlite" else "IS DISTINCT FROM"
    partial(
        "ix_deliveries_news",
        "deliveries",
        ["id"],
        f"source = 'campaign' AND status <> 'sending' AND noted_status {differs} status",
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_news", "deliveries")
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_column("noted_status")
        batch.drop_column("campaign_id")
    for table in ("signals", "campaign_steps", "campaign_members", "campaign_events"):
        op.drop_table(table)
    for table in ("campaign_segments", "campaign_versions", "campaigns"):
        op.drop_table(table)


def create_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("publish_up", Time),
        sa.Column("publish_down", Time),
        sa.Column("allow_restart", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("late_hours", sa.Integer()),
        sa.Column("draft", Json, nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("version_id", Id),
        sa.Column("published_at", Time),
        sa.Column("held_at", Time),
        sa.Column("rebuilt_at", Time),
        sa.Column("rebuild_due_at", Time),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_table(
        "campaign_segments",
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("segment_id", Id, nullable=False),
        belongs("campaign_segments", "campaign_id", "campaigns"),
        belongs("campaign_segments", "segment_id", "segments"),
        sa.PrimaryKeyConstraint("campaign_id", "segment_id", name="pk_campaign_segments"),
    )
    op.create_index("ix_campaign_segments_segment_id", "campaign_segments", ["segment_id"])


def create_versions() -> None:
    op.create_table(
        "campaign_versions",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("canvas", Json, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("user", sa.String(254), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        belongs("campaign_versions", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_versions"),
    )
    op.create_index(
        "uq_campaign_versions_number", "campaign_versions", ["campaign_id", "number"], unique=True
    )


def create_events() -> None:
    op.create_table(
        "campaign_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("parent_id", Id),
        sa.Column("path", sa.String(12), nullable=False),
        sa.Column("timing", Json, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("deleted_at", Time),
        sa.Column("heir_id", Id),
        belongs("campaign_events", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_events"),
    )
    op.create_index(
        "uq_campaign_events_key", "campaign_events", ["campaign_id", "key"], unique=True
    )


def create_members() -> None:
    op.create_table(
        "campaign_members",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("joined_at", Time, nullable=False),
        sa.Column("ended_at", Time),
        belongs("campaign_members", "campaign_id", "campaigns"),
        belongs("campaign_members", "contact_id", "contacts"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_members"),
    )
    op.create_index(
        "uq_campaign_members_contact",
        "campaign_members",
        ["campaign_id", "contact_id"],
        unique=True,
    )
    op.create_index("ix_campaign_members_contact_id", "campaign_members", ["contact_id"])
    new = ["campaign_id", "contact_id"]
    partial("ix_campaign_members_new", "campaign_members", new, "status = 'new'")
    gone = "status IN ('left', 'removed')"
    partial("ix_campaign_members_gone", "campaign_members", ["campaign_id", "ended_at"], gone)


def create_steps() -> None:
    op.create_table(
        "campaign_steps",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("path", sa.String(12)),
        sa.Column("due_at", Time),
        sa.Column("claim", sa.String(32)),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("delivery_id", Id),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("begun_at", Time),
        sa.Column("done_at", Time),
        belongs("campaign_steps", "contact_id", "contacts"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_steps"),
    )
    once = ["contact_id", "event_id", "rotation"]
    op.create_index("uq_campaign_steps_once", "campaign_steps", once, unique=True)
    at = ["event_id", "status", "path", "id"]
    op.create_index("ix_campaign_steps_event", "campaign_steps", at)
    partial("ix_campaign_steps_timed", "campaign_steps", ["event_id", "due_at"], TIMED)


def belongs(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{owner}"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, ondelete="CASCADE")


def partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
