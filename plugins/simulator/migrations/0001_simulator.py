"""the texts on the phones, and the key

Revision: simulator_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "simulator_0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "simulator_texts",
        sa.Column("id", ID, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("provider_id", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_simulator_texts"),
        sa.UniqueConstraint("provider_id", name="uq_simulator_texts_provider_id"),
    )
    op.create_index("ix_simulator_texts_reference", "simulator_texts", ["reference"])
    op.create_index("ix_simulator_texts_number", "simulator_texts", ["number"])
    op.create_index("ix_simulator_texts_due_at", "simulator_texts", ["due_at"])
    op.create_table(
        "simulator_keys",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_simulator_keys"),
    )


def downgrade() -> None:
    op.drop_table("simulator_keys")
    op.drop_table("simulator_texts")
