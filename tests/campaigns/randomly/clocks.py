"""When an event happens, worked out from the tables of docs/reference/events.md alone."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Timing = dict[str, Any]
EVERY_DAY = tuple(range(7))
SECOND = timedelta(seconds=1)


def wall(moment: datetime, zone: str) -> datetime:
    """What a clock in *zone* shows, without zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=4096)
def moment_of(shown: datetime, zone: str) -> datetime:
    """The first moment (UTC) at which clocks in *zone* show at least that time of that day.

    So an hour that is leapt over is the moment after the leap, and one that comes twice
    is taken the first time.
    """
    earliest, latest = ((shown.replace(tzinfo=UTC) + timedelta(hours=hours)) for hours in (-27, 27))
    # every offset is a whole number of seconds, and clocks change twice in a day at most:
    # walk in quarters of an hour to the first that shows enough, then halve
    quarter = timedelta(minutes=15)
    while wall(earliest + quarter, zone) < shown and earliest < latest:
        earliest += quarter
    low, high = earliest, earliest + quarter
    while high - low > SECOND:
        middle = low + timedelta(seconds=(high - low) // SECOND // 2)
        low, high = (middle, high) if wall(middle, zone) < shown else (low, middle)
    return high


def clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def days(timing: Timing) -> tuple[int, ...]:
    return tuple(timing.get("weekdays") or EVERY_DAY)


def is_narrowed(timing: Timing) -> bool:
    return bool(timing.get("begin")) or days(timing) != EVERY_DAY


def due(timing: Timing, base: datetime, zone: str) -> datetime:
    """When an event with *timing* happens whose event before is done at *base*."""
    mode = timing.get("mode", "immediate")
    whole_days = False
    at = base
    if mode == "date":
        at = max(base, moment_of(day_and_time(timing), zone))
    elif mode == "interval":
        at, whole_days = later(base, timing["amount"], timing["unit"], zone)
    if not timing.get("hour"):
        return opening(timing, at, zone)
    # that very day, where it was counted in days
    floor = base if whole_days else at
    day = wall(at, zone).date()
    for _ in range(20):
        found = moment_of(datetime.combine(day, clock(timing["hour"])), zone)
        if found >= floor and day.weekday() in days(timing):
            return found
        day += timedelta(days=1)
    raise AssertionError("no such day")


def day_and_time(timing: Timing) -> datetime:
    """Of a date; an hour stands in place of its own time."""
    found = datetime.fromisoformat(timing["date"])
    return datetime.combine(found, clock(timing["hour"])) if timing.get("hour") else found


def later(base: datetime, amount: int, unit: str, zone: str) -> tuple[datetime, bool]:
    """*base* and so much; whether that was counted on the calendar."""
    if unit in ("minutes", "hours"):
        return base + timedelta(**{unit: amount}), False
    shown = wall(base, zone)
    if unit == "months":
        return max(base, moment_of(plus_months(shown, amount), zone)), True
    return max(base, moment_of(shown + timedelta(**{unit: amount}), zone)), True


def plus_months(shown: datetime, amount: int) -> datetime:
    year, month = shown.year + (shown.month - 1 + amount) // 12, (shown.month - 1 + amount) % 12 + 1
    return shown.replace(
        year=year, month=month, day=min(shown.day, calendar.monthrange(year, month)[1])
    )


def is_open(timing: Timing, at: datetime, zone: str) -> bool:
    """Whether *at* is within the hours and on one of the days."""
    shown = wall(at, zone)
    if not timing.get("begin"):
        return shown.weekday() in days(timing)
    return any(
        opens <= shown < closes and day.weekday() in days(timing)
        for day, opens, closes in spans(timing, shown.date() - timedelta(days=1), 2)
    )


def spans(timing: Timing, first: date, count: int) -> list[tuple[date, datetime, datetime]]:
    """The hours of *count* days, as clocks show them; over midnight they belong to the first."""
    begin, end = clock(timing["begin"]), clock(timing["end"])
    found = []
    for number in range(count):
        day = first + timedelta(days=number)
        last = day + timedelta(days=1) if end < begin else day
        found.append((day, datetime.combine(day, begin), datetime.combine(last, end)))
    return found


def opening(timing: Timing, at: datetime, zone: str) -> datetime:
    """*at* within hours and days, else when they open next."""
    if is_open(timing, at, zone):
        return at
    shown = wall(at, zone)
    if not timing.get("begin"):
        while shown.weekday() not in days(timing):
            shown += timedelta(days=1)
        return moment_of(shown, zone)
    for day, opens, closes in spans(timing, shown.date(), 20):
        found = moment_of(opens, zone)
        leapt_over = found >= moment_of(closes, zone)
        if found >= at and day.weekday() in days(timing) and not leapt_over:
            return found
    raise AssertionError("no such hours")


def again(timing: Timing, at: datetime, zone: str) -> datetime:
    """When what was delayed until *at* may go on: a single hour that is past holds up nobody."""
    if not is_narrowed(timing) or is_open(timing, at, zone):
        return at
    if timing.get("hour"):
        return due({"hour": timing["hour"], "weekdays": timing.get("weekdays")}, at, zone)
    return opening(timing, at, zone)


def quiet_end(quiet: str, at: datetime, zone: str) -> datetime:
    """*at*, or when the quiet hours are over in which it lies."""
    if not quiet:
        return at
    begin, end = quiet.split("-")
    span = {"begin": begin, "end": end}
    if not is_open(span, at, zone):
        return at
    shown = wall(at, zone)
    for _, opens, closes in spans(span, shown.date() - timedelta(days=1), 2):
        if opens <= shown < closes:
            # the second time that clocks show it, where the first is past
            return max(moment_of(closes, zone), at + (closes - shown))
    raise AssertionError("it is not quiet")


def free(timing: Timing, quiet: str, at: datetime, zone: str) -> datetime:
    """When a text may go from *at* on: within the hours of its event, beyond the quiet ones.

    Where all of those hours are quiet, when that is over.
    """
    found = at
    for _ in range(4):
        found = again(timing, found, zone)
        over = quiet_end(quiet, found, zone)
        if over == found:
            return found
        found = over
    return quiet_end(quiet, at, zone)
