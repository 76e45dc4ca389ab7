"""Filters on dates and times: absolute, relative, in the installation's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from heliograph.contacts import add_custom_field
from heliograph.errors import BadInput
from tests.segments.conftest import Found, Person, where

NOW = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)
PARIS = "Europe/Paris"  # summer time began on 29 March 2026


@pytest.fixture
def joined(person: Person) -> None:
    """When contacts were made, in UTC; in Paris it is one or two hours later."""
    for name, at in (
        ("Ann", datetime(2026, 3, 31, 9, 59, 30, tzinfo=UTC)),
        ("Bea", datetime(2026, 3, 30, 22, 0, tzinfo=UTC)),  # 31 March, 0:00 in Paris
        ("Cem", datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC)),  # 30 March in Paris
        ("Dan", datetime(2026, 3, 24, 11, 0, tzinfo=UTC)),  # noon in Paris, as now
        ("Eve", datetime(2026, 2, 28, 12, 0, tzinfo=UTC)),
        ("Fay", datetime(2025, 3, 30, 22, 30, tzinfo=UTC)),  # 31 March 2025 in Paris
    ):
        person(name, created_at=at)


CREATED: list[Any] = [
    ("on", "today", ["Ann", "Bea"]),
    ("on", "yesterday", ["Cem"]),
    ("on", "2026-03-31", ["Ann", "Bea"]),
    ("on", "31.03.2026", ["Ann", "Bea"]),
    ("on", "-7 days", ["Dan"]),
    ("on", "-1 week", ["Dan"]),
    ("on", "-1 month", ["Eve"]),
    ("before", "today", ["Cem", "Dan", "Eve", "Fay"]),
    ("before", "2026-03-31T11:59:31", ["Ann", "Bea", "Cem", "Dan", "Eve", "Fay"]),
    ("before", "2026-03-31T11:59:30", ["Bea", "Cem", "Dan", "Eve", "Fay"]),
    ("before", "2026-03-31T09:59:30+00:00", ["Bea", "Cem", "Dan", "Eve", "Fay"]),
    ("before", "-1 year", []),
    ("after", "yesterday", ["Ann", "Bea"]),
    ("after", "-1 hour", ["Ann"]),
    ("after", "-1 minute", ["Ann"]),
    ("after", "today", []),
    ("between", ["2026-03-24", "yesterday"], ["Cem", "Dan"]),
    ("between", ["-7 days", "now"], ["Ann", "Bea", "Cem", "Dan"]),
    ("within", "-7 days", ["Ann", "Bea", "Cem", "Dan"]),
    ("within", "-6 days", ["Ann", "Bea", "Cem"]),
    ("within", "-12 hours", ["Ann", "Bea"]),
    ("within", "-1 year", ["Ann", "Bea", "Cem", "Dan", "Eve"]),
    ("within", "+7 days", []),
    ("anniversary", None, ["Fay"]),
    ("anniversary", "today", ["Fay"]),
    ("on", "anniversary", ["Fay"]),
    ("anniversary", "+1 day", []),
    ("empty", None, []),
    ("not_empty", None, ["Ann", "Bea", "Cem", "Dan", "Eve", "Fay"]),
]


@pytest.mark.usefixtures("joined")
def test_each_operator_takes_days_in_the_installations_zone(found: Found) -> None:
    for operator, value, names in CREATED:
        assert found(where("created_at", operator, value), now=NOW, zone=PARIS) == names, (
            operator,
            value,
        )


@pytest.mark.usefixtures("joined")
def test_another_zone_has_other_days(found: Found) -> None:
    assert found(where("created_at", "on", "today"), now=NOW, zone="UTC") == ["Ann"]
    tonga = found(where("created_at", "on", "today"), now=NOW, zone="Pacific/Tongatapu")
    assert tonga == ["Ann", "Bea", "Cem"]


def test_the_time_of_the_last_change_can_be_asked_for(person: Person, found: Found) -> None:
    person("Ann", updated_at=NOW)
    person("Bea", updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert found(where("updated_at", "within", "-1 day"), now=NOW) == ["Ann"]


DAYS: list[Any] = [
    ("on", "2026-03-31", ["Ann"]),
    ("on", "today", ["Ann"]),
    ("on", "now", ["Ann"]),
    ("before", "2026-03-31", ["Bea", "Cem"]),
    ("after", "-1 month", ["Ann", "Dan"]),
    ("between", ["1990-01-01", "today"], ["Ann", "Bea"]),
    ("within", "+7 days", ["Ann", "Dan"]),
    ("within", "-7 days", ["Ann"]),
    ("anniversary", None, ["Bea"]),
    ("anniversary", "+5 days", []),
    ("on", "anniversary", ["Bea"]),
    ("empty", None, ["Eve", "Fay"]),
    ("not_empty", None, ["Ann", "Bea", "Cem", "Dan"]),
]


def test_each_operator_compares_custom_days(person: Person, found: Found) -> None:
    add_custom_field("day", "Day", "date")
    person("Ann", custom={"day": "2026-03-31"})
    person("Bea", custom={"day": "1990-03-31"})
    person("Cem", custom={"day": "1988-12-01"})
    person("Dan", custom={"day": "2026-04-05"})
    person("Eve", custom={"day": None})
    person("Fay")
    for operator, value, names in DAYS:
        assert found(where("day", operator, value), now=NOW, zone=PARIS) == names, (operator, value)


TIMES: list[Any] = [
    ("on", "today", ["Ann"]),
    ("before", "today", ["Bea", "Cem"]),
    ("after", "2026-03-30", ["Ann", "Dan"]),
    ("after", "2026-03-31T23:59", ["Dan"]),
    ("between", ["2025-01-01", "yesterday"], ["Bea", "Cem"]),
    ("within", "-2 days", ["Ann", "Bea"]),
    ("within", "+1 day", ["Dan"]),
    ("anniversary", None, ["Cem"]),
    ("empty", None, ["Eve"]),
]


def test_each_operator_compares_custom_times(person: Person, found: Found) -> None:
    add_custom_field("seen", "Seen", "datetime")
    person("Ann", custom={"seen": "2026-03-30T22:00:00+00:00"})
    person("Bea", custom={"seen": "2026-03-30T21:59:59+00:00"})
    person("Cem", custom={"seen": "2025-03-30T23:00:00+00:00"})
    person("Dan", custom={"seen": "2026-03-31T22:00:00+00:00"})
    person("Eve")
    for operator, value, names in TIMES:
        assert found(where("seen", operator, value), now=NOW, zone=PARIS) == names, (
            operator,
            value,
        )


@pytest.mark.parametrize("kind", ["date", "datetime"])
@pytest.mark.parametrize(
    ("today", "names"),
    [
        (datetime(2026, 2, 28, 12, tzinfo=UTC), ["Leap", "Usual"]),
        (datetime(2028, 2, 28, 12, tzinfo=UTC), ["Usual"]),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), ["Leap"]),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), []),
    ],
)
def test_a_leap_day_comes_round_each_year(
    person: Person, found: Found, kind: str, today: datetime, names: list[str]
) -> None:
    add_custom_field("born", "Born", kind)
    suffix = "" if kind == "date" else "T08:00:00+00:00"
    person("Leap", custom={"born": f"2000-02-29{suffix}"})
    person("Usual", custom={"born": f"1999-02-28{suffix}"})
    assert found(where("born", "anniversary"), now=today, zone="UTC") == names


REFUSED: list[Any] = [
    ("on", "soon", "filters.value", "is not a date"),
    ("on", "2026-02-30", "filters.value", "is not a date"),
    ("on", "31.02.2026", "filters.value", "is not a date"),
    ("on", "2026-03-31 and more", "filters.value", "is not a date"),
    ("on", "0001-01-01", "filters.value", "is out of range"),
    ("on", "9999-12-31", "filters.value", "is out of range"),
    ("on", "-99999 years", "filters.value", "is out of range"),
    ("on", "+99999 months", "filters.value", "is out of range"),
    ("on", 20260331, "filters.value", "is not a date"),
    ("on", None, "filters.value", "is not a date"),
    ("on", ["today"], "filters.value", "is not a date"),
    ("on", "20260331", "filters.value", "is not a date"),
    ("on", "2026-W14-2", "filters.value", "is not a date"),
    ("within", "7 days", "filters.value", "-7 days for the last seven"),
    ("within", "today", "filters.value", "is not a span of time"),
    ("within", "+99999 years", "filters.value", "is out of range"),
    ("between", "today", "filters.value", "is not a pair"),
    ("between", ["today", "soon"], "filters.value[1]", "is not a date"),
    ("between", ["today", "yesterday"], "filters.value", "begins after its end"),
    ("anniversary", "1990-01-01", "filters.value", "is more than a year away"),
    ("is", "today", "filters.operator", "on, before, after, between, within"),
]


def test_what_is_no_date_is_named(person: Person, found: Found) -> None:
    add_custom_field("day", "Day", "date")
    add_custom_field("seen", "Seen", "datetime")
    for operator, value, path, words in REFUSED:
        for field in ("created_at", "day", "seen"):
            with pytest.raises(BadInput) as caught:
                found(where(field, operator, value), now=NOW, zone=PARIS)
            assert caught.value.field == path
            assert words in caught.value.message


def test_a_field_of_days_knows_no_time_of_day(person: Person, found: Found) -> None:
    add_custom_field("day", "Day", "date")
    for operator, value in (("before", "2026-03-31T10:00"), ("within", "-2 hours")):
        with pytest.raises(BadInput, match="is a time of day"):
            found(where("day", operator, value), now=NOW)
