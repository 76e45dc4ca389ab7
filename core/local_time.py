"""Times of day in a zone, right across each change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def at_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which clocks in *zone* first show that time of that day.

    A time that the clocks leap over is the moment after the leap.
    """
    wall = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return found
    return after_leap(wall, zone)


def after_leap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after the clocks leapt over *wall*."""
    low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
