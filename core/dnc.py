"""Do-not-contact: kept per number, so that it outlives the contact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.bulk import InsertNew
from core.db import Id, Model, UTCDateTime, db, insert_new, transaction, utcnow
from core.errors import BadInput
from core.events import SignalKind
from core.lookups import one_of
from core.signals import tell, tell_many

SMS = "sms"
UNSUBSCRIBED, BOUNCED, MANUAL = "unsubscribed", "bounced", "manual"
REASONS = (UNSUBSCRIBED, BOUNCED, MANUAL)


class Dnc(Model):
    """The number must not be contacted on the channel."""

    __tablename__ = "dnc"

    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (Index("ix_dnc_created_at", "created_at", "number"),)


class DncChange(Model):
    """History: each time a number went on (`on`) or off (`off`) the list."""

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


def add_dnc(
    number: str,
    *,
    reason: str,
    comment: str = "",
    source: str = "",
    channel: str = SMS,
) -> bool:
    """Put *number* (E.164) on the list; True when it was not on it before."""
    if reason not in REASONS:
        raise BadInput("reason", "is not known", value=reason, mend=f"Use {', '.join(REASONS)}.")
    facts = {
        "channel": channel,
        "number": number,
        "reason": reason,
        "comment": comment,
        "source": source,
    }
    with transaction() as session:
        if not insert_new(Dnc, [facts | {"created_at": utcnow()}]):
            return False
        change = DncChange(change="on", **facts)
        session.add(change)
        session.flush()
        tell(SignalKind.DNC, ref_id=change.id, number=number)
    return True


def lift_dnc(
    number: str, *, reason: str = MANUAL, comment: str = "", source: str = "", channel: str = SMS
) -> bool:
    """Take *number* off the list; True when it was on it."""
    with transaction() as session:
        entry = session.get(Dnc, (channel, number))
        if entry is None:
            return False
        session.delete(entry)
        session.add(
            DncChange(
                channel=channel,
                number=number,
                change="off",
                reason=reason,
                comment=comment,
                source=source,
            )
        )
        session.flush()
    return True


def find_dnc(number: str | None, *, channel: str = SMS) -> Dnc | None:
    """The entry of *number*, or None when it may be contacted."""
    return db.session.get(Dnc, (channel, number)) if number else None


def blocked(numbers: Iterable[str], *, channel: str = SMS) -> set[str]:
    """Those of *numbers* that are on the list."""
    wanted = select(Dnc.number).where(Dnc.channel == channel, one_of(Dnc.number, list(numbers)))
    return set(db.session.scalars(wanted))


def add_many(
    numbers: Sequence[str], *, reason: str, comment: str = "", source: str = "", channel: str = SMS
) -> list[str]:
    """Put *numbers* on the list in one go; returns those that were not on it before."""
    now = utcnow()
    facts = {"channel": channel, "reason": reason, "comment": comment, "source": source}
    rows = [{"number": number} for number in numbers]
    with transaction():
        new = sorted(row.number for row in ADD_MANY.run(rows, **facts, created_at=now))
        changes = [{"number": number} for number in new]
        noted = NOTE_MANY.run(changes, **facts, change="on", at=now)
        tell_many(SignalKind.DNC, [(row.number, row.id) for row in noted])
    return new


def lift_many(
    numbers: Sequence[str],
    *,
    spared: Collection[str] = (),
    comment: str = "",
    source: str = "",
    channel: str = SMS,
) -> list[str]:
    """Take *numbers* off the list in one go, but for the reasons *spared*; returns those."""
    now = utcnow()
    lifted = (
        delete(Dnc)
        .where(Dnc.channel == channel, one_of(Dnc.number, numbers), Dnc.reason.not_in(spared))
        .returning(Dnc.number, Dnc.reason)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        rows = sorted(session.execute(lifted).all())
        session.expire_all()
        for reason in {row.reason for row in rows}:
            changes = [{"number": row.number} for row in rows if row.reason == reason]
            facts = {"channel": channel, "reason": reason, "comment": comment, "source": source}
            NOTE_MANY.run(changes, **facts, change="off", at=now)
    return [row.number for row in rows]


FACTS = ("channel", "reason", "comment", "source")
ADD_MANY = InsertNew(Dnc, ("number",), shared=(*FACTS, "created_at"), returning=("number",))
NOTE_MANY = InsertNew(
    DncChange, ("number",), shared=(*FACTS, "change", "at"), returning=("id", "number")
)
