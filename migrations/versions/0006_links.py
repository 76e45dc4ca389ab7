"""Short links in texts: what they stand for, and who clicked them.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    on = sa.text("1" if op.get_bind().dialect.name == "sqlite" else "true")
    op.add_column("text_messages", sa.Column("track_links", sa.Boolean(), nullable=False, server_default=on))
    # what is under way goes on as it began
    begun = sa.text("UPDATE text_messages SET track_links = :off WHERE id IN (SELECT id FROM broadcasts WHERE status IN ('running', 'paused'))")
    op.execute(begun.bindparams(sa.bindparam("off", False, sa.Boolean())))
    make_links()
    make_clicks()
    keys = op.create_table(
        "link_keys",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_keys"),
    )
    op.bulk_insert(keys, [{"id": 1, "key": secrets.token_hex(32)}])


def make_links() -> None:
    op.create_table(
        "links",
        sa.Column("id", ID, nullable=False),
        sa.Column("message_id", ID),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("clicks", ID, nullable=False),
        sa.Column("contacts", ID, nullable=False),
        sa.Column("machines", ID, nullable=False),
        sa.Column("counted_at", TIME),
        sa.ForeignKeyConstraint(["message_id"], ["text_messages.id"], name="fk_links_message_id_text_messages", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
    )
    op.create_index("uq_links_message_url", "links", ["message_id", "url"], unique=True)


def make_clicks() -> None:
    op.create_table(
        "clicks",
        sa.Column("id", ID, nullable=False),
        sa.Column("link_id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("contact_id", ID),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("device", sa.String(8), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name="fk_clicks_link_id_links", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_clicks_delivery_id_deliveries", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_clicks_contact_id_contacts", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_clicks"),
    )
    op.create_index("ix_clicks_link", "clicks", ["link_id", "kind", "contact_id", "delivery_id"])
    op.create_index("ix_clicks_delivery", "clicks", ["delivery_id", "link_id"])
    op.create_index("ix_clicks_contact", "clicks", ["contact_id", "at"])
    op.create_index("ix_clicks_at", "clicks", ["at"])


def downgrade() -> None:
    for table in ("link_keys", "clicks", "links"):
        op.drop_table(table)
    op.drop_column("text_messages", "track_links")
