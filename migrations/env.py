"""Alembic's environment for the tables of core, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Literal

from alembic import context
from flask import current_app
from sqlalchemy import text

from heliograph.db import Model, UTCDateTime
from heliograph.host.schema import belongs_to_core
from heliograph.migrating import migrating

UPGRADE_LOCK = 0x48454C49


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    plugins = frozenset(info.name for info in current_app.extensions["heliograph_plugins"].all())
    return belongs_to_core(name, kind, plugins)


def include_object(_item: object, name: str | None, kind: str, *_rest: object) -> bool:
    return include_name(name, kind, None)


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations stand alone: they do not import the types of today's code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


with migrating() as connection:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=include_name,
        include_object=include_object,
        render_item=render_item,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        context.run_migrations()
