"""Bringing the schema up to date: core first, then each plugin's tables."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, upgrade

from heliograph import tables
from heliograph.db import db
from heliograph.host.plugins import current_host
from heliograph.parts import part

MIGRATIONS = "migrations"


def init_migrations(app: Flask) -> None:
    tables.import_all()
    Migrate(app, db, directory=str(part(MIGRATIONS)), render_as_batch=True, compare_type=True)


def upgrade_schema() -> None:
    """Run what is missing; two processes may do it at once (one waits)."""
    upgrade(directory=str(part(MIGRATIONS)))
    current_host().upgrade_tables()


def current_revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(part(MIGRATIONS)))
    return ScriptDirectory.from_config(config).get_current_head()
