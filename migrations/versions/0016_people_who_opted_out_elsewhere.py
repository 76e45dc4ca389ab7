"""How many numbers the file of an import put on do-not-contact.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # not in a batch: on SQLite that deletes what points at an import
    op.add_column("imports", sa.Column("opted_out", Id, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("imports", "opted_out")
