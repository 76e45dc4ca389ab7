"""Opening decisions and hearing signals exclude each other, so that no signal is missed.

A decision that is being opened looks for what the contact did before, a signal that is
heard looks for the decisions that are open. On PostgreSQL, which lets both look at the
same time, neither would see the other and the reply would be lost. SQLite has one writer.
"""

from __future__ import annotations

from sqlalchemy import Function, func, select

from heliograph.db import db, dialect_name

KEY = 0x48454C494F  # of the advisory lock; any number that nobody else uses


def while_opening() -> None:
    """Until this transaction ends nobody hears signals; others may open decisions.

    For transactions that hold open decisions, before they lock anything else.
    """
    wait_for(func.pg_advisory_xact_lock_shared(KEY))


def while_hearing() -> None:
    """Until this transaction ends nobody opens decisions, and all that are open can be seen.

    Before the transaction locks anything else.
    """
    wait_for(func.pg_advisory_xact_lock(KEY))


def wait_for(lock: Function[None]) -> None:
    if dialect_name() == "postgresql":
        db.session.execute(select(lock))
