"""Many rows read at once: look-ups by many keys, rows without objects."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import starmap
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from heliograph.db import db, dialect_name

SEPARATOR = "\x1f"
MANY = 10_000

Process = Callable[[Any], Any]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def one_of(column: Column, keys: Collection[Any] | BindParameter[str]) -> ColumnElement[bool]:
    """SQL: *column* is one of *keys*, numbers or words, as one parameter however many.

    A parameter in their place takes what `packed` makes of them.
    """
    given: Any = keys if isinstance(keys, BindParameter) else packed(keys)
    if dialect_name() == "sqlite":
        each = func.json_each(given).table_valued("value")
        return column.in_(select(each.c.value))
    words = func.string_to_array(given, SEPARATOR)
    return column == any_(cast(words, ARRAY(column.type)))


def packed(keys: Collection[Any]) -> str:
    """*keys* as one value."""
    if dialect_name() == "sqlite":
        return json.dumps(list(keys))
    return SEPARATOR.join(map(str, keys))


def count_up_to(query: Select[Any], most: int = MANY) -> int:
    """How many rows *query* finds; more than *most* are counted as one more than that."""
    some = query.limit(most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def read_rows(query: Select[Any]) -> list[Any]:
    """The rows of *query*, each with its columns by name.

    From SQLite as one value: row by row, each would pass Python's one lock to and
    fro, see `UpdateEach`.
    """
    return fetch_rows(query, statement_of(query), {})


def fetch_rows(query: Select[Any], statement: Select[Any], values: Mapping[str, Any]) -> list[Any]:
    if statement is query:
        found = db.session.execute(statement, values)
        return list(starmap(row_class(tuple(found.keys())), found))
    columns = query.selected_columns
    value = db.session.execute(statement, values).scalar_one()
    return unpacked(value, columns.keys(), result_processes([one.type for one in columns]))


def statement_of(query: Select[Any]) -> Select[Any]:
    """What is executed for *query*: on SQLite, one JSON value of all its rows."""
    return together(query) if dialect_name() == "sqlite" else query


def together(query: Select[Any]) -> Select[Any]:
    """SQLite: the rows of *query* as one JSON value."""
    picked = query.subquery("picked")
    return select(func.json_group_array(func.json_array(*picked.c)))


def result_processes(types: Sequence[TypeEngine[Any]]) -> list[tuple[int, Process]]:
    """What has to be done to which column of what the driver gives."""
    dialect = db.engine.dialect
    found = [type_.dialect_impl(dialect).result_processor(dialect, None) for type_ in types]
    return [(at, process) for at, process in enumerate(found) if process is not None]


def unpacked(value: str, names: Sequence[str], processes: list[tuple[int, Process]]) -> list[Any]:
    rows = json.loads(value)
    for at, process in processes:
        for row in rows:
            row[at] = process(row[at])
    return list(starmap(row_class(tuple(names)), rows))


@lru_cache(maxsize=256)
def row_class(names: tuple[str, ...]) -> type[Any]:
    return namedtuple("Row", names)


class ReadOften:
    """A SELECT that is built once for each dialect, which takes longer than to find a few rows.

    *make* gives the query, with a bindparam for each value that `rows` is given.
    """

    def __init__(self, make: Callable[[], Select[Any]]) -> None:
        self._make = make
        self._made: dict[str, tuple[Select[Any], Select[Any]]] = {}

    def rows(self, **values: Any) -> list[Any]:
        dialect = dialect_name()
        if dialect not in self._made:
            query = self._make()
            self._made[dialect] = query, statement_of(query)
        return fetch_rows(*self._made[dialect], values)
