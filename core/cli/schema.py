"""`heliograph db`."""

from __future__ import annotations

import click

from heliograph import create_app
from heliograph.cli.context import told_errors
from heliograph.upgrades import current_revision, upgrade_schema


@click.group(name="db")
def schema() -> None:
    """The database schema."""


@schema.command()
def upgrade() -> None:
    """Bring core's and the plugins' tables up to date."""
    with told_errors():
        app = create_app()
        with app.app_context():
            upgrade_schema()
            click.echo(f"The schema is at {current_revision()}.")
