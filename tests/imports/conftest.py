"""What the tests of reading files share: one installation that nothing is stored in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from heliograph import create_app
from heliograph.contacts.fields import add_custom_field
from heliograph.db import db
from heliograph.settings import Settings
from tests.conftest import KEY

FIELDS = (
    ("birthday", "Birthday", "date", ()),
    ("visited", "Visited", "datetime", ()),
    ("score", "Score", "number", ()),
    ("vip", "VIP", "boolean", ()),
    ("size", "Size", "choice", ("S", "M", "L")),
    ("shoe", "Shoe", "text", ()),
)


@pytest.fixture(scope="module")
def installation(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """An application on SQLite with a custom field of each kind; its region is FR."""
    folder = tmp_path_factory.mktemp("reading")
    shutil.copy(sqlite_template, folder / "heliograph.db")
    url = f"sqlite:///{folder / 'heliograph.db'}"
    settings = Settings(data_dir=str(folder), database_url=url, secret_key=KEY, scheduler="off")
    app = create_app(settings)
    with app.app_context():
        for alias, label, kind, choices in FIELDS:
            add_custom_field(alias, label, kind, choices)
        db.session.rollback()
        yield app
        db.session.remove()
        db.engine.dispose()
