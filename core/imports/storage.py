"""Storing a batch of records: set-based, merged on the mobile number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Row,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from heliograph.contacts.changes import note_changed
from heliograph.contacts.models import NUMBER_OK, Contact
from heliograph.contacts.tags import tag_contacts
from heliograph.db import change_rows, dialect_name, insert_new, insert_selected, table_of
from heliograph.imports.models import ImportContact
from heliograph.imports.records import COUNTRY, TEXTS, Record
from heliograph.segments.models import BY_HAND, SegmentMember


@dataclass(frozen=True, slots=True)
class Stored:
    created: int
    updated: int
    unchanged: int


def store_records(
    session: Session, import_id: int, segment_id: int | None, records: list[Record], now: datetime
) -> Stored:
    """Store *records* (one per number). Runs inside a transaction."""
    known = existing(session, [record.mobile for record in records])
    new = [record for record in records if record.mobile not in known]
    changed = update_known(session, import_id, known, records, now)
    highest = session.scalar(select(func.max(Contact.id))) or 0
    insert_contacts(session, import_id, new, now)
    note_updated(import_id, changed)
    if segment_id is not None or any(record.tags for record in records):
        ids = {number: row.id for number, row in known.items()}
        ids |= created_ids(session, highest, [record.mobile for record in new])
        if segment_id is not None:
            join_segment(segment_id, list(ids.values()), now)
        tag_records(records, ids)
    if new or changed:
        note_changed(None)
    return Stored(len(new), len(changed), len(known) - len(changed))


def existing(session: Session, numbers: list[str]) -> dict[str, Row[Any]]:
    """The oldest contact of each number that is known."""
    table = table_of(Contact)
    own = ("import_id", "created_at", "updated_at")
    columns = [table.c[name] for name in ("id", "mobile", *TEXTS, "custom", *own)]
    query = select(*columns).where(one_of(table.c.mobile, numbers)).order_by(table.c.id.desc())
    return {row.mobile: row for row in session.connection().execute(query)}


def update_known(
    session: Session,
    import_id: int,
    known: dict[str, Row[Any]],
    records: list[Record],
    now: datetime,
) -> list[dict[str, Any]]:
    """Write what the file says anew; blank cells never erase.

    Returns of each changed contact its id, and what it had before and has after. One that this
    import made a moment ago counts as made now, so that undoing the import removes it.
    """
    changes, changed = [], []
    for record in records:
        row = known.get(record.mobile)
        if row is None:
            continue
        before = tuple(getattr(row, name) for name in TEXTS)
        texts = [new or old for old, new in zip(before, record.texts, strict=True)]
        if row.country and not record.country_given:  # a guess does not overrule
            texts[COUNTRY] = row.country
        custom = (row.custom or {}) | record.custom
        if tuple(texts) != before or custom != (row.custom or {}):
            values = dict(zip(TEXTS, texts, strict=True))
            own = row.import_id == import_id and row.updated_at == row.created_at
            at = row.created_at if own else now
            changes.append({"b_id": row.id, "custom": custom, "updated_at": at} | values)
            changed.append({"contact_id": row.id, **differences(row, values, custom)})
    if changes:
        table = table_of(Contact)
        statement = (
            update(table)
            .where(table.c.id == bindparam("b_id"))
            .values({name: bindparam(name) for name in (*TEXTS, "custom", "updated_at")})
        )
        session.connection().execute(statement, changes)
    return changed


def differences(
    row: Row[Any], texts: dict[str, str], custom: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    old = {**{name: getattr(row, name) for name in texts}, **(row.custom or {})}
    new = {**texts, **custom}
    names = [name for name, value in new.items() if old.get(name) != value]
    return {
        "before": {name: old.get(name) for name in names},
        "after": {name: new[name] for name in names},
    }


def insert_contacts(session: Session, import_id: int, records: list[Record], now: datetime) -> None:
    """Below the ORM: a row of an import must not cost more than the row itself."""
    if not records:
        return
    columns: dict[str, Sequence[Any]] = {"mobile": [record.mobile for record in records]}
    columns |= zip(TEXTS, zip(*(record.texts for record in records), strict=True), strict=True)
    columns["custom"] = [json.dumps(item.custom) if item.custom else "{}" for item in records]
    if dialect_name() == "sqlite":
        insert_by_statement(session, import_id, columns, now)
    else:
        insert_by_copy(session, import_id, columns, now)


def insert_by_statement(
    session: Session, import_id: int, columns: dict[str, Sequence[Any]], now: datetime
) -> None:
    """SQLite. What is the same in each row stands in the statement: fewer values to bind."""
    same = {name: values[0] for name, values in columns.items() if is_even(values)}
    stamp = now.strftime("%Y-%m-%d %H:%M:%S.%f")
    same |= {"number_status": NUMBER_OK, "created_at": stamp, "updated_at": stamp}
    given = [name for name in columns if name not in same]
    statement = (
        f"INSERT INTO contacts ({', '.join([*given, *same])}, import_id)"  # noqa: S608
        f" VALUES ({', '.join(['?'] * len(given) + [quoted(value) for value in same.values()])},"
        f" {import_id})"
    )
    rows = list(zip(*(columns[name] for name in given), strict=True))
    session.connection().exec_driver_sql(statement, rows)


def is_even(values: Sequence[Any]) -> bool:
    return values[0] in ("", "{}") and values.count(values[0]) == len(values)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def insert_by_copy(
    session: Session, import_id: int, columns: dict[str, Any], now: datetime
) -> None:
    """PostgreSQL."""
    columns |= {name: repeat(now) for name in ("created_at", "updated_at")}
    columns |= {"number_status": repeat(NUMBER_OK), "import_id": repeat(import_id)}
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor().copy(f"COPY contacts ({', '.join(columns)}) FROM STDIN") as copy:
        for row in zip(*columns.values(), strict=False):
            copy.write_row(row)


def created_ids(session: Session, highest: int, numbers: list[str]) -> dict[str, int]:
    if not numbers:
        return {}
    made = select(Contact.mobile, Contact.id).where(
        Contact.id > highest, one_of(table_of(Contact).c.mobile, numbers)
    )
    return {mobile: contact_id for mobile, contact_id in session.execute(made) if mobile}


def one_of(column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column IN values` with one parameter: thousands of them are slow to prepare."""
    if dialect_name() == "sqlite":
        return column.in_(select(func.json_each(json.dumps(values)).table_valued("value").c.value))
    return column == any_(cast(literal(list(values), ARRAY(column.type)), ARRAY(column.type)))


