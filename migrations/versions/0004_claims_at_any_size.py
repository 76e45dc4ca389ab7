"""Claims that cost the same at any size: an index of fresh texts, one of postponed ones.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

QUEUED = "status = 'queued'"
FRESH = "status = 'queued' AND not_before IS NULL"
POSTPONED = "status = 'queued' AND not_before IS NOT NULL"
KNOWN = "provider_id IS NOT NULL"
TRIED = "attempted_at IS NOT NULL"


def upgrade() -> None:
    op.drop_index("ix_deliveries_queued", "deliveries")
    op.drop_index("uq_deliveries_provider_id", "deliveries")
    op.drop_index("ix_deliveries_attempted_at", "deliveries")
    create("ix_deliveries_queued", ["broadcast_id", "id"], FRESH)
    create("ix_deliveries_postponed", ["broadcast_id", "not_before"], POSTPONED)
    create("uq_deliveries_provider_id", ["provider", "provider_id"], KNOWN, unique=True)
    create("ix_deliveries_attempted_at", ["attempted_at"], TRIED)


def downgrade() -> None:
    op.drop_index("ix_deliveries_postponed", "deliveries")
    op.drop_index("ix_deliveries_attempted_at", "deliveries")
    op.drop_index("uq_deliveries_provider_id", "deliveries")
    op.drop_index("ix_deliveries_queued", "deliveries")
    op.create_index("ix_deliveries_attempted_at", "deliveries", ["attempted_at"])
    op.create_index(
        "uq_deliveries_provider_id", "deliveries", ["provider", "provider_id"], unique=True
    )
    create("ix_deliveries_queued", ["broadcast_id", "id"], QUEUED)


def create(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "deliveries",
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
