"""No page reads a large table without an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, text

from heliograph.db import db
from tests.crowd import VISITS, make_crowd
from tests.visitor import sign_in

LARGE = "contacts|deliveries|segment_members|contact_tags|replies|dnc|dnc_changes|status_reports"
LARGE += "|contact_events|broadcast_skips|import_contacts|audit_entries|clicks"
SCAN = re.compile(rf"Seq Scan on ({LARGE})\b")
CONTACTS, DELIVERIES = 30_000, 60_000


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_every_query_of_every_page_goes_by_an_index(make_app: Callable[..., Flask]) -> None:
    app = make_app(default_region="FR")
    with app.app_context():
        make_crowd(CONTACTS, DELIVERIES)
        visitor = sign_in(app)
        fill_small_tables()
        scans = []
        for name, path in VISITS.items():
            with recorded() as statements:
                page = visitor.get(path.format(middle=CONTACTS // 2))
            assert page.status_code == 200, name
            assert statements, name
            for statement, parameters in statements:
                plan = explained(statement, parameters)
                if SCAN.search(plan):
                    scans.append(f"{name}:\n{statement}\n{plan}")
        assert not scans, "\n\n".join(scans)


def fill_small_tables() -> None:
    """So many rows that scanning them would be a mistake."""
    for statement in (
        "INSERT INTO audit_entries (at, email, action, subject, path, changes, address)"
        " SELECT now(), 'a@example.com', 'x', '', '', '{}', '' FROM generate_series(1, 20000)",
        "INSERT INTO contact_events (contact_id, kind, text, at)"
        " SELECT id, 'edited', 'x', now() FROM contacts",
        "INSERT INTO broadcast_skips (broadcast_id, contact_id, reason, at)"
        " SELECT 1 + id % 20, id, 'dnc', now() FROM contacts",
        "INSERT INTO imports (filename, path, status, mapping, encoding, delimiter, region,"
        " bytes_total, bytes_done, rows_done, created, updated, unchanged, rejected, error_path,"
        " error_bytes, error, created_at) SELECT 'a.csv', '', 'finished', '{}', '', '', '', 0, 0,"
        " 0, 0, 0, 0, 0, '', 0, '', now() FROM generate_series(1, 500)",
        "INSERT INTO import_contacts (import_id, contact_id, outcome)"
        " SELECT 1 + id % 500, id, 'updated' FROM contacts",
        "INSERT INTO status_reports (delivery_id, provider, provider_id, status, kind, error_code,"
        " detail, at) SELECT id, provider, provider_id, status, '', '', '', now() FROM deliveries",
    ):
        db.session.execute(text(statement))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def recorded() -> Iterator[list[tuple[str, object]]]:
    found: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object):
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def explained(statement: str, parameters: object) -> str:
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    return "\n".join(str(row[0]) for row in rows)
