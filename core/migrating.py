"""The connection on which the schema is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from heliograph.db import db


@contextmanager
def migrating() -> Iterator[Connection]:
    """A connection in one write transaction, committed at the end, rolled back on an error.

    SQLite changes a column by copying the table and dropping the old one. With foreign keys
    on, the drop deletes all rows that refer to it; they can be switched outside of a
    transaction only, so they are off for all of it and checked before the commit.
    """
    with db.engine.connect().execution_options(writes=True) as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            switch_foreign_keys(connection, "OFF")
        try:
            yield connection
            if on_sqlite:
                check_foreign_keys(connection)
            connection.commit()
        finally:
            connection.rollback()
            if on_sqlite:
                switch_foreign_keys(connection, "ON")


def switch_foreign_keys(connection: Connection, word: str) -> None:
    """On the driver's own connection: SQLAlchemy's would begin a transaction."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.execute(f"PRAGMA foreign_keys={word}")


def check_foreign_keys(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        tables = ", ".join(sorted({f"{row[0]} (to {row[2]})" for row in broken}))
        raise RuntimeError(f"the migration would leave rows without what they refer to: {tables}")
