"""Many numbers put on do-not-contact, or taken off, in a few statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from heliograph.bulk import InsertNew
from heliograph.db import db, transaction, utcnow
from heliograph.dnc import (
    ELSEWHERE,
    OFF,
    ON,
    SMS,
    UNSUBSCRIBED,
    Dnc,
    DncBeneath,
    DncChange,
    check_reason,
    put_on,
    rank,
)
from heliograph.events import SignalKind
from heliograph.lookups import one_of
from heliograph.phone import one_spelling
from heliograph.signals import tell_many

OWN = ("number", "comment", "source")
# what people asked for themselves: only they, or a person of the team, take it back
OWN_WISH = (UNSUBSCRIBED, ELSEWHERE)
BATCH = 1000
SHARED = ("channel", "reason")
ADD_SHOWN = InsertNew(Dnc, (*OWN, "created_at"), shared=SHARED, returning=("number",))
ADD_BENEATH = InsertNew(DncBeneath, (*OWN, "created_at"), shared=SHARED, returning=("number",))
NOTE_MANY = InsertNew(DncChange, OWN, shared=(*SHARED, "change", "at"), returning=("id", "number"))


MODELS: tuple[type[Dnc | DncBeneath], ...] = (Dnc, DncBeneath)


class NewEntry(NamedTuple):
    """A number (E.164) to be put on the list; `since` is now where it is None."""

    number: str
    reason: str
    comment: str = ""
    source: str = ""
    since: datetime | None = None


class Counts(NamedTuple):
    """`new` are not on the list at all, `other` only for another reason, `known` for this one."""

    new: int
    other: int
    known: int


def add_many(
    numbers: Sequence[str], *, reason: str, comment: str = "", source: str = "", channel: str = SMS
) -> list[str]:
    """`add_dnc` for many numbers; returns those that were not on the list for *reason*."""
    check_reason(reason)
    entries = [NewEntry(number, reason, comment, source) for number in numbers]
    with transaction():
        return sorted(entry.number for entry in add_entries(entries, channel=channel))


def add_entries(entries: Sequence[NewEntry], *, channel: str = SMS) -> list[NewEntry]:
    """Put *entries* on the list, in one transaction; returns those that were new.

    Of several with one number and reason the first counts. Raises BadInput on an
    unknown reason, before anything is stored.
    """
    by_reason: dict[str, dict[str, NewEntry]] = {}
    for entry in entries:
        one = entry._replace(number=one_spelling(entry.number))
        by_reason.setdefault(one.reason, {}).setdefault(one.number, one)
    for reason in by_reason:
        check_reason(reason)
    added: list[NewEntry] = []
    with transaction() as session:
        for reason, found in sorted(by_reason.items()):
            ordered = {number: found[number] for number in sorted(found)}
            added += [ordered[number] for number in put_many_on(session, ordered, channel, reason)]
    return added


def put_many_on(
    session: Session, entries: dict[str, NewEntry], channel: str, reason: str
) -> list[str]:
    """All for one reason, by number; returns the numbers that were new."""
    now, new, left = utcnow(), set[str](), set(entries)
    shared = {"channel": channel, "reason": reason}
    rows = {n: row_of(entry) | {"created_at": entry.since or now} for n, entry in entries.items()}
    while left:
        shown = {row.number for row in ADD_SHOWN.run([rows[n] for n in sorted(left)], **shared)}
        listed = locked_reasons(session, channel, sorted(left - shown))
        above = {n for n, other in listed.items() if rank(reason) > rank(other)}
        below = [rows[n] for n, other in listed.items() if n not in above and other != reason]
        new |= shown | {n for n in sorted(above) if put_on(session, rows[n] | shared)}
        new |= {row.number for row in ADD_BENEATH.run(below, **shared)}
        left -= shown | listed.keys()  # what remains was lifted since the insert found it
    note_many([row_of(entries[number]) for number in sorted(new)], ON, now, shared)
    return sorted(new)


def row_of(entry: NewEntry) -> dict[str, Any]:
    return {"number": entry.number, "comment": entry.comment, "source": entry.source}


def locked_reasons(session: Session, channel: str, numbers: list[str]) -> dict[str, str]:
    """The reason shown for each of *numbers* that is listed, locked until the commit."""
    wanted = (Dnc.channel == channel, one_of(Dnc.number, numbers))
    query = select(Dnc.number, Dnc.reason).where(*wanted).order_by(Dnc.number).with_for_update()
    return {row.number: row.reason for row in session.execute(query)}


def count_list(entries: Sequence[NewEntry]) -> Counts:
    """What storing *entries* would do; reads only."""
    new = other = 0
    for begin in range(0, len(entries), BATCH):
        some = entries[begin : begin + BATCH]
        listed = reasons_of([entry.number for entry in some])
        for entry in some:
            reasons = listed.get(entry.number, set())
            new += not reasons
            other += bool(reasons) and entry.reason not in reasons
    return Counts(new, other, len(entries) - new - other)


def reasons_of(numbers: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for model in MODELS:
        wanted = (model.channel == SMS, one_of(model.number, numbers))
        for number, reason in db.session.execute(select(model.number, model.reason).where(*wanted)):
            found.setdefault(number, set()).add(reason)
    return found


def store_list(entries: Sequence[NewEntry], progress: Callable[[int], object] | None = None) -> int:
    """Put all on the list; returns how many entries were new.

    In several transactions: what a crash leaves is on the list, and storing the list
    again adds the rest.
    """
    added = 0
    for begin in range(0, len(entries), BATCH):
        added += len(add_entries(entries[begin : begin + BATCH]))
        if progress is not None:
            progress(begin + BATCH)
    return added


def lift_many(
    numbers: Sequence[str], *, comment: str = "", source: str = "", channel: str = SMS
) -> list[str]:
    """Lift what a bounce or a person of the team put on the list, for many numbers.

    What people asked for themselves stays, here or elsewhere. Returns the numbers of
    which an entry was lifted.
    """
    now = utcnow()
    wanted = sorted({one_spelling(number) for number in numbers})
    with transaction() as session:
        locked = sorted(locked_reasons(session, channel, wanted))
        rows = [
            *lifted(session, DncBeneath, channel, locked),
            *lifted(session, Dnc, channel, locked),
        ]
        session.expire_all()
        told = {"comment": comment, "source": source}
        for reason in sorted({row.reason for row in rows}):
            gone = sorted(row.number for row in rows if row.reason == reason)
            shared = {"channel": channel, "reason": reason}
            note_many([{"number": number, **told} for number in gone], OFF, now, shared)
    return sorted({row.number for row in rows})


def lifted(
    session: Session, model: type[Dnc | DncBeneath], channel: str, numbers: list[str]
) -> Sequence[Any]:
    """Delete all entries of *numbers* but people's own wishes; returns numbers and reasons."""
    gone = (
        delete(model)
        .where(
            model.channel == channel,
            one_of(model.number, numbers),
            model.reason.not_in(OWN_WISH),
        )
        .returning(model.number, model.reason)
        .execution_options(synchronize_session=False)
    )
    return session.execute(gone).all()


def note_many(
    rows: list[dict[str, Any]], change: str, at: datetime, shared: dict[str, str]
) -> None:
    noted = NOTE_MANY.run(rows, **shared, change=change, at=at)
    tell_many(SignalKind.DNC, [(row.number, row.id) for row in noted])
