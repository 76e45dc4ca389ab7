"""Each list, profile and dashboard page: 1,000,000 contacts against 1,000, on PostgreSQL.

python -m benchmarks.pages [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from benchmarks.figures import Figures, figure, print_figures
from heliograph import create_app
from heliograph.db import db
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema
from tests.crowd import VISITS, make_crowd
from tests.databases import Postgres
from tests.visitor import Visitor, sign_in

ROUNDS = 25
SMALL = (1_000, 5_000)


@contextmanager
def crowd(server: Postgres, name: str, contacts: int, deliveries: int) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as folder:
        url = server.create(name)
        app = create_app(
            Settings(data_dir=folder, database_url=url, default_region="FR", scheduler="off")
        )
        with app.app_context():
            upgrade_schema()
            make_crowd(contacts, deliveries)
            db.session.remove()
        yield app
        with app.app_context():
            db.engine.dispose()
        server.drop(name)


def seconds(visitor: Visitor, path: str) -> float:
    begun = time.perf_counter()
    page = visitor.get(path)
    taken = time.perf_counter() - begun
    assert page.status_code == 200, path
    return taken


def compare(few: Visitor, many: Visitor, contacts: int) -> dict[str, tuple[float, float]]:
    """Median seconds of each page, (with few, with many), visited in turn."""
    taken: dict[str, tuple[float, float]] = {}
    for name, path in VISITS.items():
        rounds = [
            (
                seconds(few, path.format(middle=SMALL[0] // 2)),
                seconds(many, path.format(middle=contacts // 2)),
            )
            for _ in range(ROUNDS)
        ][3:]  # the first ones load templates and fill caches
        small, large = zip(*rounds, strict=True)
        taken[name] = statistics.median(small), statistics.median(large)
    return taken


def measure(contacts: int = 1_000_000, deliveries: int = 5_000_000) -> Figures:
    with (
        Postgres.start() as server,
        crowd(server, "pages_few", *SMALL) as small,
        crowd(server, "pages_many", contacts, deliveries) as large,
    ):
        visitors = []
        for app in (small, large):
            with app.app_context():
                visitors.append(sign_in(app))
        taken = compare(visitors[0], visitors[1], contacts)
    for name, (few, many) in sorted(taken.items(), key=lambda one: -one[1][1] / one[1][0]):
        line = f"{name:30} {few * 1000:7.1f} ms {many * 1000:7.1f} ms {many / few:6.2f}"
        print(line, file=sys.stderr)
    worst = max(many / few for few, many in taken.values())
    return figure(f"slowest page, {contacts:,} / 1,000 contacts", worst, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    share = 10 if parser.parse_args().quick else 1
    print_figures(measure(1_000_000 // share, 5_000_000 // share))


if __name__ == "__main__":
    main()
