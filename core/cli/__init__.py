"""The `heliograph` command."""

from __future__ import annotations

import click

from heliograph.cli.group import Commands
from heliograph.version import __version__


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="heliograph")
def main() -> None:
    """Heliograph, the SMS campaign server.

    Settings come from the environment: HELIOGRAPH_DATABASE_URL,
    HELIOGRAPH_PUBLIC_URL and others, see docs/reference/settings.md.
    """
