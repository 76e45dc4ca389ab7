"""Heliograph: an SMS campaign server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.garbage import uncollected
from core.version import __version__

if TYPE_CHECKING:
    from flask import Flask

    from core.settings import Settings

__all__ = ["__version__", "create_app"]


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application."""
    with uncollected():
        # imported when called: `core.plugin` must be importable without the app
        from core.app import create_app as build

        return build(settings)
