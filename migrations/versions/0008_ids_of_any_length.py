"""Ids of providers in their whole length, and references that are unique to an installation.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IDS = {"deliveries": True, "replies": False, "status_reports": False}  # whether it may be NULL
CODES = ("deliveries", "status_reports")


def upgrade() -> None:
    change_lengths(of_id=(64, 255), of_code=(16, 64))
    table = op.create_table(
        "installation",
        sa.Column("id", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    code, now = secrets.token_hex(4), datetime.now(UTC)
    op.bulk_insert(table, [{"id": 1, "code": code, "created_at": now}])


def downgrade() -> None:
    op.drop_table("installation")
    if op.get_bind().dialect.name == "postgresql":
        shorten()
    change_lengths(of_id=(255, 64), of_code=(64, 16))


def change_lengths(*, of_id: tuple[int, int], of_code: tuple[int, int]) -> None:
    """On PostgreSQL. SQLite keeps to no length, and would copy whole tables for a new one."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, nullable in IDS.items():
        change(table, "provider_id", of_id, nullable=nullable)
    for table in CODES:
        change(table, "error_code", of_code, nullable=False)


def change(table: str, column: str, sizes: tuple[int, int], *, nullable: bool) -> None:
    old, new = (sa.String(size) for size in sizes)
    op.alter_column(table, column, existing_type=old, type_=new, existing_nullable=nullable)


def shorten() -> None:
    """PostgreSQL refuses a shorter column while it has longer values."""
    for name in IDS:
        op.execute(
            f"UPDATE {name} SET provider_id = left(provider_id, 31) || '~' || md5(provider_id) "
            "WHERE length(provider_id) > 64"
        )
    for name in CODES:
        op.execute(f"UPDATE {name} SET error_code = left(error_code, 16)")
