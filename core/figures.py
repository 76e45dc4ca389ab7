"""Figures by day, for charts: kept up to date by a job, read at once.

A page must not count millions of texts: the job counts the last days anew, from
indexes, and older days stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import Date, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from heliograph.db import Id, Model, UTCDateTime, change_rows, db, transaction, utcnow
from heliograph.deliveries.models import DELIVERED, FAILED, UNDELIVERED, UNKNOWN, Delivery
from heliograph.dnc import UNSUBSCRIBED, DncChange
from heliograph.installation import current_zone
from heliograph.replies.models import Reply

DAYS_ANEW = 3  # a text's last status may come that late
SENT, REPLIES, OPT_OUTS = "sent", "replies", "opt_outs"
FIGURES = (SENT, DELIVERED, UNDELIVERED, FAILED, REPLIES, OPT_OUTS)


class DailyFigure(Model):
    """How many of *name* there were on a day of the installation's zone.

    Texts count on the day they were handed over: `sent` are those a provider
    took, `delivered` and `undelivered` are parts of them, `failed` are others.
    """

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int] = mapped_column(Id, default=0)
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)


def today() -> date:
    return utcnow().astimezone(current_zone()).date()


def refresh_figures() -> str | None:
    """Job: write the figures of the last days, and of days without any, that have changed."""
    for day, counts in changed_days():
        write_day(day, counts)
    return None


def have_figures_changed() -> bool:
    """Whether `refresh_figures` would write anything."""
    return next(changed_days(), None) is not None


def changed_days() -> Iterator[tuple[date, dict[str, int]]]:
    """The days whose counts are not the stored ones, with their counts."""
    last = db.session.scalar(select(func.max(DailyFigure.day)))
    end = today()
    day = min(first_day() if last is None else last, end) - timedelta(days=DAYS_ANEW - 1)
    while day <= end:
        counts = count_day(day)
        if counts != stored_day(day):
            yield day, counts
        day += timedelta(days=1)


def stored_day(day: date) -> dict[str, int]:
    rows = select(DailyFigure.name, DailyFigure.count).where(DailyFigure.day == day)
    return {name: count for name, count in db.session.execute(rows)}  # noqa: C416


def first_day() -> date:
    """The day of the first text, reply or opt-out there is."""
    firsts = [
        db.session.scalar(select(func.min(column)))
        for column in (Delivery.attempted_at, Reply.received_at, DncChange.at)
    ]
    known = [moment for moment in firsts if moment is not None]
    return min(known).astimezone(current_zone()).date() if known else today()


def count_day(day: date) -> dict[str, int]:
    """All figures of the day, zeros too."""
    zone = current_zone()
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    counts = {**texts_between(begin, end), **others_between(begin, end)}
    return {name: counts.get(name, 0) for name in FIGURES}


def write_day(day: date, counts: dict[str, int]) -> None:
    now = utcnow()
    with transaction() as session:
        change_rows(delete(DailyFigure).where(DailyFigure.day == day))
        session.add_all(
            DailyFigure(day=day, name=name, count=count, counted_at=now)
            for name, count in counts.items()
        )


def texts_between(begin: datetime, end: datetime) -> dict[str, int]:
    handed_over = (
        select(Delivery.status, Delivery.accepted_at.is_not(None), func.count())
        .where(Delivery.attempted_at >= begin, Delivery.attempted_at < end)
        .group_by(Delivery.status, Delivery.accepted_at.is_not(None))
    )
    counts: dict[str, int] = {}
    for status, accepted, count in db.session.execute(handed_over):
        taken = bool(accepted) and status != UNKNOWN
        if taken:
            counts[SENT] = counts.get(SENT, 0) + count
        if status in (DELIVERED, UNDELIVERED) or (status == FAILED and not taken):
            counts[status] = counts.get(status, 0) + count
        elif status == FAILED:
            counts[UNDELIVERED] = counts.get(UNDELIVERED, 0) + count
    return counts


def others_between(begin: datetime, end: datetime) -> dict[str, int]:
    replies = select(func.count()).select_from(Reply)
    changes = select(func.count()).select_from(DncChange)
    out = changes.where(DncChange.change == "on", DncChange.reason == UNSUBSCRIBED)
    return {
        REPLIES: db.session.scalar(
            replies.where(Reply.received_at >= begin, Reply.received_at < end)
        )
        or 0,
        OPT_OUTS: db.session.scalar(out.where(DncChange.at >= begin, DncChange.at < end)) or 0,
    }


def read_figures(days: int) -> dict[date, dict[str, int]]:
    """Figures by name of each of the last *days* days, today last."""
    end = today()
    first = end - timedelta(days=days - 1)
    found: dict[date, dict[str, int]] = {
        first + timedelta(days=number): dict.fromkeys(FIGURES, 0) for number in range(days)
    }
    rows = db.session.scalars(
        select(DailyFigure).where(DailyFigure.day >= first, DailyFigure.day <= end)
    )
    for row in rows:
        found[row.day][row.name] = row.count
    return found
