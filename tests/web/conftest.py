"""An installation with people, texts and replies, seen by visitors without a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from heliograph import create_app
from heliograph.db import db
from heliograph.settings import Settings
from tests.conftest import KEY
from tests.databases import Postgres
from tests.pages.showcase import populate
from tests.pages.visit import EMAIL, PASSWORD
from tests.visitor import Visitor

POPULATED = "shop"


@pytest.fixture(scope="session")
def sqlite_shop(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The showcase of the pictures, made once."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copy(sqlite_template, folder / "heliograph.db")
    furnish(folder, f"sqlite:///{folder / 'heliograph.db'}")
    return folder


@pytest.fixture(scope="session")
def postgres_shop(
    postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same as the database POPULATED; gives the folder of its files."""
    folder = tmp_path_factory.mktemp("postgres-shop")
    furnish(folder, postgres.create(POPULATED, template=postgres_template))
    return folder


def furnish(folder: Path, database_url: str) -> None:
    given = {"data_dir": str(folder), "database_url": database_url, "secret_key": KEY}
    app = create_app(Settings(**given, default_region="FR", scheduler="off"))
    with app.app_context():
        populate(folder)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def shop(
    request: pytest.FixtureRequest,
    database_url: str,
    make_app: Callable[..., Flask],
    tmp_path: Path,
) -> Flask:
    """The showcase on both databases, under a path prefix."""
    kind = database_url.partition(":")[0]
    folder: Path = request.getfixturevalue(f"{kind}_shop".replace("postgresql", "postgres"))
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    if kind != "sqlite":
        server: Postgres = request.getfixturevalue("postgres")
        name = urlsplit(database_url).path.strip("/")
        server.drop(name)
        server.create(name, template=POPULATED)
    return make_app(public_url="http://sms.example.com/mautic", default_region="FR")


@pytest.fixture
def ann(shop: Flask) -> Visitor:
    """The admin."""
    visitor = Visitor(shop)
    visitor.sign_in(EMAIL, PASSWORD)
    return visitor


@pytest.fixture
def rita(shop: Flask) -> Visitor:
    """Who only reads."""
    visitor = Visitor(shop)
    visitor.sign_in("rita@example.com", PASSWORD)
    return visitor
