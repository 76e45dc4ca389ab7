"""Dates as spreadsheets write them, and which of day and month comes first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from heliograph.errors import BadInput
from heliograph.imports.dates import DAY_FIRST, MONTH_FIRST, in_iso, order_of_region
from tests.imports.reading import read

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        *(("31/12/1985", "1985-12-31"), ("1985/12/31", "1985-12-31"), ("31.12.85", "1985-12-31")),
        *(("1985-12-31", "1985-12-31"), ("31-12-1985", "1985-12-31"), ("12/31/1985", "1985-12-31")),
        *(("03/04/2026", "2026-04-03"), ("3/4/26", "2026-04-03"), ("03.04.2026", "2026-04-03")),
        *(("01/02/36", "2036-02-01"), ("01/02/37", "1937-02-01"), ("1985 12 31", "1985-12-31")),
        *(("31/12/1985 14:05", "1985-12-31T14:05:00"), ("12/31/85 2:05 PM", "1985-12-31T14:05:00")),
        *(("1985-12-31T14:05:00+02:00", "1985-12-31T14:05:00+02:00"), ("19851231", "19851231")),
        *(
            ("1/1/2026 12:00 am", "2026-01-01T00:00:00"),
            ("2026-01-02 03:04", "2026-01-02T03:04:00"),
        ),
    ],
)
def test_a_date_in_many_spellings(text: str, iso: str) -> None:
    assert in_iso(text, DAY_FIRST, today=TODAY) == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        *(("03/04/2026", "2026-03-04"), ("31/12/1985", "1985-12-31"), ("3-4-26", "2026-03-04")),
        ("03.04.2026", "2026-04-03"),  # with points the day comes first everywhere
    ],
)
def test_a_date_where_the_month_comes_first(text: str, iso: str) -> None:
    assert in_iso(text, MONTH_FIRST, today=TODAY) == iso


@pytest.mark.parametrize(
    ("region", "order"),
    [
        *((one, DAY_FIRST) for one in ("FR", "GB", "DE", "BR", "IN", "SE", "XX", "")),
        *((one, MONTH_FIRST) for one in ("US", "PH", "PR", "JP")),
    ],
)
def test_each_country_has_its_order(region: str, order: str) -> None:
    assert order_of_region(region) == order


@pytest.mark.parametrize(
    ("region", "others", "order", "by", "expected"),
    [
        ("FR", [], DAY_FIRST, "region", "2026-04-03"),
        ("US", [], MONTH_FIRST, "region", "2026-03-04"),
        ("US", ["31/12/1985"], DAY_FIRST, "file", "2026-04-03"),
        ("FR", ["12/31/1985"], MONTH_FIRST, "file", "2026-03-04"),
        ("FR", ["12/31/1985", "31/12/1985"], DAY_FIRST, "region", "2026-04-03"),
        ("FR", ["1985-12-31", "31.12.1985"], DAY_FIRST, "region", "2026-04-03"),
    ],
)
def test_the_file_as_a_whole_settles_the_order(
    installation: Flask,
    tmp_path: Path,
    region: str,
    others: list[str],
    order: str,
    by: str,
    expected: str,
) -> None:
    cells = ["03/04/2026", *[""] * 60, *others]  # far behind the rows that a guess goes by
    rows = "".join(f"+336123456{at:02},{cell}\n" for at, cell in enumerate(cells))
    found = read(tmp_path, "mobile,birthday\n" + rows, region=region)
    assert (found.plan.facts.date_order, found.plan.facts.date_by) == (order, by)
    assert found.people[0]["birthday"] == expected


def test_a_person_may_say_the_order(installation: Flask, tmp_path: Path) -> None:
    content = "mobile,birthday\n+33612345601,03/04/2026\n+33612345602,31/12/2026\n"
    found = read(tmp_path, content, date_order=MONTH_FIRST)
    assert found.all("birthday") == ["2026-03-04", "2026-12-31"]
    assert found.plan.facts.date_by == "person"
    with pytest.raises(BadInput, match="day-first or month-first"):
        read(tmp_path, content, date_order="year-first")


def test_a_file_without_such_dates_needs_no_order(installation: Flask, tmp_path: Path) -> None:
    found = read(tmp_path, "mobile,birthday\n+33612345601,2026-04-03\n")
    assert found.plan.facts.date_by == ""


@pytest.mark.parametrize("cell", ["0000-00-00", "31/31/1985", "soon", "00/00/0000", "41234.5"])
@pytest.mark.parametrize("column", ["birthday", "visited"])
def test_what_is_no_date_costs_nobody(
    installation: Flask, tmp_path: Path, column: str, cell: str
) -> None:
    found = read(tmp_path, f"mobile,{column}\n+33612345601,{cell}\n")
    assert (found.numbers, found.all(column)) == (["+33612345601"], [None])
    assert found.remarks == {1: ["not_a_date"]}


def test_times_of_day_are_kept_where_the_field_has_them(
    installation: Flask, tmp_path: Path
) -> None:
    found = read(tmp_path, "mobile,birthday,visited\n+33612345601,31/12/85 10:00,31/12/85 10:00\n")
    assert found.people[0]["birthday"] == "1985-12-31"
    assert found.people[0]["visited"] == "1985-12-31T10:00:00+00:00"
