"""What points at contacts, as the database declares it.

Not as the loaded models do: the tables of a plugin that is missing at the moment are there all
the same, and so are their rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    TableClause,
    and_,
    column,
    delete,
    exists,
    inspect,
    table,
    text,
    update,
)
from sqlalchemy.engine import Inspector

from heliograph.db import change_rows, db

CONTACTS = "contacts"
LEFT_TO_DATABASE = ("CASCADE", "SET NULL", "SET DEFAULT")


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Columns of which no two rows have the same; only of rows that meet *condition*, if any."""

    columns: frozenset[str]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds ids of contacts."""

    table: TableClause
    column: ColumnClause[int]
    nullable: bool
    blocks: bool  # the database would refuse to delete a contact that it points at
    keys: tuple[UniqueKey, ...]

    def move(self, winner_id: int, loser_id: int) -> None:
        """Hand the loser's rows over. Of those that a contact may have once, the winner's stay."""
        moved = update(self.table).where(self.column == loser_id)
        for key in self.keys:
            if self.column.name in key.columns:
                moved = moved.where(~self._clash(key, winner_id))
        change_rows(moved.values({self.column.name: winner_id}))

    def _clash(self, key: UniqueKey, winner_id: int) -> ColumnElement[bool]:
        """Whether a row of the winner holds the place already."""
        own = self.table.alias()
        others = key.columns - {self.column.name}
        found = exists().where(
            own.c[self.column.name] == winner_id,
            *(own.c[name] == self.table.c[name] for name in sorted(others)),
        )
        if not key.condition:
            return found
        holds = text(f"({key.condition}) IS TRUE")  # of the row, and within of the winner's
        return and_(holds, found.where(holds))

    def release(self, contact_id: int) -> None:
        """Let go of a contact that is deleted, where the database would not do so by itself."""
        if not self.blocks:
            return
        if self.nullable:
            free = update(self.table).where(self.column == contact_id)
            change_rows(free.values({self.column.name: None}))
        else:
            change_rows(delete(self.table).where(self.column == contact_id))


def references_to_contacts() -> list[Reference]:
    """All columns that point at contacts, by table; read within the open transaction."""
    inspector = inspect(db.session.connection())
    found = []
    for (_, name), keys in sorted(inspector.get_multi_foreign_keys().items()):
        pointing = [
            key
            for key in keys
            if key["referred_table"] == CONTACTS and len(key["constrained_columns"]) == 1
        ]
        if pointing:
            found += references_of(inspector, name, pointing)
    return found


def references_of(
    inspector: Inspector, name: str, pointing: Sequence[Mapping[str, Any]]
) -> list[Reference]:
    nullable = {one["name"]: bool(one["nullable"]) for one in inspector.get_columns(name)}
    clause = table(name, *(column(one) for one in nullable))
    keys = unique_keys(inspector, name)
    found = []
    for key in pointing:
        own = key["constrained_columns"][0]
        action = str(key.get("options", {}).get("ondelete", "")).upper()
        blocks = action not in LEFT_TO_DATABASE
        found.append(Reference(clause, clause.c[own], nullable[own], blocks, keys))
    return found


def unique_keys(inspector: Inspector, name: str) -> tuple[UniqueKey, ...]:
    """The keys of a table; those of expressions are left out, nobody can tell what clashes."""
    found = [UniqueKey(frozenset(inspector.get_pk_constraint(name)["constrained_columns"]))]
    constraints = inspector.get_unique_constraints(name)
    found += [UniqueKey(frozenset(one["column_names"])) for one in constraints]
    for index in inspector.get_indexes(name):
        columns = [one for one in index["column_names"] if one is not None]
        if index["unique"] and len(columns) == len(index["column_names"]):
            options = index.get("dialect_options", {})
            condition = options.get("sqlite_where", options.get("postgresql_where", ""))
            found.append(UniqueKey(frozenset(columns), str(condition)))
    return tuple(dict.fromkeys(found))
