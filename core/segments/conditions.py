"""Conditions on the fields of a contact, by the kind of the field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, cast, func, not_, or_

from core.contacts.fields import Field
from core.contacts.models import NUMBER_INVALID, NUMBER_OK, Contact
from core.errors import BadInput

TEXT_OPERATORS = (
    "is",
    "is_not",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "in",
    "not_in",
    "empty",
    "not_empty",
)
NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "between", "empty", "not_empty")
DATE_OPERATORS = (
    "on",
    "before",
    "after",
    "between",
    "within",
    "anniversary",
    "empty",
    "not_empty",
)
BOOLEAN_OPERATORS = ("is", "empty", "not_empty")

# columns of Contact that are no fields
COLUMNS = ("created_at", "updated_at", "number_status")
RELATIVE = re.compile(r"([+-]?\d{1,5})\s*(day|week|month|year|hour)s?")
UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
# where custom fields keep a time, it is ISO text in UTC and sorts as text


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as it was written; `path` is its place in the tree."""

    path: str
    field: str
    operator: str
    value: Any
    now: datetime
    zone: ZoneInfo

    def refuse(self, what: str, problem: str, mend: str) -> BadInput:
        value = self.operator if what == "operator" else self.value
        return BadInput(f"{self.path}.{what}", problem, value=value, mend=mend)

    def check_operator(self, allowed: tuple[str, ...]) -> None:
        if self.operator not in allowed:
            raise self.refuse(
                "operator", f"does not fit {self.field}", f"Use one of {', '.join(allowed)}."
            )

    def texts(self) -> list[str]:
        """The value as a list of texts."""
        if not isinstance(self.value, list) or not self.value:
            raise self.refuse("value", "is no list", 'Use ["a", "b"].')
        return [str(item) for item in self.value]

    def pair(self) -> tuple[Any, Any]:
        if not isinstance(self.value, list) or len(self.value) != 2:
            raise self.refuse("value", "is no pair", "Use [from, to].")
        return self.value[0], self.value[1]


def build_field(condition: Condition, field: Field) -> ColumnElement[bool]:
    """SQL for a standard or custom field."""
    if field.kind == "number":
        return build_number(condition, Contact.custom[field.alias].as_float(), field)
    if field.kind == "boolean":
        return build_boolean(condition, Contact.custom[field.alias].as_boolean())
    column = (
        Contact.custom[field.alias].as_string() if field.custom else getattr(Contact, field.alias)
    )
    if field.kind in ("date", "datetime"):
        return build_iso_date(condition, column, field)
    return build_text(condition, column, field)


def build_column(condition: Condition) -> ColumnElement[bool]:
    """SQL for created_at, updated_at and number_status."""
    if condition.field != "number_status":
        return build_moment(condition, getattr(Contact, condition.field))
    condition.check_operator(("is", "is_not"))
    if condition.value not in (NUMBER_OK, NUMBER_INVALID):
        raise condition.refuse("value", "is no status", f"Use {NUMBER_OK} or {NUMBER_INVALID}.")
    same: ColumnElement[bool] = Contact.number_status == condition.value
    return same if condition.operator == "is" else not_(same)


def build_text(
    condition: Condition, column: ColumnElement[Any], field: Field
) -> ColumnElement[bool]:
    condition.check_operator(TEXT_OPERATORS)
    low = func.lower(func.coalesce(column, ""))
    operator = condition.operator
    if operator in ("empty", "not_empty"):
        return low == "" if operator == "empty" else low != ""
    if operator in ("in", "not_in"):
        wanted = [typed(condition, field, item).lower() for item in condition.texts()]
        return low.in_(wanted) if operator == "in" else low.not_in(wanted)
    if isinstance(condition.value, list | dict | bool) or condition.value is None:
        raise condition.refuse("value", f"is no text for {condition.field}", "Use a text.")
    if operator in ("is", "is_not"):
        value = typed(condition, field, str(condition.value)).lower()
        return low == value if operator == "is" else low != value
    text = str(condition.value).lower()
    matches: dict[str, Callable[[], ColumnElement[bool]]] = {
        "contains": lambda: low.contains(text, autoescape=True),
        "not_contains": lambda: not_(low.contains(text, autoescape=True)),
        "starts_with": lambda: low.startswith(text, autoescape=True),
        "ends_with": lambda: low.endswith(text, autoescape=True),
    }
    return matches[operator]()


def typed(condition: Condition, field: Field, value: str) -> str:
    """The value as the field would store it, so that `FR` finds `fr` and numbers fit."""
    if field.kind not in ("phone", "country", "choice"):
        return value
    try:
        return str(field.parse(value) or "")
    except BadInput as error:
        raise condition.refuse("value", error.problem, error.mend) from None


