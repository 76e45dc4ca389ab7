"""Many rows at once: updates with values of their own, look-ups by many keys."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy import table as table_clause
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from core.db import Model, db, dialect_name, table_of

ROWS, SHARED = "rows", "shared_"
SEPARATOR = "\x1f"
ROWS_AT_ONCE = 1000  # SQLite takes 32,766 values in one statement

Given = Mapping[str, ColumnElement[Any]]
Process = Callable[[Any], Any]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def one_of(column: Column, keys: Collection[Any]) -> ColumnElement[bool]:
    """SQL: *column* is one of *keys*, numbers or words, as one parameter however many."""
    if dialect_name() == "sqlite":
        each = func.json_each(json.dumps(list(keys))).table_valued("value")
        return column.in_(select(each.c.value))
    words = func.string_to_array(SEPARATOR.join(map(str, keys)), SEPARATOR)
    return column == any_(cast(words, ARRAY(column.type)))


class UpdateEach:
    """An UPDATE of many rows, each with values of its own, made and compiled once.

    *own* are columns that each row gives (`id` among them), *shared* those that
    one run gives; *values* and *where* are made of both as SQL.
    """

    def __init__(
        self,
        model: type[Model],
        own: Sequence[str],
        values: Callable[[Given], Mapping[str, Any]],
        *,
        shared: Sequence[str] = (),
        where: Callable[[Given], Sequence[ColumnElement[bool]]] = lambda _given: (),
    ) -> None:
        self._model, self._own, self._shared = model, tuple(own), tuple(shared)
        self._take = itemgetter(*own)
        self._values, self._where = values, where
        self._made: dict[str, Update] = {}
        self._compiled: Compiled | None = None

    def run(self, rows: Sequence[Mapping[str, Any]], **shared: Any) -> None:
        """Update *rows*. Loaded objects are not brought up to date."""
        if not rows:
            return
        connection = db.session.connection()
        if dialect_name() == "sqlite":
            made = self._compiled or compiled(self._statement(), connection, self._types())
            self._compiled = made
            for begin in range(0, len(rows), ROWS_AT_ONCE):
                self._run_together(connection, made, rows[begin : begin + ROWS_AT_ONCE], shared)
            return
        given = json.dumps([{name: row[name] for name in self._own} for row in rows], default=str)
        values = {common(name): shared[name] for name in shared}
        connection.execute(self._statement(), {ROWS: given, **values})

    def _run_together(
        self,
        connection: Connection,
        made: Compiled,
        rows: Sequence[Mapping[str, Any]],
        shared: Mapping[str, Any],
    ) -> None:
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
        connection.exec_driver_sql(f"{given} {made.sql}", tuple(values))

    def _types(self) -> dict[str, TypeEngine[Any]]:
        columns = table_of(self._model).c
        return {name: columns[name].type for name in self._own}

    def _statement(self) -> Update:
        dialect = dialect_name()
        if dialect not in self._made:
            self._made[dialect] = self._make(dialect)
        return self._made[dialect]

    def _make(self, dialect: str) -> Update:
        table, types = table_of(self._model), self._types()
        named = [column(name, type_) for name, type_ in types.items()]
        if dialect == "sqlite":
            rows: FromClause = table_clause("given", *named)
        else:
            # one JSON value: the driver takes longer to write arrays
            each = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
            rows = each.table_valued(*named).render_derived(name="given", with_types=True)
        given = {name: rows.c[name] for name in types} | {
            name: bindparam(common(name), None, table.c[name].type) for name in self._shared
        }
        found = update(table).where(table.c.id == given["id"], *self._where(given))
        return found.values(**self._values(given))


@dataclass(frozen=True, slots=True)
class Compiled:
    """The SQL; what the driver wants of some places of each row; the other places in turn."""

    sql: str
    own: list[tuple[int, Process]]
    binds: list[tuple[str, Any, Process]]


def compiled(
    statement: Update, connection: Connection, types: Mapping[str, TypeEngine[Any]]
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


def read_rows(query: Select[Any]) -> list[Any]:
    """The rows of *query*, each with its columns by name.

    From SQLite as one value: row by row, each would pass Python's one lock to and
    fro, see `UpdateEach`.
    """
    if dialect_name() != "sqlite":
        found = db.session.execute(query)
        return list(starmap(namedtuple("Row", found.keys()), found))
    picked = query.subquery("picked")
    together = select(func.json_group_array(func.json_array(*picked.c)))
    rows = json.loads(db.session.execute(together).scalar_one())
    dialect = db.engine.dialect
    for at, one in enumerate(picked.c):
        process = one.type.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            for row in rows:
                row[at] = process(row[at])
    return list(starmap(namedtuple("Row", picked.c.keys()), rows))


def common(name: str) -> str:
    return SHARED + name
