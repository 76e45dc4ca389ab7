"""Our own reference of a text, as providers keep it: unique to this installation.

A bare row id is not: a second installation, or one restored from a backup, gives the same
ids to other texts on the same account of the provider.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NamedTuple

from flask import current_app
from sqlalchemy import SmallInteger, String, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Model, UTCDateTime, db, insert_new, transaction, utcnow

EXTENSION = "heliograph_installation"
ONLY = 1


class Installation(Model):
    """This installation: one row. `code` begins each reference that is given to providers."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


class Code(NamedTuple):
    """What references begin with, and since when they do."""

    code: str
    since: datetime


def installation() -> Code:
    """The code of this installation; it never changes, so each process reads it once."""
    known: Code | None = current_app.extensions.get(EXTENSION)
    if known is None:
        columns = select(Installation.code, Installation.created_at)
        row = db.session.execute(columns.where(Installation.id == ONLY)).first()
        if row is None:  # tables that no migration made
            with transaction():
                new = {"id": ONLY, "code": secrets.token_hex(4), "created_at": utcnow()}
                insert_new(Installation, [new])
                row = db.session.execute(columns.where(Installation.id == ONLY)).one()
        known = current_app.extensions[EXTENSION] = Code(row.code, row.created_at)
    return known


def reference_of(delivery_id: int) -> str:
    """The reference of a text for its provider, at most 31 characters: `1f3a9c2b-17`."""
    return f"{installation().code}-{delivery_id}"


def references_sent(delivery_id: int, attempted_at: datetime) -> list[str]:
    """What a provider may hold the text under: before there was a code it was the bare id."""
    found = [reference_of(delivery_id)]
    if attempted_at < installation().since:
        found.append(str(delivery_id))
    return found


def delivery_of(reference: str) -> int | None:
    """Our id of the text that *reference* names; None when it is not one of ours.

    A bare id is one of before; whoever asks compares provider and number as well.
    """
    code, dash, number = reference.rpartition("-")
    if dash and code != installation().code:
        return None
    return int(number[:18]) if number.isascii() and number.isdecimal() else None
