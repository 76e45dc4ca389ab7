"""What one source put on do-not-contact as unsubscribed elsewhere, such as one import."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from heliograph.db import db, transaction
from heliograph.dnc import (
    ELSEWHERE,
    OFF,
    SMS,
    Dnc,
    DncBeneath,
    entries_beneath,
    locked_entry,
    note_change,
    take_shown_off,
)
from heliograph.dnc_many import BATCH, MODELS


def lift_of_source(source: str, *, comment: str, by: str, channel: str = SMS) -> int:
    """Lift the entries *elsewhere* that *source* made, and no others; returns how many."""
    count = 0
    while numbers := numbers_of_source(source, channel):
        with transaction() as session:
            for number in numbers:
                count += lift_one(
                    session, channel, number, source, {"comment": comment, "source": by}
                )
    return count


def count_of_source(source: str, channel: str = SMS) -> int:
    """How many entries *elsewhere* that *source* made are on the list."""
    counts = [
        select(func.count()).select_from(model).where(*made_by(model, source, channel))
        for model in MODELS
    ]
    return sum(db.session.scalar(count) or 0 for count in counts)


def made_by(
    model: type[Dnc | DncBeneath], source: str, channel: str
) -> tuple[ColumnElement[bool], ...]:
    return (model.channel == channel, model.reason == ELSEWHERE, model.source == source)


def numbers_of_source(source: str, channel: str) -> list[str]:
    """Some of the numbers that have such an entry."""
    found: set[str] = set()
    for model in MODELS:
        mine = select(model.number).where(*made_by(model, source, channel))
        found |= set(db.session.scalars(mine.limit(BATCH)))
    return sorted(found)[:BATCH]


def lift_one(
    session: Session, channel: str, number: str, source: str, told: dict[str, str]
) -> bool:
    shown = locked_entry(session, channel, number)
    if shown is None:
        return False
    if (shown.reason, shown.source) == (ELSEWHERE, source):
        take_shown_off(session, shown)
    else:
        beneath = entries_beneath(session, channel, number)
        mine = [one for one in beneath if (one.reason, one.source) == (ELSEWHERE, source)]
        if not mine:
            return False
        session.delete(mine[0])
    note_change(session, OFF, channel, number, reason=ELSEWHERE, **told)
    return True
