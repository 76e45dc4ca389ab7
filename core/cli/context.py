"""Running a command inside the application, and its errors as one line."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError

from heliograph import create_app
from heliograph.errors import HeliographError, StartFailed
from heliograph.garbage import loading
from heliograph.installation import settings_of
from heliograph.logs import only_warnings
from heliograph.upgrades import current_revision, newest_revision, upgrade_schema

P = ParamSpec("P")
R = TypeVar("R")


def in_app(command: Callable[P, R]) -> Callable[P, R]:
    """Give *command* an application context on an up-to-date schema."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with told_errors():
            with loading():
                app = create_app()
            with app.app_context():
                only_warnings(settings_of(app))
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
