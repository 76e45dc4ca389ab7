"""Days and times as filters write them: absolute, or relative to now."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from heliograph.contacts.values import moment as parse_moment
from heliograph.segments.conditions import Operand

DATE = re.compile(r"(\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4})([t ].+)?", re.ASCII)
RELATIVE = re.compile(r"([+-])\s?(\d{1,5})\s*(minute|hour|day|week|month|year)s?", re.ASCII)
NAMED = {"today": 0, "yesterday": -1, "tomorrow": 1}
MEND = "Use 2026-11-23, 2026-11-23T14:05, today, yesterday, tomorrow, now, -7 days or +3 months."
SPAN_MEND = "Use -7 days for the last seven or +7 days for the next; minutes to years."
OUT = ("is out of range", "Use a date between 1900 and 9000.")


@dataclass(frozen=True, slots=True)
class Moment:
    """From `first` until just before `after`, in UTC: a whole day, or one second.

    `day` is None for a time of day.
    """

    first: datetime
    after: datetime
    day: date | None = None


def read_moment(operand: Operand) -> Moment:
    """The day or time that a value means, in the zone of the scope; raises BadInput."""
    text = word(operand)
    now, zone = operand.scope.now, operand.scope.zone
    relative = RELATIVE.fullmatch(text)
    try:
        if text == "now":
            return second(now)
        if text in NAMED:
            return whole_day(now.astimezone(zone).date() + timedelta(days=NAMED[text]), zone)
        if relative:
            at = shifted(now.astimezone(zone), relative)
            in_time = relative[3] in ("minute", "hour")
            return second(at) if in_time else whole_day(at.astimezone(zone).date(), zone)
        return absolute(text, zone)
    except OverflowError:
        raise operand.refused(*OUT) from None
    except ValueError:
        raise operand.refused("is not a date", MEND) from None


def absolute(text: str, zone: ZoneInfo) -> Moment:
    """Of a date with or without a time; raises ValueError."""
    match = DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    at = parse_moment(text.upper())
    if match[2] is None:
        return whole_day(at.date(), zone)
    return second(at if at.tzinfo else at.replace(tzinfo=zone))


def word(operand: Operand) -> str:
    if not isinstance(operand.raw, str):
        raise operand.refused("is not a date", MEND)
    return operand.text().lower()


def read_day(operand: Operand) -> date:
    """A whole day; raises BadInput for a time of day."""
    found = read_moment(operand)
    if found.day is None:
        raise operand.refused("is a time of day", "Use a day, such as 2026-11-23 or -7 days.")
    return found.day


def read_span(operand: Operand) -> tuple[datetime, datetime]:
    """`-7 days` is from seven days ago until now, `+7 days` from now on; in UTC."""
    relative = RELATIVE.fullmatch(word(operand))
    if relative is None:
        raise operand.refused("is not a span of time", SPAN_MEND)
    now = operand.scope.now
    try:
        other = shifted(now.astimezone(operand.scope.zone), relative).astimezone(UTC)
    except (OverflowError, ValueError):
        raise operand.refused(*OUT) from None
    return min(now, other), max(now, other)


def shifted(local: datetime, relative: re.Match[str]) -> datetime:
    """*local* moved; days and longer keep the time on the clock."""
    count, unit = int(relative[1] + relative[2]), relative[3]
    if unit == "minute":
        return local.astimezone(UTC) + timedelta(minutes=count)
    if unit == "hour":
        return local.astimezone(UTC) + timedelta(hours=count)
    if unit in ("day", "week"):
        return local + timedelta(days=count * (7 if unit == "week" else 1))
    return by_months(local, count * (12 if unit == "year" else 1))


def by_months(local: datetime, count: int) -> datetime:
    """The same day of another month, or that month's last."""
    years, month = divmod(local.month - 1 + count, 12)
    year, month = local.year + years, month + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    return local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1]))


def whole_day(day: date, zone: ZoneInfo) -> Moment:
    return Moment(midnight(day, zone), midnight(day + timedelta(days=1), zone), day)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def second(at: datetime) -> Moment:
    at = at.astimezone(UTC)
    return Moment(at, at + timedelta(seconds=1))


def check_order(operand: Operand, first: Moment, last: Moment) -> None:
    if first.first > last.first:
        raise operand.refused("begins after its end", "Use [earlier, later].")
