"""When the password of a session was last entered; guesses of somebody who is signed in.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # empty for the sessions there are: they are asked once more
    op.add_column("login_sessions", sa.Column("password_at", sa.DateTime(timezone=True)))
    op.add_column(
        "login_failures",
        sa.Column("signed_in", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("login_failures", "signed_in")
    op.drop_column("login_sessions", "password_at")
