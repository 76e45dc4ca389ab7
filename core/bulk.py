"""Many rows written at once: updates with values of their own, inserts of what is new."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    update,
)
from sqlalchemy import table as table_clause
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from heliograph.db import Model, db, dialect_name, table_of

ROWS, SHARED = "rows", "shared_"
SEPARATOR = "\x1f"
ROWS_AT_ONCE = 1000  # SQLite takes 32,766 values in one statement

Given = Mapping[str, ColumnElement[Any]]
Process = Callable[[Any], Any]
Statement = Update | ReturningInsert[Any]


class Each(ABC):
    """A statement over many rows, each with values of its own, made and compiled once.

    *own* are columns that each row gives, *shared* those that one run gives.
    """

    def __init__(self, model: type[Model], own: Sequence[str], shared: Sequence[str] = ()) -> None:
        self._model, self._own, self._shared = model, tuple(own), tuple(shared)
        self._take = itemgetter(*own) if len(own) > 1 else lambda row: (row[own[0]],)
        self._made: dict[str, Statement] = {}
        self._compiled: Compiled | None = None

    def run(self, rows: Sequence[Mapping[str, Any]], **shared: Any) -> list[Any]:
        """Write *rows*; gives what the statement returns. Loaded objects stay as they are."""
        if not rows:
            return []
        connection = db.session.connection()
        if dialect_name() == "sqlite":
            made = self._compiled or compiled(self._statement(), connection, self._types())
            self._compiled = made
            found: list[Any] = []
            for begin in range(0, len(rows), ROWS_AT_ONCE):
                some = rows[begin : begin + ROWS_AT_ONCE]
                found += self._run_together(connection, made, some, shared)
            return found
        given = json.dumps([{name: row[name] for name in self._own} for row in rows], default=str)
        values = {common(name): shared[name] for name in shared}
        return returned(connection.execute(self._statement(), {ROWS: given, **values}))

    def _run_together(
        self,
        connection: Connection,
        made: Compiled,
        rows: Sequence[Mapping[str, Any]],
        shared: Mapping[str, Any],
    ) -> list[Any]:
        """All rows as one statement, straight to the driver.

        A statement for each row would pass Python's one lock to and fro with each,
        and a busy delivery loop would make each of them wait.
        """
        values: list[Any] = []
        for row in rows:
            values.extend(self._take(row))
        for at, process in made.own:
            values[at :: len(self._own)] = map(process, values[at :: len(self._own)])
        for name, constant, process in made.binds:
            values.append(process(shared.get(name.removeprefix(SHARED), constant)))
        place = f"({', '.join('?' * len(self._own))})"
        given = f"WITH given({', '.join(self._own)}) AS (VALUES {', '.join([place] * len(rows))})"
        return returned(connection.exec_driver_sql(f"{given} {made.sql}", tuple(values)))

    def _types(self) -> dict[str, TypeEngine[Any]]:
        columns = table_of(self._model).c
        return {name: columns[name].type for name in self._own}

    def _statement(self) -> Statement:
        dialect = dialect_name()
        if dialect not in self._made:
            self._made[dialect] = self._make(dialect)
        return self._made[dialect]

    @abstractmethod
    def _make(self, dialect: str) -> Statement:
        """The statement as that database understands it."""

    def _given(self, dialect: str) -> dict[str, ColumnElement[Any]]:
        """SQL of each value, by the name of its column."""
        types = self._types()
        named = [column(name, type_) for name, type_ in types.items()]
        if dialect == "sqlite":
            rows: FromClause = table_clause("given", *named)
        else:
            # one JSON value: the driver takes longer to write arrays
            each = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
            rows = each.table_valued(*named).render_derived(name="given", with_types=True)
        columns = table_of(self._model).c
        return {name: rows.c[name] for name in types} | {
            name: bindparam(common(name), None, columns[name].type) for name in self._shared
        }


class UpdateEach(Each):
    """An UPDATE: `id` is among *own*; *values* and *where* are made of both as SQL."""

    def __init__(
        self,
        model: type[Model],
        own: Sequence[str],
        values: Callable[[Given], Mapping[str, Any]],
        *,
        shared: Sequence[str] = (),
        where: Callable[[Given], Sequence[ColumnElement[bool]]] = lambda _given: (),
    ) -> None:
        super().__init__(model, own, shared)
        self._values, self._where = values, where

    def _make(self, dialect: str) -> Update:
        given, table = self._given(dialect), table_of(self._model)
        found = update(table).where(table.c.id == given["id"], *self._where(given))
        return found.values(**self._values(given))


class InsertNew(Each):
    """An INSERT of the rows that break no unique key; gives *returning* of those."""

    def __init__(
        self,
        model: type[Model],
        own: Sequence[str],
        *,
        returning: Sequence[str],
        shared: Sequence[str] = (),
    ) -> None:
        super().__init__(model, own, shared)
        self._returning = tuple(returning)

    def _make(self, dialect: str) -> Statement:
        given, table = self._given(dialect), table_of(self._model)
        insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
        rows = select(*given.values()).where(true())  # SQLite needs it before ON CONFLICT
        found = insert(table).from_select(list(given), rows).on_conflict_do_nothing()
        return found.returning(*(table.c[name] for name in self._returning))


@dataclass(frozen=True, slots=True)
class Compiled:
    """The SQL; what the driver wants of some places of each row; the other places in turn."""

    sql: str
    own: list[tuple[int, Process]]
    binds: list[tuple[str, Any, Process]]


def returned(result: CursorResult[Any]) -> list[Any]:
    return list(result) if result.returns_rows else []


def compiled(
    statement: Statement, connection: Connection, types: Mapping[str, TypeEngine[Any]]
) -> Compiled:
    made = statement.compile(dialect=connection.dialect)
    constants = made.construct_params()
    binds = [
        (name, constants[name], processor(made.binds[name].type, connection))
        for name in made.positiontup or ()
    ]
    processors = [processor(type_, connection) for type_ in types.values()]
    own = [(at, process) for at, process in enumerate(processors) if process is not passed_on]
    return Compiled(str(made), own, binds)


def processor(type_: TypeEngine[Any], connection: Connection) -> Process:
    dialect = connection.dialect
    return type_.dialect_impl(dialect).bind_processor(dialect) or passed_on


def passed_on(value: Any) -> Any:
    return value


def common(name: str) -> str:
    return SHARED + name
