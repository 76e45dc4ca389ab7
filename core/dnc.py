"""Do-not-contact: kept per number, so that it outlives the contact.

A number may be on the list for several reasons. The entry that is shown lies in
`dnc`, one for each number; the others lie beneath it in `dnc_beneath` and hold
again when the one above is lifted. A STOP is always the one that is shown, and
only a START lifts it, which lifts nothing else. Next comes who unsubscribed elsewhere,
as an imported file says: a person may lift that, a campaign may not.
Entries beneath change under the lock of the shown one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from heliograph.db import Id, Model, UTCDateTime, db, insert_new, transaction, utcnow
from heliograph.errors import BadInput
from heliograph.events import SignalKind
from heliograph.lookups import one_of
from heliograph.phone import one_spelling
from heliograph.signals import tell

SMS = "sms"
UNSUBSCRIBED, BOUNCED, MANUAL = "unsubscribed", "bounced", "manual"
ELSEWHERE = "elsewhere"  # unsubscribed from another system, as an import or a list says
REASONS = (UNSUBSCRIBED, ELSEWHERE, BOUNCED, MANUAL)
RANKS = {UNSUBSCRIBED: 2, ELSEWHERE: 1}  # what people asked for lies above all else
ON, OFF = "on", "off"


class Dnc(Model):
    """The number must not be contacted on the channel: the entry that is shown."""

    __tablename__ = "dnc"

    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (Index("ix_dnc_created_at", "created_at", "number"),)


class DncBeneath(Model):
    """Another reason for which a number of `dnc` is on the list; never a STOP."""

    __tablename__ = "dnc_beneath"

    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(12), primary_key=True)
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


class DncChange(Model):
    """History: each time a number went on (`on`) or off (`off`) the list for a reason."""

    __tablename__ = "dnc_changes"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(32))
    change: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        Index("ix_dnc_changes_number", "number", "id"),
        Index("ix_dnc_changes_at", "at"),
    )


Entry = Dnc | DncBeneath


def add_dnc(
    number: str,
    *,
    reason: str,
    comment: str = "",
    source: str = "",
    channel: str = SMS,
) -> bool:
    """Put *number* (E.164) on the list; True when it was not on it for that reason.

    What ranks higher comes on top of an earlier entry; the rest goes beneath.
    """
    check_reason(reason)
    number = one_spelling(number)
    facts = {"reason": reason, "comment": comment, "source": source}
    with transaction() as session:
        if not put_on(session, {"channel": channel, "number": number, **facts}):
            return False
        note_change(session, ON, channel, number, **facts)
    return True


def check_reason(reason: str) -> None:
    if reason not in REASONS:
        raise BadInput("reason", "is not known", value=reason, mend=f"Use {', '.join(REASONS)}.")


def put_on(session: Session, facts: Mapping[str, Any]) -> bool:
    """Store an entry; False when the number has one for that reason."""
    facts = {"created_at": utcnow(), **facts}
    while not insert_new(Dnc, [facts]):
        shown = locked_entry(session, facts["channel"], facts["number"])
        if shown is None:
            continue  # it was lifted since the insert found it
        if shown.reason == facts["reason"]:
            return False
        if rank(facts["reason"]) <= rank(shown.reason):
            return bool(insert_new(DncBeneath, [facts]))
        insert_new(DncBeneath, [stored(shown)])
        write(shown, facts)
        session.flush()
        return True
    return True


def rank(reason: str) -> int:
    return RANKS.get(reason, 0)


def locked_entry(session: Session, channel: str, number: str) -> Dnc | None:
    """The entry shown for *number*; nobody else changes its entries until the commit."""
    query = select(Dnc).where(Dnc.channel == channel, Dnc.number == number).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def stored(entry: Entry) -> dict[str, Any]:
    names = ("channel", "number", "reason", "comment", "source", "created_at")
    return {name: getattr(entry, name) for name in names}


def write(entry: Entry, facts: Mapping[str, Any]) -> None:
    for name in ("reason", "comment", "source", "created_at"):
        setattr(entry, name, facts[name])


def note_change(
    session: Session,
    change: str,
    channel: str,
    number: str,
    *,
    reason: str,
    comment: str,
    source: str,
) -> None:
    row = DncChange(channel=channel, number=number, change=change)
    row.reason, row.comment, row.source = reason, comment, source
    session.add(row)
    session.flush()
    tell(SignalKind.DNC, ref_id=row.id, number=number)


def lift_dnc(number: str, *, comment: str = "", source: str = "", channel: str = SMS) -> bool:
    """Lift all entries but a STOP, as a person asks; True when there was one.

    A STOP stays: only `lift_stop` takes it away.
    """
    number = one_spelling(number)
    with transaction() as session:
        shown = locked_entry(session, channel, number)
        if shown is None:
            return False
        lifted: list[Entry] = list(entries_beneath(session, channel, number))
        if shown.reason != UNSUBSCRIBED:
            lifted.insert(0, shown)
        for entry in lifted:
            session.delete(entry)
            note_change(
                session, OFF, channel, number, reason=entry.reason, comment=comment, source=source
            )
    return bool(lifted)


def lift_stop(number: str, *, comment: str = "", source: str = "", channel: str = SMS) -> bool:
    """Take a STOP away, as a START asks; the highest entry beneath holds again.

    True when there was a STOP; `find_dnc` tells whether the number is still listed.
    """
    number = one_spelling(number)
    with transaction() as session:
        shown = locked_entry(session, channel, number)
        if shown is None or shown.reason != UNSUBSCRIBED:
            return False
        take_shown_off(session, shown)
        note_change(
            session, OFF, channel, number, reason=UNSUBSCRIBED, comment=comment, source=source
        )
    return True


def take_shown_off(session: Session, shown: Dnc) -> None:
    """The highest entry beneath takes the place of *shown*, if there is one."""
    beneath = entries_beneath(session, shown.channel, shown.number)
    if beneath:
        write(shown, stored(beneath[0]))
        session.delete(beneath[0])
    else:
        session.delete(shown)


def entries_beneath(session: Session, channel: str, number: str) -> list[DncBeneath]:
    """The highest first, of equal ones the earliest."""
    query = select(DncBeneath).where(DncBeneath.channel == channel, DncBeneath.number == number)
    found = session.scalars(query.execution_options(populate_existing=True))
    return sorted(found, key=lambda one: (-rank(one.reason), one.created_at, one.reason))


def carry_dnc(old: str, new: str, *, words: str, source: str) -> bool:
    """Have all entries of *old* hold for *new* as well; True when that changed anything."""
    session, changed = db.session(), False
    shown = session.scalars(select(Dnc).where(Dnc.number == one_spelling(old))).all()
    for top in shown:
        entries: list[Entry] = [*entries_beneath(session, top.channel, top.number), top]
        for entry in entries:
            comment = f"{words} {entry.comment}".strip()
            facts = {"reason": entry.reason, "comment": comment, "source": source}
            changed |= add_dnc(new, channel=entry.channel, **facts)
    return changed


def find_dnc(number: str | None, *, channel: str = SMS) -> Dnc | None:
    """The entry shown for *number*, or None when it may be contacted."""
    return db.session.get(Dnc, (channel, one_spelling(number))) if number else None


def find_beneath(numbers: Iterable[str], *, channel: str = SMS) -> dict[str, list[DncBeneath]]:
    """What lies beneath the entries of *numbers*, the earliest first."""
    wanted = (DncBeneath.channel == channel, one_of(DncBeneath.number, list(numbers)))
    query = select(DncBeneath).where(*wanted).order_by(DncBeneath.created_at, DncBeneath.reason)
    found: dict[str, list[DncBeneath]] = {}
    for entry in db.session.scalars(query):
        found.setdefault(entry.number, []).append(entry)
    return found


def blocked(numbers: Iterable[str], *, channel: str = SMS) -> set[str]:
    """Those of *numbers* that are on the list, in whatever spelling."""
    spelled = {number: one_spelling(number) for number in numbers}
    wanted = one_of(Dnc.number, sorted(set(spelled.values())))
    listed = set(db.session.scalars(select(Dnc.number).where(Dnc.channel == channel, wanted)))
    return {number for number, one in spelled.items() if one in listed}
