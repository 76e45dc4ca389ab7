"""Forms that were sent: each has one effect, however often it is sent.

A form carries a random key. Its first sending claims the key, later ones are led
to what the first one made.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import String, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Model, UTCDateTime, change_rows, db, insert_new, transaction, utcnow

KEPT = timedelta(days=3)
KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")


class Submission(Model):
    """`location` is the page that shows the effect; "" while it is being made."""

    __tablename__ = "submissions"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    location: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)


def new_key() -> str:
    return secrets.token_urlsafe(18)


def claim(key: str) -> str | None:
    """None when the key is free and now taken; else where the first sending led ("" if unknown).

    What is no key of ours is not held: each such form has its own effect.
    """
    if not KEY.fullmatch(key):
        return None
    with transaction():
        if insert_new(Submission, [{"key": key, "location": "", "at": utcnow()}]):
            return None
    found = db.session.get(Submission, key, populate_existing=True)
    return found.location if found else ""


def settle(key: str, location: str) -> None:
    """The form had its effect; it is shown at *location*."""
    with transaction():
        made = update(Submission).where(Submission.key == key)
        change_rows(made.values(location=location[:300]))


def release(key: str) -> None:
    """The form had no effect: it may be sent again."""
    with transaction():
        change_rows(delete(Submission).where(Submission.key == key))


def sweep() -> int:
    """Forget old ones; returns how many."""
    with transaction():
        return change_rows(delete(Submission).where(Submission.at < utcnow() - KEPT))