def note_updated(import_id: int, changed: list[dict[str, Any]]) -> None:
    """For the timeline and for undoing: which contacts it changed, and how.

    A number that comes again in a later batch keeps what it had at first.
    """
    rows = [{"import_id": import_id, "outcome": "updated", **change} for change in changed]
    insert_new(ImportContact, rows)


def join_segment(segment_id: int, ids: Sequence[int], now: datetime) -> None:
    table = table_of(SegmentMember)
    change_rows(
        update(SegmentMember)
        .where(
            SegmentMember.segment_id == segment_id,
            one_of(table.c.contact_id, ids),
            SegmentMember.origin != BY_HAND,
        )
        .values(origin=BY_HAND, added_at=now)
    )
    rows = select(
        literal(segment_id), Contact.id, literal(BY_HAND), literal(now, table.c.added_at.type)
    ).where(one_of(table_of(Contact).c.id, ids))
    insert_selected(SegmentMember, ("segment_id", "contact_id", "origin", "added_at"), rows)


def tag_records(records: list[Record], ids: dict[str, int]) -> None:
    by_tag: dict[str, list[int]] = {}
    for record in records:
        for tag in record.tags:
            by_tag.setdefault(tag, []).append(ids[record.mobile])
    for tag, tagged in by_tag.items():
        tag_contacts(tagged, [tag])
