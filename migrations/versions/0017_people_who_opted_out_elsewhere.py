"""How many numbers the file of an import put on do-not-contact.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # not in a batch: on SQLite that deletes what points at an import
    op.add_column("imports", sa.Column("opted_out", Id, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("imports", "opted_out")
