"""What processes count of themselves, added up in the database for the whole installation.

A worker has no address that could be asked, and of several web processes each question
meets another one. So each keeps its counts in memory and adds them to one table every ten
seconds. A process that is killed loses what it counted since, and nothing else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import Float, String, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Model, db, dialect_name, transaction

log = logging.getLogger(__name__)

EXTENSION = "heliograph_meters"
STORE_EVERY = 10  # seconds, by the clock of a process
OVERDUE = 15.0  # it has none: whoever counts next stores
CALLS, CALL_SECONDS = "calls", "call_seconds"
CALLBACKS, REPORTS, REPLIES = "callbacks", "reports", "replies"


class Meter(Model):
    """One count: it only ever grows. `label` says of what, such as an outcome."""

    __tablename__ = "meters"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(24), primary_key=True)
    value: Mapped[float] = mapped_column(Float, default=0)


@dataclass(frozen=True, slots=True)
class Reading:
    """A meter of the whole installation."""

    name: str
    provider: str
    label: str
    value: float


class Meters:
    """The counts of this process that are not in the database yet. For any thread."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()
        self._stored_at = time.monotonic()

    def add(self, name: str, provider: str, counts: Mapping[str, float]) -> None:
        """Count *counts*, by label. Cheap: call it once for many."""
        with self._lock:
            for label, count in counts.items():
                key = (name, provider, label)
                self._counts[key] = self._counts.get(key, 0) + count

    @property
    def overdue(self) -> bool:
        return bool(self._counts) and time.monotonic() - self._stored_at > OVERDUE

    def store(self) -> None:
        """Add the counts to the table; while the database is away they are kept."""
        with self._lock:
            counts, self._counts = self._counts, {}
            self._stored_at = time.monotonic()
        if not counts:
            return
        try:
            add_up(counts)
        except SQLAlchemyError as error:
            log.warning("counts wait for the database: %s", error)
            for (name, provider, label), count in counts.items():
                self.add(name, provider, {label: count})


def add_up(counts: Mapping[tuple[str, str, str], float]) -> None:
    """One statement, its rows in one order, so that processes wait for each other in turn."""
    insert = sqlite_insert if dialect_name() == "sqlite" else postgresql_insert
    rows = [
        {"name": name, "provider": provider, "label": label, "value": count}
        for (name, provider, label), count in sorted(counts.items())
    ]
    statement = insert(Meter).values(rows)
    more = {"value": Meter.value + statement.excluded.value}
    key = ["name", "provider", "label"]
    with transaction() as session:
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=more))


def init_meters(app: Flask) -> None:
    app.extensions[EXTENSION] = Meters()


def current_meters() -> Meters:
    found: Meters = current_app.extensions[EXTENSION]
    return found


def read_meters() -> list[Reading]:
    """All of them, as far as the processes have stored them."""
    query = select(Meter).order_by(Meter.name, Meter.provider, Meter.label)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return [Reading(row.name, row.provider, row.label, row.value) for row in rows]
