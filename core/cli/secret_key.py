"""`heliograph secrets`."""

from __future__ import annotations

import click

from heliograph.cli.context import in_app
from heliograph.host import current_host


@click.group()
def secrets() -> None:
    """Secrets at rest."""


@secrets.command()
@in_app
def rotate() -> None:
    """Encrypt all secrets with the newest key.

    Put the new key first and the old one behind it:
    HELIOGRAPH_SECRET_KEY=new,old heliograph secrets rotate
    Then take the old key away.
    """
    count = current_host().rotate_secrets()
    click.echo(f"Secrets of {count} plugins are encrypted with the newest key.")
