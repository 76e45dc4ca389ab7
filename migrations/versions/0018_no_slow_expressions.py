"""Regular expressions run out of time no more, so nothing of that is kept.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_index("uq_slow_expressions_pattern", "slow_expressions")
    op.drop_table("slow_expressions")


def downgrade() -> None:
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
