"""When a broadcast came into its state; an index of texts that a person has to decide on.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
UNKNOWN = "status = 'unknown'"


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("status_at", TIME))
    op.create_index(
        "ix_deliveries_unknown",
        "deliveries",
        ["broadcast_id"],
        sqlite_where=sa.text(UNKNOWN),
        postgresql_where=sa.text(UNKNOWN),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_unknown", "deliveries")
    op.drop_column("broadcasts", "status_at")
