"""Signals: what contacts did, until the campaigns have taken it in.

Told in the transaction of the thing itself, so that none is lost, and deleted in
the one that applies it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.bulk import InsertNew
from heliograph.db import Id, Model, UTCDateTime, transaction, utcnow


class SignalRow(Model):
    """`kind` is a SignalKind; `ref_id` is the id of the reply, click, change ...

    Where `contact_id` is null, all contacts with the number are meant.
    """

    __tablename__ = "signals"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    contact_id: Mapped[int | None] = mapped_column(Id)
    number: Mapped[str] = mapped_column(String(32), default="")
    ref_id: Mapped[int | None] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


TELL_MANY = InsertNew(SignalRow, ("number", "ref_id"), shared=("kind", "at"), returning=("id",))


def tell(kind: str, *, ref_id: int, contact_id: int | None = None, number: str = "") -> None:
    """Note that something happened. Call it inside the transaction that stores it."""
    with transaction() as session:
        row = SignalRow(kind=kind, contact_id=contact_id, number=number, ref_id=ref_id)
        session.add(row)
        session.flush()


def tell_many(kind: str, numbers: Sequence[tuple[str, int]]) -> None:
    """The same for many at once, by number and `ref_id`."""
    with transaction():
        rows = [{"number": number, "ref_id": ref_id} for number, ref_id in numbers]
        TELL_MANY.run(rows, kind=kind, at=utcnow())
