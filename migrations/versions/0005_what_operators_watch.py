"""When a broadcast came into its state.

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


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("status_at", TIME))


def downgrade() -> None:
    op.drop_column("broadcasts", "status_at")
