"""The installation under test: real SQLite, real PostgreSQL, migrated once."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from heliograph import create_app, passwords
from heliograph.db import db
from heliograph.garbage import collect_less_often
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from tests.databases import Postgres

pytest_plugins = ["tests.fixtures", "tests.counterpart.fixture"]

# a machine with other work must not fail a test by being slow
hypothesis.settings.register_profile(
    "heliograph", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("heliograph")

# the proxy of the machine that tests run on is no part of them
for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy")]:
    del os.environ[name]

DATABASES = ("sqlite", "postgresql")
KEY = "the secret key of the tests, long enough"
numbers = itertools.count(1)
HASHER = passwords.HASHER  # as it is for people
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Compiled(BytecodeCache):
    """Templates are compiled by the first application that shows them, not by each."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


compiled = Compiled()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hundreds of tests sign in: their passwords need not be hard to guess."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", CHEAP)
        yield


@pytest.fixture(scope="session", autouse=True)
def late_addresses() -> Iterator[None]:
    """Thousands of applications are made here; few of their addresses are ever built."""
    compiled = Rule._compile_builder

    def late(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Callable[..., tuple[str, str]]] = []

        def build(of: Rule, **values: object) -> tuple[str, str]:
            if not made:
                made.append(compiled(rule, append_unknown))
            return made[0](of, **values)

        return build

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", late)
        yield


@pytest.fixture(scope="session", autouse=True)
def little_collecting() -> None:
    """What is loaded is not looked through for garbage again and again."""
    collect_less_often()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres.start(hurried=True) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    app = create_app(Settings(data_dir=str(folder), secret_key=KEY))
    with app.app_context():
        upgrade_schema()
        db.session.remove()
        db.engine.dispose()
    return folder / "heliograph.db"


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = postgres.create("template")
    folder = tmp_path_factory.mktemp("postgres-template")
    app = create_app(Settings(data_dir=str(folder), database_url=url, secret_key=KEY))
    with app.app_context():
        upgrade_schema()
        db.session.remove()
        db.engine.dispose()
    return "template"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database, gone after the test."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "heliograph.db")
        yield f"sqlite:///{tmp_path / 'heliograph.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{os.getpid()}_{next(numbers)}"
    yield server.create(name, template=template)
    server.drop(name)


@pytest.fixture
def make_app(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Builds applications on the test's database; settings may be given."""
    made: list[Flask] = []

    def make(**settings: str) -> Flask:
        given = {"data_dir": str(tmp_path), "database_url": database_url, "secret_key": KEY}
        app = create_app(Settings(**(given | {"scheduler": "off"} | settings)))
        app.testing = True
        app.jinja_env.bytecode_cache = compiled
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The application, with a context pushed."""
    app = make_app(public_url="https://sms.example.com/mautic")
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


# Files that take long, the longest first. The workers share out whole files: begun last, one
# of these would keep all others waiting.
LONG = ("test_for_everybody", "test_end_to_end", "test_bad_input", "test_crashes", "test_flows")
LONG += ("test_strangers", "pages/", "test_shutdown", "test_engine", "test_campaign_builder")
LONG += ("test_serve", "test_faults", "test_neighbours", "test_pausing", "links/test_counts")
LONG += ("test_wheel",)


# What takes long, and asks little of the database, runs on one of the two. `make test-both`
# runs it on both.
ON_ONE = {
    "test_end_to_end.py": "postgresql",
    "deliveries/test_crashes.py": "postgresql",
    "campaigns/test_crashes.py": "sqlite",
    "test_random_campaigns_go_on_a_server": "postgresql",
    "deliveries/test_faults.py": "postgresql",
    "deliveries/test_neighbours.py": "sqlite",
    "deliveries/test_blocked_loops.py": "sqlite",
    "campaigns/test_hours.py": "sqlite",
    "web/test_campaign_builder.py": "sqlite",
    "web/test_schedule_pages.py": "sqlite",
    "web/test_sentences.py": "sqlite",
    "web/test_simulation_page.py": "sqlite",
}
DATABASE = re.compile(r"[\[-](sqlite|postgresql)[\]-]")


def is_left_out(item: pytest.Item) -> bool:
    """Whether its database is not the one on which such a test runs."""
    found = DATABASE.search(item.nodeid)
    wanted = next((kind for name, kind in ON_ONE.items() if name in item.nodeid), None)
    return found is not None and wanted not in (None, found[1])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--both"):
        config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
        items[:] = [item for item in items if not is_left_out(item)]

    def place(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONG) if name in item.nodeid), len(LONG))

    items.sort(key=place)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both", action="store_true", help="run all tests on both databases")
    parser.addoption("--deaths", type=int, default=12, help="how often processes are killed")
    parser.addoption("--pictures", type=Path, help="a folder for pictures of long stories")


@pytest.fixture
def deaths(request: pytest.FixtureRequest) -> int:
    """How many processes are killed on each database."""
    found: int = request.config.getoption("--deaths")
    return found
