"""python -m tests.races [--races 10000] [--database sqlite]: after a STOP nothing goes out.

Exits with 1 when the promise is broken. Both databases by default, half the races each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from heliograph import create_app
from heliograph.db import db
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from tests.databases import Postgres
from tests.races.rounds import race
from tests.races.verdict import Verdict

DATABASES = ("sqlite", "postgresql")


@contextmanager
def installation(database: str) -> Iterator[Flask]:
    """A new one on this database; its context is pushed."""
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            yield from made(folder, "")
            return
        with Postgres.start() as server:
            name = f"races_{os.getpid()}"
            yield from made(folder, server.create(name))
            server.drop(name)


def made(folder: str, url: str) -> Iterator[Flask]:
    given = {"data_dir": folder, "secret_key": "races", "scheduler": "off"}
    given |= {"public_url": "https://sms.example.com"} | ({"database_url": url} if url else {})
    app = create_app(Settings(**given))
    with app.app_context():
        upgrade_schema()
        yield app
        db.session.remove()
        db.engine.dispose()


def main() -> int:
    parser = argparse.ArgumentParser(prog="races", description=__doc__)
    parser.add_argument("--races", type=int, default=10_000)
    parser.add_argument("--database", choices=DATABASES, action="append")
    options = parser.parse_args()
    databases = options.database or DATABASES
    total = Verdict()
    for database in databases:
        begun = time.monotonic()
        with installation(database) as app:
            found = race(app, options.races // len(databases), tell=tell)
        show(f"{database}, {time.monotonic() - begun:.0f} s:", *found.lines())
        total.add(found)
    show("together:", *total.lines(), "kept" if total.kept else "BROKEN")
    return 0 if total.kept else 1


def show(*lines: str) -> None:
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
