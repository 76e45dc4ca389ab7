"""`heliograph <plugin> ...`: the commands that plugins bring."""

from __future__ import annotations

from copy import copy

import click
from flask import Flask, g

from heliograph import create_app
from heliograph.cli.context import fail, ready_schema, told_errors
from heliograph.db import db
from heliograph.host import current_host


def plugin_groups() -> dict[str, click.Group]:
    """One group per sound plugin with commands; they run only while it is enabled."""
    with told_errors():
        app = create_app()
    groups: dict[str, click.Group] = {}
    with app.app_context():
        for info in current_host().sound():
            if not info.contributions.commands:
                continue
            group = click.Group(info.name, help=f"Commands of the plugin {info.title}")
            for command in info.contributions.commands:
                group.add_command(within(app, info.name, command))
            groups[info.name] = group
    return groups


def within(app: Flask, plugin: str, command: click.Command) -> click.Command:
    """The plugin's command, run inside *app*, refused while the plugin is off."""
    callback = command.callback

    def run(*args: object, **kwargs: object) -> object:
        with told_errors(), app.app_context():
            ready_schema()
            if not current_host().is_enabled(plugin):
                fail(f"The plugin {plugin} is disabled. Run: heliograph plugins enable {plugin}")
            db.session.rollback()
            g.plugin = plugin
            return callback(*args, **kwargs) if callback else None

    own = copy(command)  # the plugin's stays as it is
    own.callback = run
    return own
