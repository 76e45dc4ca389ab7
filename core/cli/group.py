"""The commands there are: core's by a list, those of plugins by asking the plugins."""

from __future__ import annotations

from importlib import import_module

import click

from heliograph.garbage import loading

# where each stands: only the one that is called is loaded
COMMANDS = {
    "actions": "heliograph.cli.actions:actions",
    "broadcasts": "heliograph.cli.broadcasts:broadcasts",
    "campaigns": "heliograph.cli.campaigns:campaigns",
    "contacts": "heliograph.cli.contacts:contacts",
    "db": "heliograph.cli.schema:schema",
    "doctor": "heliograph.cli.doctor:doctor",
    "jobs": "heliograph.cli.jobs:jobs",
    "messages": "heliograph.cli.messages:messages",
    "plugins": "heliograph.cli.plugins:plugins",
    "secrets": "heliograph.cli.secret_key:secrets",
    "segments": "heliograph.cli.segments:segments",
    "serve": "heliograph.cli.serve:serve",
    "settings": "heliograph.cli.settings:settings",
    "user": "heliograph.cli.users:user",
    "worker": "heliograph.cli.serve:worker",
}
BROUGHT = "heliograph.cli.brought"


class Commands(click.Group):
    """Core's commands, and `heliograph <plugin> ...` for plugins that bring some."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted(brought(ctx))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return brought(ctx).get(name)
        module, _, attribute = COMMANDS[name].partition(":")
        with loading():  # a sixth of the time of loading
            command: click.Command = getattr(import_module(module), attribute)
        return command


def brought(ctx: click.Context) -> dict[str, click.Group]:
    """One group per plugin with commands, asked for once."""
    if BROUGHT not in ctx.meta:
        ctx.meta[BROUGHT] = import_module(BROUGHT).plugin_groups()
    found: dict[str, click.Group] = ctx.meta[BROUGHT]
    return found
