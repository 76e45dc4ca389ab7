"""Do-not-contact for several reasons at once; one spelling of each number.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from heliograph.installation import current_settings
from heliograph.phone import one_spelling, read_sender

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
# spellings of Mexico, Argentina and Brazil that are not today's
OLD = "(({0} LIKE '+521%' AND length({0}) = 14) OR ({0} LIKE '+54%' AND {0} NOT LIKE '+549%') OR ({0} LIKE '+55%' AND length({0}) = 13))"
# what was not read as a number when it came in
UNREAD = "({0} NOT LIKE '+%')"
ENTRY = "reason, comment, source, created_at"


def upgrade() -> None:
    op.create_table(
        "dnc_beneath",
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("channel", "number", "reason", name="pk_dnc_beneath"),
    )
    op.add_column("replies", sa.Column("sender", sa.Text(), nullable=False, server_default=""))
    where = sa.text("sender <> ''")
    op.create_index(
        "ix_replies_unreadable",
        "replies",
        ["received_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
    respell("contacts", "mobile")
    respell_deliveries()
    for table in ("replies", "dnc_changes", "signals"):
        respell(table, "number", unread=True)
    respell_dnc()
    run("UPDATE replies SET sender = number WHERE number NOT LIKE '+%'")


def run(statement: str, **values: Any) -> sa.CursorResult[Any]:
    return op.get_bind().execute(sa.text(statement), values)


def changed(table: str, column: str, *, unread: bool) -> list[tuple[str, str]]:
    """Numbers that are spelled otherwise now: as they are, and as they are to be."""
    which = OLD.format(column) + (f" OR {UNREAD.format(column)}" if unread else "")
    found = run(f"SELECT DISTINCT {column} FROM {table} WHERE {which}").scalars().all()
    region = current_settings().region
    pairs = [
        (old, one_spelling(old) if old[0] == "+" else read_sender(old, region=region) or old)
        for old in found
        if old
    ]
    return [(old, new) for old, new in pairs if old != new]


def respell(table: str, column: str, *, unread: bool = False) -> None:
    for old, new in changed(table, column, unread=unread):
        run(f"UPDATE {table} SET {column} = :new WHERE {column} = :old", new=new, old=old)
        if table == "replies":
            run(
                "UPDATE replies SET contact_id = (SELECT min(id) FROM contacts WHERE mobile = :new) WHERE number = :new AND contact_id IS NULL",
                new=new,
            )


def respell_deliveries() -> None:
    """All of them, so that a broadcast that is under way texts nobody twice."""
    for old, new in changed("deliveries", "number", unread=False):
        run(
            "UPDATE deliveries SET number = :new WHERE number = :old AND NOT EXISTS (SELECT 1 FROM deliveries AS other WHERE other.broadcast_id = deliveries.broadcast_id AND other.number = :new)",
            new=new,
            old=old,
        )


def respell_dnc() -> None:
    """Entries are read at once: no index finds those of a number without their channel."""
    respelled = dict(changed("dnc", "number", unread=True))
    which = f"{OLD.format('number')} OR {UNREAD.format('number')}"
    for entry in run(f"SELECT channel, number, {ENTRY} FROM dnc WHERE {which}").all():
        if entry.number in respelled:
            move_entry(entry, entry.number, respelled[entry.number])


def move_entry(entry: Any, old: str, new: str) -> None:
    """To the other spelling; where that is listed for another reason, both are kept."""
    key = {"channel": entry.channel, "new": new}
    there = run(f"SELECT {ENTRY} FROM dnc WHERE channel = :channel AND number = :new", **key).first()
    if there is None:
        run(
            "UPDATE dnc SET number = :new WHERE channel = :channel AND number = :old",
            old=old,
            **key,
        )
        return
    run("DELETE FROM dnc WHERE channel = :channel AND number = :old", channel=entry.channel, old=old)
    if entry.reason == there.reason:
        return
    beneath = entry
    if entry.reason == "unsubscribed":
        beneath = there
        values = {name: getattr(entry, name) for name in ENTRY.split(", ")}
        run(
            "UPDATE dnc SET reason = :reason, comment = :comment, source = :source, created_at = :created_at WHERE channel = :channel AND number = :new",
            **key,
            **values,
        )
    values = {name: getattr(beneath, name) for name in ENTRY.split(", ")}
    run(
        f"INSERT INTO dnc_beneath (channel, number, {ENTRY}) VALUES (:channel, :new, :reason, :comment, :source, :created_at) ON CONFLICT DO NOTHING",
        **key,
        **values,
    )


def downgrade() -> None:
    op.drop_index("ix_replies_unreadable", "replies")
    op.drop_column("replies", "sender")
    op.drop_table("dnc_beneath")
