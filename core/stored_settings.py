"""Settings that an admin changes while the server runs: the table `settings`.

Which there are is in core/setting_keys.py; what the environment sets wins (core/settings.py).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import String, inspect, select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import (
    AWAY,
    Model,
    UTCDateTime,
    db,
    lock_table,
    once_committed,
    table_of,
    transaction,
    utcnow,
)
from heliograph.errors import BadInput, Changed, Conflict
from heliograph.setting_keys import KEYS, Key, find_key
from heliograph.settings import Settings

log = logging.getLogger(__name__)

EXTENSION = "heliograph_stored_settings"
FRESH_SECONDS = 1.0  # a change is seen in every process after that at the latest
ENVIRONMENT, STORED, DEFAULT = "environment", "stored", "default"
UNTOUCHED = "untouched"  # the version while nothing was ever stored


class StoredSetting(Model):
    """The value of one key; "" leaves it to the default. `changed_by` is "" for a command."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(1000), default="")
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    changed_by: Mapped[str] = mapped_column(String(254), default="")


class InForce(NamedTuple):
    """The settings as they were read; `given` are those of the environment."""

    given: Settings
    until: float
    settings: Settings


def in_force(given: Settings) -> Settings:
    """*given* with the stored values and the defaults where it has none.

    What this process read is good for a second, so it costs nothing to ask often.
    """
    if all(getattr(given, key.name) for key in KEYS):
        return given
    kept: InForce | None = current_app.extensions.get(EXTENSION)
    if kept is not None and kept.given is not given:
        kept = None
    if kept is not None and time.monotonic() < kept.until:
        return kept.settings
    until = time.monotonic() + FRESH_SECONDS
    if kept is not None:  # one thread reads, the others go on with what there is
        current_app.extensions[EXTENSION] = kept._replace(until=until)
    try:
        found = completed(given, stored_values())
    except (*AWAY, ProgrammingError):
        if kept is not None:
            return kept.settings
        if inspect(db.engine).has_table(StoredSetting.__tablename__):
            raise
        return completed(given, {})  # an older schema that is being brought up to date
    current_app.extensions[EXTENSION] = InForce(given, until, found)
    return found


def fix_settings(app: Flask, settings: Settings) -> None:
    """Give *app* settings that are complete: none are read from its database."""
    app.extensions["heliograph_settings"] = settings
    app.extensions[EXTENSION] = InForce(settings, math.inf, settings)


def stored_values() -> dict[str, str]:
    """All stored values as they are committed, by key.

    On a connection of its own: the transaction of the caller may have begun long ago.
    """
    table = table_of(StoredSetting).c
    with db.engine.connect() as connection:
        return {row.key: row.value for row in connection.execute(select(table.key, table.value))}


def completed(given: Settings, stored: Mapping[str, str]) -> Settings:
    return replace(given, **{key.name: value_of(key, given, stored)[0] for key in KEYS})


def value_of(key: Key, given: Settings, stored: Mapping[str, str]) -> tuple[str, str]:
    """The value that counts, and where it is from: ENVIRONMENT, STORED or DEFAULT."""
    fixed: str = getattr(given, key.name)
    if fixed:
        return fixed, ENVIRONMENT
    kept = stored.get(key.name, "")
    if kept:
        try:
            return key.read(kept), STORED
        except BadInput as error:  # such as a zone that another machine knew
            log.warning("the stored setting is left out: %s", error.message)
    return key.default, DEFAULT


def forget_stored() -> None:
    """Have this process read the stored settings anew."""
    current_app.extensions.pop(EXTENSION, None)


class Shown(NamedTuple):
    """One setting for people; `changed_at` and `changed_by` are of the stored value."""

    key: Key
    value: str
    source: str
    changed_at: datetime | None
    changed_by: str


def list_settings(given: Settings) -> list[Shown]:
    """Each key with its value of this moment."""
    rows = {row.key: row for row in db.session.scalars(select(StoredSetting))}
    stored = {name: row.value for name, row in rows.items()}
    found = []
    for key in KEYS:
        value, source = value_of(key, given, stored)
        row = rows.get(key.name) if source == STORED else None
        found.append(
            Shown(
                key, value, source, row.changed_at if row else None, row.changed_by if row else ""
            )
        )
    return found


def settings_version() -> str:
    """Changes with each change of a stored setting."""
    return version_of(db.session.scalars(select(StoredSetting)))


def version_of(rows: Iterable[StoredSetting]) -> str:
    touched = [row.changed_at for row in rows]
    return max(touched).isoformat() if touched else UNTOUCHED


def change_settings(
    given: Settings, values: Mapping[str, str], *, by: str = "", seen: str | None = None
) -> dict[str, tuple[str, str]]:
    """Store *values* by key, "" leaving one to its default; gives (before, after) of each change.

    All or none. *given* are the settings of the environment, *seen* the version that a
    form was made from. Raises BadInput, Changed, and Conflict for what the environment sets.
    """
    wanted = {name: checked(find_key(name), given, text) for name, text in values.items()}
    changed = {}
    with transaction() as session:
        lock_table(StoredSetting)
        query = select(StoredSetting).execution_options(populate_existing=True)
        rows = {row.key: row for row in session.scalars(query)}
        if seen is not None and seen != version_of(rows.values()):
            raise Changed
        for name, value in wanted.items():
            row = rows.get(name) or StoredSetting(key=name, value="")
            if row.value == value:
                continue
            key, before = find_key(name), row.value
            changed[name] = (before or key.default, value or key.default)
            row.value, row.changed_at, row.changed_by = value, utcnow(), by
            session.add(row)
        once_committed(forget_stored)
    return changed


def checked(key: Key, given: Settings, text: str) -> str:
    fixed = getattr(given, key.name)
    if fixed:
        raise Conflict(
            f"{key.variable} is set to {fixed!r} in the server's environment and wins. "
            "Change it there, or take it away and start the server again."
        )
    text = text.strip()
    return key.read(text) if text else ""
