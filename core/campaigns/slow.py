"""Regular expressions that ran out of time, so that pages can say which."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, Integer, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Model, UTCDateTime, change_rows, db, insert_new, transaction, utcnow


class SlowExpression(Model):
    """An expression that took too long over a reply, and how often that was."""

    __tablename__ = "slow_expressions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    pattern: Mapped[str] = mapped_column(String(300))
    times: Mapped[int] = mapped_column(Integer, default=0)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (Index("uq_slow_expressions_pattern", "pattern", unique=True),)


def note_slow(patterns: Collection[str]) -> None:
    """Keep that these ran out of time just now, each once per reply. Not inside a transaction."""
    if not patterns:
        return
    now = utcnow()
    with transaction():
        for pattern in sorted(set(patterns)):
            row = {"pattern": pattern, "times": 0, "first_at": now, "last_at": now}
            insert_new(SlowExpression, [row])
            times = SlowExpression.times + list(patterns).count(pattern)
            known = update(SlowExpression).where(SlowExpression.pattern == pattern)
            change_rows(known.values(times=times, last_at=now))


def slow_expression(pattern: str) -> SlowExpression | None:
    """What is known of the expression; None while it was always in time."""
    return db.session.scalar(select(SlowExpression).where(SlowExpression.pattern == pattern))
