"""Running a command inside the application, and its errors as one line."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from flask import Flask, g
from sqlalchemy.exc import OperationalError

from core import create_app
from core.db import db
from core.errors import HeliographError, StartFailed
from core.host import current_host
from core.installation import current_settings
from core.logs import only_warnings
from core.migrations import current_revision, newest_revision, upgrade_schema

P = ParamSpec("P")
R = TypeVar("R")


def in_app(command: Callable[P, R]) -> Callable[P, R]:
    """Give *command* an application context on an up-to-date schema."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with told_errors():
            app = create_app()
            with app.app_context():
                only_warnings(current_settings())
                ready_schema()
                return command(*args, **kwargs)

    return wrapped


class told_errors:  # noqa: N801  a context manager, named as it reads
    """An error that a person may read becomes a line on stderr and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, HeliographError):
            fail(error.message)
        if isinstance(error, OperationalError):
            fail(f"The database does not answer as it should: {error.orig}")


def fail(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(1)


def ready_schema() -> None:
    """Make the tables on a new database; an old schema is left to `db upgrade`."""
    current, newest = current_revision(), newest_revision()
    if current is None:
        upgrade_schema()
        return
    if current != newest:
        raise StartFailed(
            f"The database schema is at {current}, this code needs {newest}. "
            "Run: heliograph db upgrade"
        )


class PluginCommands(click.Group):
    """Core's commands, and `heliograph <plugin> ...` for plugins that bring some."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *sorted(plugin_groups())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        own = super().get_command(ctx, name)
        return own or plugin_groups().get(name)


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

    command.callback = run
    return command
