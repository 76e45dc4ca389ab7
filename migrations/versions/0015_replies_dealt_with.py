"""When a person has dealt with a reply of which nobody can tell whose it is.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("done_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("replies", "done_at")
