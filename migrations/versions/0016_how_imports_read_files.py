"""How the file of an import was read, and why rows were rejected or taken with a remark.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    # not in a batch: on SQLite that deletes what points at an import
    op.add_column("imports", sa.Column("reading", Json, nullable=False, server_default="{}"))
    op.add_column("imports", sa.Column("remarked", Id, nullable=False, server_default="0"))
    op.add_column("imports", sa.Column("reasons", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    for name in ("reasons", "remarked", "reading"):
        op.drop_column("imports", name)
