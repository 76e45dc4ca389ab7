"""Settings that an admin changes, and when plugins were enabled.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.String(1000), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(254), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    # when those that are enabled now were is not known
    op.add_column("plugin_states", sa.Column("enabled_at", TIME))


def downgrade() -> None:
    op.drop_column("plugin_states", "enabled_at")
    op.drop_table("settings")
