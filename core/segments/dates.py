"""Conditions on dates and times, taken in the installation's zone."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_

from heliograph.contacts.fields import Field
from heliograph.contacts.models import Contact
from heliograph.segments.conditions import Clause, Operand, Operator, both
from heliograph.segments.moments import (
    Moment,
    check_order,
    midnight,
    read_day,
    read_moment,
    read_span,
)
from heliograph.segments.texts import blank

FIRST_YEAR = 1900  # no anniversary of anything earlier
FIRST_STAMP = 1970  # nor of a time that a computer stamped
YEAR = 366


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of times. `form` writes a time of UTC as the column holds it."""

    column: ColumnElement[Any]
    form: Callable[[datetime], Any]
    first_year: int = FIRST_YEAR

    def read(self, operand: Operand) -> tuple[Any, Any]:
        """First and following bound of what a value means."""
        return self.bounds(read_moment(operand))

    def bounds(self, moment: Moment) -> tuple[Any, Any]:
        return self.form(moment.first), self.form(moment.after)

    def on(self, operand: Operand) -> Clause:
        if operand.raw == "anniversary":
            return self.anniversary(replace(operand, raw="today"))
        return self.during(*self.read(operand))

    def before(self, operand: Operand) -> Clause:
        clause: Clause = self.column < self.read(operand)[0]
        return clause

    def after(self, operand: Operand) -> Clause:
        clause: Clause = self.column >= self.read(operand)[1]
        return clause

    def between(self, operand: Operand) -> Clause:
        ends = operand.pair()
        first, last = (read_moment(end) for end in ends)
        check_order(operand, first, last)
        return self.during(self.read(ends[0])[0], self.read(ends[1])[1])

    def within(self, operand: Operand) -> Clause:
        begin, end = read_span(operand)
        return and_(self.column >= self.form(begin), self.column <= self.form(end))

    def during(self, low: Any, high: Any) -> Clause:
        return and_(self.column >= low, self.column < high)

    def anniversary(self, operand: Operand) -> Clause:
        """The day comes round again: today's, or the given day's, in an earlier year."""
        day, zone = anniversary_day(operand), operand.scope.zone
        ranges = [
            self.during(
                self.form(midnight(one, zone)),
                self.form(midnight(one + timedelta(days=1), zone)),
            )
            for one in earlier_days(day, self.first_year)
        ]
        return or_(*ranges)


class Days(Dates):
    """A column of days, written 2026-11-23."""

    __slots__ = ()

    def read(self, operand: Operand) -> tuple[Any, Any]:
        # now is a time, but what happens on it happens today
        day = read_day(replace(operand, raw="today") if operand.raw == "now" else operand)
        return day.isoformat(), (day + timedelta(days=1)).isoformat()

    def within(self, operand: Operand) -> Clause:
        span = read_span(operand)
        read_day(operand)  # refuses minutes and hours
        begin, end = (at.astimezone(operand.scope.zone).date().isoformat() for at in span)
        return and_(self.column >= begin, self.column <= end)

    def anniversary(self, operand: Operand) -> Clause:
        day = anniversary_day(operand)
        wanted = [day.strftime("%m-%d")]
        if wanted == ["02-28"] and not isleap(day.year):
            wanted.append("02-29")
        # of what did not happen yet there is no anniversary
        earlier = self.column < f"{day.year:04}"
        return and_(func.substr(self.column, 6, 5).in_(wanted), earlier)


def field_operators(field: Field) -> dict[str, Operator]:
    """Operators of a custom field that holds a date, or a date and time."""
    column = Contact.custom[field.alias].as_string()
    if field.kind == "date":
        return date_operators(Days(column, str))
    return date_operators(Dates(column, utc_text))


def column_operators(column: ColumnElement[Any]) -> dict[str, Operator]:
    """Operators of a UTC time column."""
    return date_operators(Dates(column, lambda at: at, FIRST_STAMP))


def date_operators(dates: Dates) -> dict[str, Operator]:
    return {
        "on": Operator(dates.on),
        "before": Operator(dates.before),
        "after": Operator(dates.after),
        "between": Operator(dates.between),
        "within": Operator(dates.within),
        "anniversary": Operator(dates.anniversary),
        **both("empty", "not_empty", lambda _: dates_blank(dates), bare=True),
    }


def dates_blank(dates: Dates) -> Clause:
    if dates.form is utc_text or isinstance(dates, Days):
        return blank(dates.column)
    return dates.column.is_(None)


def utc_text(at: datetime) -> str:
    """As contacts keep it: of one length, so that it sorts as text."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def anniversary_day(operand: Operand) -> date:
    if operand.raw is None:
        operand = replace(operand, raw="today")
    day = read_day(operand)
    if abs(day - operand.scope.now.date()) > timedelta(days=YEAR):
        raise operand.refused("is more than a year away", "Use today, tomorrow or +3 days.")
    return day


def earlier_days(day: date, first_year: int) -> list[date]:
    """*day* in each earlier year; 28 February also stands for 29 where there is none."""
    found = []
    for year in range(first_year, day.year):
        if (day.month, day.day) != (2, 29) or isleap(year):
            found.append(day.replace(year=year))
        if (day.month, day.day) == (2, 28) and not isleap(day.year) and isleap(year):
            found.append(date(year, 2, 29))
    return found
