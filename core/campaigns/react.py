"""Reacting: what contacts did, and what became of texts, is taken in at once."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import delete, select, union_all

from heliograph.campaigns.course import Courses
from heliograph.campaigns.decisions import hear
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.heard import read_signals
from heliograph.campaigns.hearing import while_hearing
from heliograph.campaigns.leaving import let_leave
from heliograph.campaigns.models import CampaignLeaver
from heliograph.campaigns.sending import first_news, settle_texts
from heliograph.contacts.changes import note_changed
from heliograph.db import change_rows, db, dialect_name, retried_transaction, table_of, utcnow
from heliograph.lookups import one_of, read_rows
from heliograph.signals import SignalRow

AT_ONCE = 500


def is_called_for() -> bool:
    """Whether there is anything to react to: one look at three short indexes."""
    found = db.session.execute(anything()).first() is not None
    db.session.rollback()
    return found


@cache
def anything() -> Any:
    """Made once: it is asked twice a second."""
    firsts = [select(model.id).limit(1) for model in (SignalRow, CampaignLeaver)]
    looks = [select(one.subquery().c.id) for one in (*firsts, first_news())]
    return union_all(*looks).limit(1)


def react(types: EventTypes, courses: Courses) -> int:
    """Take in all that there is now; returns how many leavers, signals and texts that were."""
    total = 0
    while taken := let_leave() + take_signals(types, courses) + settle_texts(types, courses.get):
        total += taken
    return total


def take_signals(types: EventTypes, courses: Courses) -> int:
    """Decide what signals decide, and delete them, in one transaction."""
    columns = table_of(SignalRow).c
    query = select(columns.id, columns.kind, columns.ref_id).order_by(columns.id).limit(AT_ONCE)
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)
    taken = 0

    def whole() -> None:
        nonlocal taken
        while_hearing()
        rows = read_rows(query)
        taken = len(rows)
        if not rows:
            return
        heard = read_signals(rows)
        note_changed(one.contact_id for one in heard if one.contact_id)
        hear(heard, types, courses.get, utcnow())
        change_rows(delete(SignalRow).where(one_of(SignalRow.id, [row.id for row in rows])))

    retried_transaction(whole)
    return taken
