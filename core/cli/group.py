"""The commands there are: core's by a table, those of plugins by asking the plugins.

`heliograph --help` prints the table and the names of plugins: it imports no command, no plugin
and no database. A test compares the table with the commands.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from heliograph.errors import HeliographError
from heliograph.garbage import loading
from heliograph.plugin_files import candidates
from heliograph.settings import Settings


class Entry(NamedTuple):
    """A command: module and attribute, and its help in one line."""

    where: str
    help: str


COMMANDS = {
    "actions": Entry(
        "heliograph.cli.actions:actions", "Campaign actions of core and of the enabled plugins."
    ),
    "broadcasts": Entry(
        "heliograph.cli.broadcasts:broadcasts", "Broadcasts: one text message to whole segments."
    ),
    "campaigns": Entry(
        "heliograph.cli.campaigns:campaigns", "Campaigns: canvases that contacts pass through."
    ),
    "contacts": Entry("heliograph.cli.contacts:contacts", "Contacts: import, find, show, edit."),
    "db": Entry("heliograph.cli.schema:schema", "The database schema."),
    "doctor": Entry(
        "heliograph.cli.doctor:doctor",
        "Look the installation over; exits with 1 when something is broken.",
    ),
    "jobs": Entry("heliograph.cli.jobs:jobs", "Jobs of the clock."),
    "messages": Entry("heliograph.cli.messages:messages", "Text messages: write, list, test."),
    "plugins": Entry("heliograph.cli.plugins:plugins", "Plugins: find, enable, configure, check."),
    "secrets": Entry("heliograph.cli.secret_key:secrets", "Secrets at rest."),
    "segments": Entry("heliograph.cli.segments:segments", "Segments: named sets of contacts."),
    "serve": Entry(
        "heliograph.cli.serve:serve", "Serve the web, run the jobs and send, until SIGTERM."
    ),
    "settings": Entry(
        "heliograph.cli.settings:settings", "Settings that need no restart: list, set, unset."
    ),
    "user": Entry("heliograph.cli.users:user", "People who use Heliograph."),
    "worker": Entry(
        "heliograph.cli.serve:worker", "Run the jobs and send, without the web, until SIGTERM."
    ),
}
MODULE = "commands"  # a plugin that has such a module brings commands
BROUGHT = "heliograph.cli.brought"


class Commands(click.Group):
    """Core's commands, and `heliograph <plugin> ...` for plugins that bring some."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *plugin_names()]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return brought(ctx).get(name)
        module, _, attribute = COMMANDS[name].where.partition(":")
        with loading():  # a sixth of the time of loading
            command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, entry.help) for name, entry in COMMANDS.items()]
        rows += [(name, f"Commands of the plugin {name}.") for name in plugin_names()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def plugin_names() -> list[str]:
    """The plugins that seem to bring commands; none while the settings cannot be read."""
    try:
        settings = Settings.from_environment()
    except HeliographError:
        return []
    if settings.safe_mode == "1":
        return []
    found = {one.name for one in candidates(settings.plugin_folders) if one.has_module(MODULE)}
    return sorted(found - COMMANDS.keys())


def brought(ctx: click.Context) -> dict[str, click.Group]:
    """One group per plugin with commands, asked for once."""
    if BROUGHT not in ctx.meta:
        ctx.meta[BROUGHT] = import_module(BROUGHT).plugin_groups()
    found: dict[str, click.Group] = ctx.meta[BROUGHT]
    return found
