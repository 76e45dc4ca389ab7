"""What the simulated phones hold, and the key that signs callbacks."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.plugin import Id, Model, UTCDateTime, db, transaction, utcnow

KEY_NAME = "callbacks"


class SimulatorText(Model):
    """A text on a phone. `direction` is out (to the phone) or in (typed on it)."""

    __tablename__ = "simulator_texts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    direction: Mapped[str] = mapped_column(String(3))
    provider_id: Mapped[str] = mapped_column(String(40), unique=True)
    reference: Mapped[str] = mapped_column(String(40), index=True, default="")
    number: Mapped[str] = mapped_column(String(32), index=True)
    sender: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


class SimulatorKey(Model):
    """One row: made on first use, shared by all processes."""

    __tablename__ = "simulator_keys"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


def new_id() -> str:
    return f"SIM{secrets.token_hex(12)}"


def signing_key() -> str:
    """The key of this installation's callbacks."""
    found = db.session.get(SimulatorKey, KEY_NAME)
    if found is not None:
        return found.value
    try:
        with transaction() as session:
            session.add(SimulatorKey(name=KEY_NAME, value=secrets.token_hex(32)))
    except IntegrityError:  # another process was quicker
        pass
    return db.session.get_one(SimulatorKey, KEY_NAME).value
