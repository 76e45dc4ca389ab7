"""The commands there are: core's by a list, those of plugins by asking the plugins."""

from __future__ import annotations

from importlib import import_module

import click

from core.garbage import loading

# where each stands: only the one that is called is loaded
COMMANDS = {
    "actions": "core.cli.actions:actions",
    "broadcasts": "core.cli.broadcasts:broadcasts",
    "campaigns": "core.cli.campaigns:campaigns",
    "contacts": "core.cli.contacts:contacts",
    "db": "core.cli.schema:schema",
    "doctor": "core.cli.doctor:doctor",
    "jobs": "core.cli.jobs:jobs",
    "messages": "core.cli.messages:messages",
    "plugins": "core.cli.plugins:plugins",
    "secrets": "core.cli.secret_key:secrets",
    "segments": "core.cli.segments:segments",
    "serve": "core.cli.serve:serve",
    "settings": "core.cli.settings:settings",
    "user": "core.cli.users:user",
    "worker": "core.cli.serve:worker",
}
BROUGHT = "core.cli.brought"


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
