"""sign-in, audit log, forms once, figures for charts, undo of imports, indexes of lists

Revision: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
TIME = sa.DateTime(timezone=True)
TROUBLED = "status IN ('failed', 'undelivered', 'unknown', 'skipped', 'cancelled')"
UNREPORTED = "status IN ('accepted', 'sent')"
NAMES = ("first_name", "last_name", "company")


def upgrade() -> None:
    make_tables()
    op.add_column("users", sa.Column("active", sa.Boolean(), nullable=False, server_default="1" if is_sqlite() else "true"))
    for name, length, default in (("locale", 16, ""), ("timezone", 64, ""), ("theme", 8, "auto")):
        op.add_column("users", sa.Column(name, sa.String(length), nullable=False, server_default=default))
    op.add_column("users", sa.Column("last_login_at", TIME))
    op.add_column("segments", sa.Column("edited_at", TIME))
    op.add_column("broadcasts", sa.Column("counts", JSON))
    op.add_column("broadcasts", sa.Column("counted_at", TIME))
    op.add_column("broadcasts", sa.Column("count_due_at", TIME))
    op.add_column("imports", sa.Column("undone_at", TIME))
    op.add_column("import_contacts", sa.Column("before", JSON))
    op.add_column("import_contacts", sa.Column("after", JSON))
    make_indexes()


def make_tables() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_sessions_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_login_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_login_sessions_token_hash"),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.create_table(
        "login_failures",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_email", "login_failures", ["email", "at"])
    op.create_index("ix_login_failures_address", "login_failures", ["address", "at"])
    op.create_table(
        "audit_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_audit_entries_user_id_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_user", "audit_entries", ["user_id", "id"])
    op.create_table(
        "submissions",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("location", sa.String(300), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_submissions"),
    )
    op.create_index("ix_submissions_at", "submissions", ["at"])
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("count", ID, nullable=False),
        sa.Column("counted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name="pk_daily_figures"),
    )


def make_indexes() -> None:
    for name in NAMES:
        if is_sqlite():
            op.execute(f"CREATE INDEX ix_contacts_{name}_nocase ON contacts ({name} COLLATE NOCASE)")
        else:
            op.execute(f'CREATE INDEX ix_contacts_{name}_lower ON contacts ((lower({name}) COLLATE "C"))')
    if not is_sqlite():
        for name in ("mobile", "email"):
            op.drop_index(f"ix_contacts_{name}", "contacts")
            op.execute(f"CREATE INDEX ix_contacts_{name} ON contacts ({name} varchar_pattern_ops)")
    op.drop_index("ix_contact_tags_tag_id", "contact_tags")
    op.create_index("ix_contact_tags_tag_contact", "contact_tags", ["tag_id", "contact_id"])
    op.create_index("ix_dnc_created_at", "dnc", ["created_at", "number"])
    op.create_index("ix_dnc_changes_at", "dnc_changes", ["at"])
    op.create_index("ix_replies_received_at", "replies", ["received_at"])
    op.create_index("ix_deliveries_attempted_at", "deliveries", ["attempted_at"])
    op.create_index(
        "ix_deliveries_troubled",
        "deliveries",
        ["broadcast_id", "status", "recipient_id"],
        sqlite_where=sa.text(TROUBLED),
        postgresql_where=sa.text(TROUBLED),
    )
    op.create_index(
        "ix_deliveries_unreported",
        "deliveries",
        ["accepted_at"],
        sqlite_where=sa.text(UNREPORTED),
        postgresql_where=sa.text(UNREPORTED),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_unreported", "deliveries")
    op.drop_index("ix_deliveries_troubled", "deliveries")
    op.drop_index("ix_deliveries_attempted_at", "deliveries")
    op.drop_index("ix_replies_received_at", "replies")
    op.drop_index("ix_dnc_changes_at", "dnc_changes")
    op.drop_index("ix_dnc_created_at", "dnc")
    op.drop_index("ix_contact_tags_tag_contact", "contact_tags")
    op.create_index("ix_contact_tags_tag_id", "contact_tags", ["tag_id"])
    for name in NAMES:
        op.drop_index(f"ix_contacts_{name}_{'nocase' if is_sqlite() else 'lower'}", "contacts")
    if not is_sqlite():
        for name in ("mobile", "email"):
            op.drop_index(f"ix_contacts_{name}", "contacts")
            op.create_index(f"ix_contacts_{name}", "contacts", [name])
    for table, names in (
        ("import_contacts", ("before", "after")),
        ("imports", ("undone_at",)),
        ("broadcasts", ("counts", "counted_at", "count_due_at")),
        ("segments", ("edited_at",)),
        ("users", ("last_login_at", "theme", "timezone", "locale", "active")),
    ):
        for name in names:
            op.drop_column(table, name)
    for table in ("daily_figures", "submissions", "audit_entries", "login_failures", "login_sessions"):
        op.drop_table(table)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
