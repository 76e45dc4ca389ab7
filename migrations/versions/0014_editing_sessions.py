"""Who saved a draft last, in which order, and which expressions ran out of time.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    session = sa.Column("draft_session", sa.String(40), nullable=False, server_default="")
    number = sa.Column("draft_number", sa.BigInteger(), nullable=False, server_default="0")
    for column in (session, number):
        op.add_column("campaigns", column)
    op.create_table(
        "slow_expressions",
        sa.Column("id", Id, nullable=False),
        sa.Column("pattern", sa.String(300), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", Time, nullable=False),
        sa.Column("last_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slow_expressions"),
    )
    op.create_index("uq_slow_expressions_pattern", "slow_expressions", ["pattern"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_slow_expressions_pattern", "slow_expressions")
    op.drop_table("slow_expressions")
    for name in ("draft_number", "draft_session"):
        # not in a batch: on SQLite that deletes what points at a campaign
        op.drop_column("campaigns", name)
