"""Texts to a number by when they went out; which texts a decision asks about.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Config = dict[str, Any]
ASKING = ("core.replies", "core.clicks")
CANVASES = (("campaigns", "draft"), ("campaign_versions", "canvas"))


def upgrade() -> None:
    by("attempted_at")
    # what was drawn before keeps its meaning: the text before was what was asked about
    change_configs(lambda config: {"to": "last"} | config)


def downgrade() -> None:
    by("id")
    change_configs(known_before)


def by(column: str) -> None:
    op.drop_index("ix_deliveries_number", "deliveries")
    op.create_index("ix_deliveries_number", "deliveries", ["number", column])


def known_before(config: Config) -> Config:
    kept = {name: value for name, value in config.items() if name != "opt_words"}
    return kept | {"to": "last"} if kept.get("to") == "campaign" else kept


def change_configs(change: Callable[[Config], Config]) -> None:
    """Of each decision on replies or clicks: in drafts, in versions, and as it was published."""
    for name, column in CANVASES:
        table = sa.table(name, sa.column("id"), sa.column(column, Json))
        for row_id in ids_of(table):
            canvas = value_of(table, column, row_id)
            asking = [one for one in events_of(canvas) if one.get("type") in ASKING]
            for event in asking:
                event["config"] = change(config_of(event))
            if asking:
                store(table, column, row_id, canvas)
    events = sa.table(
        "campaign_events", sa.column("id"), sa.column("type"), sa.column("config", Json)
    )
    for row_id in ids_of(events, events.c.type.in_(ASKING)):
        config = value_of(events, "config", row_id)
        store(events, "config", row_id, change(config if isinstance(config, dict) else {}))


def ids_of(table: sa.TableClause, *where: Any) -> list[int]:
    found = op.get_bind().execute(sa.select(table.c.id).where(*where).order_by(table.c.id))
    return list(found.scalars())


def value_of(table: sa.TableClause, column: str, row_id: int) -> Any:
    query = sa.select(table.c[column]).where(table.c.id == row_id)
    return op.get_bind().execute(query).scalar_one()


def store(table: sa.TableClause, column: str, row_id: int, value: Any) -> None:
    change = sa.update(table).where(table.c.id == row_id).values({column: value})
    op.get_bind().execute(change)


def events_of(canvas: Any) -> list[Config]:
    """The events in what a draft may hold, which may be anything."""
    events = canvas.get("events") if isinstance(canvas, dict) else None
    return [one for one in events if isinstance(one, dict)] if isinstance(events, list) else []


def config_of(event: Config) -> Config:
    config = event.get("config")
    return config if isinstance(config, dict) else {}
