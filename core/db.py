"""The database: one object, UTC times, short write transactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    CursorResult,
    DateTime,
    Delete,
    Integer,
    MetaData,
    Select,
    Table,
    Update,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from heliograph import clock
from heliograph.errors import Changed
from heliograph.turns import Turns

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_SECONDS = 30
STILL_SECONDS = 300
EXTENSION = "heliograph_turns"
IDLE_SECONDS = 1.0
DEADLOCKS = 5  # in a row, then the error is raised

Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides; stored without zone where the database has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    """The present in UTC; in a simulation, its own."""
    return clock.now()


def database_now() -> datetime:
    """What the database's own clock says: the one that processes on all machines share."""
    if dialect_name() == "sqlite":
        return utcnow()
    now: datetime = db.session.execute(
        select(func.clock_timestamp(type_=UTCDateTime()))
    ).scalar_one()
    return now


def init_db(app: Flask) -> None:
    """Bind the database to *app*; SQLite in WAL mode with honest transactions."""
    db.init_app(app)
    renew_turns(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)
        else:
            bound_waits(db.engine)
            ping_idle(db.engine)


def bound_waits(engine: Engine) -> None:
    """PostgreSQL: wait for a lock as long as on SQLite, not for ever.

    And a process that stands still with a transaction open keeps others from nothing for
    longer than a while: the server ends it.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS:.0f}s'")
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{STILL_SECONDS}s'")
        connection.commit()


def ping_idle(engine: Engine) -> None:
    """Try a connection that lay idle before it is used: the server may have restarted.

    The pool's own `pre_ping` does so each time, which is one question in six.
    """

    @event.listens_for(engine, "checkin")
    def put_back(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        used_at = record.info.get("used_at")
        if used_at is None or time.monotonic() - used_at < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            raise DisconnectionError("the connection is dead") from error


def lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin ourselves, see `began`
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: a claim or a STOP that was committed survives a power cut too
        cursor.execute("PRAGMA synchronous=FULL")
        # 32 MB: moving pages into the file costs an import more than its rows
        cursor.execute("PRAGMA wal_autocheckpoint=8000")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-32000")
        cursor.close()
        # SQLite's own lower() knows ASCII only: É and é must be one letter
        connection.create_function("lower", 1, lowered, deterministic=True)

    @event.listens_for(engine, "begin")
    def began(connection: Any) -> None:
        # A reader that turns writer gets "locked" at once, without the busy
        # wait: so a transaction that will write takes the lock when it begins.
        write = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """One short write transaction: commits at the end, rolls back on an error.

    Inside another one it joins it. Never keep it open across a provider call.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changed objects outside of a transaction()")
    session.rollback()
    session.info["writing"] = True
    told: list[Callable[[], None]] = []
    session.info["once_committed"] = told
    try:
        with write_turn():
            yield from written(session)
    finally:
        session.info["writing"] = False
    for tell in told:
        tell()


def written(session: Session) -> Iterator[Session]:
    try:
        session.connection(execution_options={"writes": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def once_committed(tell: Callable[[], None]) -> None:
    """Do *tell* when the running transaction is committed, and not when it is undone."""
    if is_writing():
        db.session().info["once_committed"].append(tell)
    else:
        tell()


def write_turn() -> AbstractContextManager[object]:
    """On SQLite, our turn among the threads of this process that write."""
    if dialect_name() != "sqlite":
        return nullcontext()
    turns: Turns = current_app.extensions[EXTENSION]
    return turns.turn(BUSY_SECONDS)


def renew_turns(app: Flask) -> None:
    """Let nobody wait for threads of another process: after a fork."""
    app.extensions[EXTENSION] = Turns()


def is_writing() -> bool:
    """Whether this context is inside a `transaction`."""
    return db.session.registry.has() and bool(db.session().info.get("writing"))


def let_go() -> None:
    """End what this context reads, so that it holds no connection while it waits."""
    if db.session.registry.has():
        db.session.rollback()


# the database does not answer now: the same may work later
AWAY = (OperationalError, InterfaceError, PoolTimeout)


def is_deadlock(error: OperationalError) -> bool:
    """PostgreSQL chose this transaction to end a deadlock: it may simply be done again."""
    return getattr(error.orig, "sqlstate", None) == "40P01"


def retried_transaction(work: Callable[[], None]) -> None:
    """Run *work* in a transaction; again, when the database broke a deadlock by it."""
    for attempt in range(DEADLOCKS):
        try:
            with transaction():
                work()
        except OperationalError as error:
            if not is_deadlock(error) or attempt == DEADLOCKS - 1:
                raise
        else:
            return


def refuse_changed(seen: datetime | None, stands: datetime | None) -> None:
    """Raise Changed when a form that saw the version *seen* meets another one.

    None for *seen* is no form: the caller does not care.
    """
    if seen is not None and seen != stands:
        raise Changed


def insert_new(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those of *rows* that break no unique key; returns how many that were."""
    if not rows:
        return 0
    insert = sqlite_insert if dialect_name() == "sqlite" else postgresql_insert
    key = inspect(model).primary_key[0]
    statement = insert(model).on_conflict_do_nothing().returning(key)
    return len(db.session.execute(statement, rows).all())


def insert_selected(model: type[Model], names: Sequence[str], rows: Select[Any]) -> int:
    """Insert what *rows* selects, passing over unique keys; returns how many were new."""
    insert = sqlite_insert if dialect_name() == "sqlite" else postgresql_insert
    statement = insert(model).from_select(list(names), rows).on_conflict_do_nothing()
    options = {"preserve_rowcount": True}
    return max(0, db.session.connection().execute(statement, execution_options=options).rowcount)


def lock_table(model: type[Model]) -> None:
    """Let nobody else change the table until this transaction ends; it can still be read.

    On SQLite a write transaction is alone anyway.
    """
    if dialect_name() != "sqlite":
        name = table_of(model).name
        db.session.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))


def change_rows(statement: Update | Delete) -> int:
    """Run a set-based change; returns how many rows it changed.

    Objects already loaded are not brought up to date: read them again.
    """
    options = {"synchronize_session": False}
    result = db.session.execute(statement, execution_options=options)
    return cast("CursorResult[Any]", result).rowcount


def table_of(model: type[Model]) -> Table:
    return cast("Table", model.__table__)


def dialect_name() -> str:
    """ "sqlite" or "postgresql"."""
    return db.engine.dialect.name
