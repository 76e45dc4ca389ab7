"""The `heliograph` command."""

from __future__ import annotations

import click

from core.cli.actions import actions
from core.cli.broadcasts import broadcasts
from core.cli.campaigns import campaigns
from core.cli.contacts import contacts
from core.cli.context import PluginCommands
from core.cli.doctor import doctor
from core.cli.jobs import jobs
from core.cli.messages import messages
from core.cli.plugins import plugins
from core.cli.schema import schema
from core.cli.secret_key import secrets
from core.cli.segments import segments
from core.cli.serve import serve, worker
from core.cli.users import user
from core.version import __version__


@click.group(cls=PluginCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="heliograph")
def main() -> None:
    """Heliograph, the SMS campaign server.

    Settings come from the environment: HELIOGRAPH_DATABASE_URL,
    HELIOGRAPH_PUBLIC_URL and others, see docs/reference/settings.md.
    """


for command in (
    serve,
    worker,
    doctor,
    schema,
    user,
    plugins,
    contacts,
    segments,
    messages,
    broadcasts,
    campaigns,
    actions,
    jobs,
    secrets,
):
    main.add_command(command)