def build_number(
    condition: Condition, column: ColumnElement[Any], field: Field
) -> ColumnElement[bool]:
    condition.check_operator(NUMBER_OPERATORS)
    operator = condition.operator
    if operator in ("empty", "not_empty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    if operator == "between":
        low, high = condition.pair()
        return column.between(number(condition, low), number(condition, high))
    value = number(condition, condition.value)
    if operator == "!=":
        return or_(column != value, column.is_(None))
    compare: dict[str, ColumnElement[bool]] = {
        "=": column == value,
        "<": column < value,
        "<=": column <= value,
        ">": column > value,
        ">=": column >= value,
    }
    return compare[operator]


def number(condition: Condition, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise condition.refuse("value", f"is no number for {condition.field}", "Use 42 or 4.2.")
    try:
        return float(value)
    except ValueError:
        raise condition.refuse(
            "value", f"is no number for {condition.field}", "Use 42 or 4.2."
        ) from None


def build_boolean(condition: Condition, column: ColumnElement[Any]) -> ColumnElement[bool]:
    condition.check_operator(BOOLEAN_OPERATORS)
    if condition.operator in ("empty", "not_empty"):
        empty = condition.operator == "empty"
        return column.is_(None) if empty else column.is_not(None)
    if not isinstance(condition.value, bool):
        raise condition.refuse("value", "is neither true nor false", "Use true or false.")
    # what was never answered counts as no
    return column.is_(True) if condition.value else or_(column.is_(False), column.is_(None))


def build_moment(condition: Condition, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """A condition on a UTC time column."""
    condition.check_operator(tuple(item for item in DATE_OPERATORS if item != "anniversary"))
    return by_span(condition, column, lambda moment: moment)


def build_iso_date(
    condition: Condition, column: ColumnElement[Any], field: Field
) -> ColumnElement[bool]:
    """A condition on a custom date or time, which is kept as ISO text."""
    condition.check_operator(DATE_OPERATORS)
    if condition.operator == "anniversary":
        return build_anniversary(condition, column)

    def iso(moment: datetime) -> str:
        if field.kind == "date":
            return moment.astimezone(condition.zone).date().isoformat()
        return moment.isoformat(timespec="seconds")

    return by_span(condition, cast(column, String), iso)


def build_anniversary(condition: Condition, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Month and day are those of today, or of the given day relative to it."""
    day = local_day(condition, condition.value if condition.value is not None else "today")
    days = [day.strftime("-%m-%d")]
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    if days[0] == "-02-28" and not leap:
        days.append("-02-29")
    return func.substr(cast(column, String), 5, 6).in_(days)


def by_span(
    condition: Condition, column: ColumnElement[Any], form: Callable[[datetime], Any]
) -> ColumnElement[bool]:
    """Compare with days in the installation's zone, begin inclusive, end exclusive."""
    operator = condition.operator
    if operator in ("empty", "not_empty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    if operator == "within":
        begin, end = within(condition)
        return and_(column >= form(begin), column <= form(end))
    if operator == "between":
        low, high = condition.pair()
        first, last = local_day(condition, low), local_day(condition, high)
    else:
        first = last = local_day(condition, condition.value)
    begin = datetime.combine(first, time(), condition.zone).astimezone(condition.now.tzinfo)
    end = datetime.combine(last + timedelta(days=1), time(), condition.zone)
    end = end.astimezone(condition.now.tzinfo)
    spans: dict[str, ColumnElement[bool]] = {
        "before": column < form(begin),
        "after": column >= form(end),
    }
    return spans.get(operator, and_(column >= form(begin), column < form(end)))


def within(condition: Condition) -> tuple[datetime, datetime]:
    """`-7 days` is the last seven days, `+7 days` the next seven."""
    match = RELATIVE.fullmatch(str(condition.value).strip().lower())
    if match is None:
        raise condition.refuse("value", "is no span of time", "Use -7 days or +1 month.")
    count = int(match[1])
    if match[2] == "hour":
        other = condition.now + timedelta(hours=count)
    else:
        other = condition.now + timedelta(days=count * UNIT_DAYS[match[2]])
    return min(other, condition.now), max(other, condition.now)


def local_day(condition: Condition, value: object) -> date:
    """A day: ISO 8601, today, yesterday, tomorrow, or `-7 days` from today."""
    today = condition.now.astimezone(condition.zone).date()
    text = str(value).strip().lower()
    named = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        return today + timedelta(days=named[text])
    match = RELATIVE.fullmatch(text)
    if match is not None and match[2] != "hour":
        return today + timedelta(days=int(match[1]) * UNIT_DAYS[match[2]])
    try:
        return date.fromisoformat(text[:10]) if isinstance(value, str) else fail()
    except ValueError:
        raise condition.refuse(
            "value", f"is no date for {condition.field}", "Use 2026-11-23, today or -7 days."
        ) from None


def fail() -> date:
    raise ValueError
