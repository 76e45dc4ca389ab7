"""Fixtures for plugins' tests: an installation of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def heliograph(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Builds an installation with an empty, migrated SQLite database.

    `heliograph(plugin_dirs="/folder")` finds plugins there; other settings may
    be given the same way. An application context is pushed for each one built.
    """
    from heliograph import create_app
    from heliograph.db import db
    from heliograph.settings import Settings
    from heliograph.upgrades import upgrade_schema

    contexts = []

    def build(**settings: str) -> Flask:
        defaults = {
            "data_dir": str(tmp_path / "heliograph"),
            "secret_key": "a key for tests only, of good length",
            "public_url": "https://sms.example.com/under",
        }
        app = create_app(Settings(**(defaults | settings)))
        app.testing = True
        context = app.app_context()
        context.push()
        contexts.append(context)
        upgrade_schema()
        return app

    yield build
    for context in reversed(contexts):
        db.session.remove()
        db.engine.dispose()
        context.pop()
