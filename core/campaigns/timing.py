"""When an event is due: pure, and right across each change of the clocks.

Days and longer are counted on the wall clock, minutes and hours in real time. A
time of day that the clocks leap over is taken as the moment after the leap, one
that comes twice as the first.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from heliograph.campaigns.canvas import Timing
from heliograph.events import LONGEST
from heliograph.local_time import at_clock

ON_CLOCK = {"minutes": 60, "hours": 3600}  # seconds
ALL_DAYS = frozenset(range(7))
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A timing that was read: nothing in it can be wrong any more."""

    mode: str
    amount: int
    unit: str
    date: datetime | None
    hour: time | None
    window: tuple[time, time] | None
    days: frozenset[int]

    @property
    def by_zone(self) -> bool:
        """Whether it depends on where the contact lives."""
        if self.date or self.hour or self.window or self.days != ALL_DAYS:
            return True
        return self.mode == "interval" and self.amount > 0 and self.unit not in ON_CLOCK

    @property
    def is_narrowed(self) -> bool:
        """Whether it is kept to some hours or days."""
        return self.window is not None or self.days != ALL_DAYS

    @property
    def seconds(self) -> float:
        """How long it takes at least, roughly: for what must not be too quick."""
        if self.mode != "interval":
            return 0.0
        each = {**ON_CLOCK, "days": 86_400, "weeks": 604_800, "months": 2_419_200}
        return float(self.amount * each[self.unit])


class BadTiming(ValueError):
    """A timing that cannot be used: its field, and the mend."""

    def __init__(self, field: str, problem: str, mend: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field, self.problem, self.mend = field, problem, mend


def read_timing(timing: Timing) -> Plan:
    """*timing* as a plan; raises BadTiming with the mend."""
    most = LONGEST[timing.unit]
    if timing.mode == "interval" and not 0 <= timing.amount <= most:
        mend = f"Use 0 to {most} {timing.unit}."
        raise BadTiming("amount", f"{timing.amount} is out of range", mend)
    if any(day not in ALL_DAYS for day in timing.weekdays):
        raise BadTiming("weekdays", "are out of range", "Use 0 for Monday to 6 for Sunday.")
    window = read_window(timing)
    if timing.hour and window:
        mend = "Choose an hour, or from when to when."
        raise BadTiming("hour", "and a span of hours are both given", mend)
    return Plan(
        timing.mode,
        timing.amount if timing.mode == "interval" else 0,
        timing.unit,
        read_date(timing.date) if timing.mode == "date" else None,
        read_clock("hour", timing.hour) if timing.hour else None,
        window,
        frozenset(timing.weekdays) or ALL_DAYS,
    )


def read_window(timing: Timing) -> tuple[time, time] | None:
    if not timing.begin and not timing.end:
        return None
    if not timing.begin or not timing.end:
        missing = "begin" if timing.end else "end"
        raise BadTiming(missing, "is missing", "Give from when to when, such as 09:00 to 17:00.")
    begin, end = read_clock("begin", timing.begin), read_clock("end", timing.end)
    if begin == end:
        mend = "Let it end later than it begins, or leave both out for the whole day."
        raise BadTiming("end", f"{timing.end} leaves no time at all", mend)
    return begin, end


def read_clock(field: str, text: str) -> time:
    """A time of day out of 9:05 or 09:05."""
    hours, _, minutes = text.strip().partition(":")
    digits = all(part.isascii() and part.isdecimal() for part in (hours, minutes))
    if digits and len(hours) <= 2 and len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    raise BadTiming(field, f"{text!r} is no time of day", "Use 00:00 to 23:59.")


def read_date(text: str | None) -> datetime:
    """A day and time without zone."""
    if not text:
        raise BadTiming("date", "is missing", "Choose the day and the time.")
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        mend = "Use a day and a time such as 2026-12-01T10:00."
        raise BadTiming("date", f"{text!r} is no date", mend) from None
    if found.tzinfo is not None:
        mend = "Leave the zone out: it holds on each contact's own clock."
        raise BadTiming("date", f"{text!r} has a zone", mend)
    if not 1970 <= found.year <= 2200:
        raise BadTiming("date", f"{text!r} is out of range", "Use a year from 1970 to 2200.")
    return found


def due(plan: Plan, base: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) from *base* on, at which *plan* lets the event happen."""
    base = base.astimezone(UTC)
    if plan.date is not None:
        # an hour stands for the time of day that the date has itself
        set_for = at_clock(plan.date.date(), plan.hour or plan.date.time(), zone)
        at, on_days = max(base, set_for), False
    else:
        at, on_days = moved(plan, base, zone)
    if plan.hour is None:
        return fitting(plan, at, zone)
    # so many days later at ten is that day at ten, whatever the time is now
    floor = base if on_days else at
    for day in days_from(at.astimezone(zone).date()):
        found = at_clock(day, plan.hour, zone)
        if found >= floor and day.weekday() in plan.days:
            return found
    raise AssertionError("a week without a day")


def reopened(plan: Plan, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) from *now* on, within the hours and days of *plan*.

    For what was delayed: on the right day, an hour that is past holds nothing up.
    """
    now = now.astimezone(UTC)
    if plan.hour is None or now.astimezone(zone).weekday() in plan.days:
        return fitting(plan, now, zone)
    return due(replace(plan, mode="immediate", amount=0, date=None), now, zone)


def moved(plan: Plan, base: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """*base* and the interval; whether that was counted in days."""
    if plan.mode != "interval" or plan.amount == 0:
        return base, False
    if plan.unit in ON_CLOCK:
        return base + timedelta(seconds=plan.amount * ON_CLOCK[plan.unit]), False
    local = base.astimezone(zone)
    if plan.unit == "months":
        day = by_months(local.date(), plan.amount)
    else:
        day = local.date() + timedelta(days=plan.amount * (7 if plan.unit == "weeks" else 1))
    return max(base, at_clock(day, local.time(), zone)), True


def by_months(day: date, count: int) -> date:
    """The same day of another month, or that month's last."""
    years, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def fitting(plan: Plan, at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from *at* on, on one of the days and within the hours."""
    local = at.astimezone(zone)
    if plan.window is None:
        for day in days_from(local.date()):
            if day.weekday() in plan.days:
                return at if day == local.date() else at_clock(day, local.time(), zone)
        raise AssertionError("a week without a day")
    begin, end = plan.window
    if is_within(begin, end, plan.days, local):
        return at
    for day in days_from(local.date()):
        # its end in the mind: clocks may leap over the whole of it
        opens = at_clock(day, begin, zone)
        closes = at_clock(day + timedelta(days=1 if end < begin else 0), end, zone)
        if opens >= at and day.weekday() in plan.days and opens < closes:
            return opens
    raise AssertionError("a week without a day")


def is_within(begin: time, end: time, days: frozenset[int], local: datetime) -> bool:
    """Whether the hours are open; those over midnight belong to the day they began."""
    clock, day = local.time(), local.date()
    if begin < end:
        return begin <= clock < end and day.weekday() in days
    if clock >= begin:
        return day.weekday() in days
    return clock < end and (day - timedelta(days=1)).weekday() in days


def days_from(day: date) -> Iterator[date]:
    # two weeks: one of its days may be past, or without the hours at all
    return (day + timedelta(days=number) for number in range(16))
