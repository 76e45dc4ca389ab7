"""Who left a campaign's segments, whose segments to look at again, whose a lease is.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Time = sa.DateTime(timezone=True)
LEASED = ("job_runs", "imports")


def upgrade() -> None:
    op.create_table(
        "campaign_leavers",
        sa.Column("id", Id, nullable=False),
        sa.Column("member_id", Id, nullable=False),
        sa.Column("joined_at", Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["campaign_members.id"],
            name="fk_campaign_leavers_member_id_campaign_members",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_leavers"),
    )
    op.create_index("ix_campaign_leavers_member_id", "campaign_leavers", ["member_id"])
    op.create_table(
        "contact_changes",
        sa.Column("id", Id, nullable=False),
        sa.Column("contact_ids", Json),
        sa.PrimaryKeyConstraint("id", name="pk_contact_changes"),
    )
    where = sa.text("status = 'waiting' AND reason <> ''")
    op.create_index(
        "ix_campaign_steps_troubled",
        "campaign_steps",
        ["event_id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    for table in LEASED:
        op.add_column(table, sa.Column("owner", sa.String(160)))


def downgrade() -> None:
    for table in LEASED:
        # not in a batch: on SQLite that deletes what points at an import
        op.drop_column(table, "owner")
    op.drop_index("ix_campaign_steps_troubled", "campaign_steps")
    op.drop_table("contact_changes")
    op.drop_table("campaign_leavers")
