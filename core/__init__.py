"""Heliograph: an SMS campaign server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if __name__ != "heliograph":
    # the folder is on the path of a checkout: two copies of each table would be loaded
    raise ImportError(f"import heliograph, not {__name__}: the folder core is installed under it")

from heliograph.version import __version__

if TYPE_CHECKING:
    from flask import Flask

    from heliograph.settings import Settings

__all__ = ["__version__", "create_app", "run_command"]


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application."""
    # imported when called: `heliograph.plugin` must be importable without the app
    from heliograph.app import create_app as build

    return build(settings)


def run_command() -> None:
    """The `heliograph` command.

    It is here and not in a module below: where another package of this name comes first on
    the path, Python refuses to start and names its file.
    """
    from heliograph.cli import main

    main()
