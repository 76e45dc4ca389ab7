"""The database: its schema, and whether what is committed is safe there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.db import db, dialect_name
from heliograph.upgrades import current_revision, newest_revision
from heliograph.users import user_count

FULL = 2  # PRAGMA synchronous
OLDEST_POSTGRES = 13
SAFE = ("on", "local", "remote_write", "remote_apply")


def look_at_database() -> Iterator[Finding]:
    current, newest = current_revision(), newest_revision()
    if current == newest:
        yield Finding(OK, "database", f"{dialect_name()}, schema {current}")
    else:
        words = f"The schema is at {current}, this code needs {newest}."
        yield Finding(BAD, "database", words, "Run: heliograph db upgrade")
    yield from look_at_sqlite() if dialect_name() == "sqlite" else look_at_postgres()
    if not user_count():
        mend = "Run: heliograph user create you@example.com"
        yield Finding(NOTE, "users", "There are none yet.", mend)


def look_at_sqlite() -> Iterator[Finding]:
    mode, synchronous = ask("PRAGMA journal_mode"), int(ask("PRAGMA synchronous"))
    if mode != "wal":
        yield Finding(
            BAD,
            "SQLite journal",
            f"It is in the mode {mode}, not WAL: whoever reads holds up whoever writes.",
            "Keep the data folder on a local disk: network folders cannot do WAL.",
        )
    if synchronous < FULL:
        yield Finding(
            BAD,
            "SQLite safety",
            f"synchronous is {synchronous}, below FULL: a power cut may forget that a text was "
            "sent, and send it again.",
            "Take away what sets PRAGMA synchronous.",
        )


def look_at_postgres() -> Iterator[Finding]:
    version = int(ask("SHOW server_version_num")) // 10000
    if version < OLDEST_POSTGRES:
        words = f"PostgreSQL {version} is older than what Heliograph is made for."
        yield Finding(NOTE, "PostgreSQL", words, f"Move to PostgreSQL {OLDEST_POSTGRES} or newer.")
    else:
        yield Finding(OK, "PostgreSQL", f"version {version}")
    for name in ("synchronous_commit", "fsync"):
        value = ask(f"SHOW {name}")
        if value not in SAFE:
            yield Finding(
                BAD,
                f"PostgreSQL {name}",
                f"It is {value}: a power cut may forget that a text was sent, and send it again.",
                f"Set {name} = on.",
            )


def ask(question: str) -> Any:
    return db.session.scalar(text(question))
