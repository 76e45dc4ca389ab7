"""Texts whose outcome nobody can tell: a person decides what they count as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update

from heliograph.db import change_rows, db, utcnow
from heliograph.deliveries.explanation import SETTLED
from heliograph.deliveries.models import ACCEPTED, FAILED, QUEUED, UNKNOWN, Delivery
from heliograph.errors import BadInput

WAYS = {"sent": ACCEPTED, "failed": FAILED, "resend": QUEUED}
SHOWN = 1000


def check_way(way: str) -> None:
    """Raise BadInput for what is none of the ways."""
    if way not in WAYS:
        raise BadInput("way", "is not known", value=way, mend=f"Use {', '.join(WAYS)}.")


def first_unclear(source: ColumnElement[bool]) -> Sequence[Delivery]:
    """The first 1,000 of the texts that *source* picks."""
    query = select(Delivery).where(source, Delivery.status == UNKNOWN).order_by(Delivery.id)
    return db.session.scalars(query.limit(SHOWN)).all()


def settle_texts(source: ColumnElement[bool], way: str, **more: Any) -> int:
    """Decide on all that *source* picks; how many those were. Runs inside a transaction."""
    now, status = utcnow(), WAYS[way]
    return change_rows(
        update(Delivery)
        .where(source, Delivery.status == UNKNOWN)
        .values(
            status=status,
            detail=SETTLED[way],
            error_code="",
            accepted_at=now if status == ACCEPTED else None,
            final_at=now if status == FAILED else None,
            not_before=None,
            **more,
        )
    )
