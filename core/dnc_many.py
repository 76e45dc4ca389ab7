"""Many numbers put on do-not-contact, or taken off, in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.bulk import InsertNew
from core.db import transaction, utcnow
from core.dnc import (
    OFF,
    ON,
    SMS,
    UNSUBSCRIBED,
    Dnc,
    DncBeneath,
    DncChange,
    add_dnc,
    check_reason,
)
from core.events import SignalKind
from core.lookups import one_of
from core.phone import one_spelling
from core.signals import tell_many

FACTS = ("channel", "reason", "comment", "source")
SHARED = (*FACTS, "created_at")
ADD_SHOWN = InsertNew(Dnc, ("number",), shared=SHARED, returning=("number",))
ADD_BENEATH = InsertNew(DncBeneath, ("number",), shared=SHARED, returning=("number",))
NOTE_MANY = InsertNew(
    DncChange, ("number",), shared=(*FACTS, "change", "at"), returning=("id", "number")
)


def add_many(
    numbers: Sequence[str], *, reason: str, comment: str = "", source: str = "", channel: str = SMS
) -> list[str]:
    """`add_dnc` for many numbers; returns those that were not on the list for *reason*."""
    check_reason(reason)
    now = utcnow()
    facts = {"channel": channel, "reason": reason, "comment": comment, "source": source}
    wanted = sorted({one_spelling(number) for number in numbers})
    if reason == UNSUBSCRIBED:  # may have to change places with what is shown
        with transaction():
            return [number for number in wanted if add_dnc(number, **facts)]
    with transaction() as session:
        new = sorted(put_many_on(session, wanted, facts, now))
        note_many(new, ON, now, facts)
    return new


def put_many_on(
    session: Session, numbers: list[str], facts: dict[str, str], now: datetime
) -> list[str]:
    new: list[str] = []
    left = set(numbers)
    while left:
        rows = [{"number": number} for number in sorted(left)]
        shown = {row.number for row in ADD_SHOWN.run(rows, **facts, created_at=now)}
        listed = locked_reasons(session, facts["channel"], sorted(left - shown))
        below = [{"number": n} for n, reason in listed.items() if reason != facts["reason"]]
        new += shown
        new += [row.number for row in ADD_BENEATH.run(below, **facts, created_at=now)]
        left -= shown | listed.keys()  # what remains was lifted since the insert found it
    return new


def locked_reasons(session: Session, channel: str, numbers: list[str]) -> dict[str, str]:
    """The reason shown for each of *numbers* that is listed, locked until the commit."""
    wanted = (Dnc.channel == channel, one_of(Dnc.number, numbers))
    query = select(Dnc.number, Dnc.reason).where(*wanted).order_by(Dnc.number).with_for_update()
    return {row.number: row.reason for row in session.execute(query)}


def lift_many(
    numbers: Sequence[str], *, comment: str = "", source: str = "", channel: str = SMS
) -> list[str]:
    """`lift_dnc` for many numbers; returns those of which an entry was lifted."""
    now = utcnow()
    wanted = sorted({one_spelling(number) for number in numbers})
    with transaction() as session:
        locked = sorted(locked_reasons(session, channel, wanted))
        rows = [
            *lifted(session, DncBeneath, channel, locked),
            *lifted(session, Dnc, channel, locked),
        ]
        session.expire_all()
        for reason in sorted({row.reason for row in rows}):
            gone = sorted(row.number for row in rows if row.reason == reason)
            facts = {"channel": channel, "reason": reason, "comment": comment, "source": source}
            note_many(gone, OFF, now, facts)
    return sorted({row.number for row in rows})


def lifted(
    session: Session, model: type[Dnc | DncBeneath], channel: str, numbers: list[str]
) -> Sequence[Any]:
    """Delete all entries of *numbers* but STOPs; returns their numbers and reasons."""
    gone = (
        delete(model)
        .where(
            model.channel == channel,
            one_of(model.number, numbers),
            model.reason != UNSUBSCRIBED,
        )
        .returning(model.number, model.reason)
        .execution_options(synchronize_session=False)
    )
    return session.execute(gone).all()


def note_many(numbers: list[str], change: str, at: datetime, facts: dict[str, str]) -> None:
    rows = [{"number": number} for number in numbers]
    noted = NOTE_MANY.run(rows, **facts, change=change, at=at)
    tell_many(SignalKind.DNC, [(row.number, row.id) for row in noted])
