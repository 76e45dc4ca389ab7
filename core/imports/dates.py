"""Dates as spreadsheets write them, and whether the day or the month comes first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from heliograph.contacts.fields import Field
from heliograph.db import utcnow
from heliograph.errors import BadInput
from heliograph.imports.rows import read_batches
from heliograph.imports.source import Source

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
ORDERS = (DAY_FIRST, MONTH_FIRST)
BY_FILE, BY_REGION, BY_PERSON = "file", "region", "person"
KINDS = ("date", "datetime")
BATCH = 5_000
AHEAD = 10  # years that a date with two digits of the year may lie in the future

YEAR_FIRST = re.compile(r"(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})")
YEAR_LAST = re.compile(r"(\d{1,2})([-./ ])(\d{1,2})\2(\d{4}|\d{2})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)? ?([ap])?\.?m?\.?", re.IGNORECASE)
END = r"[-/](?:\d{4}|\d{2})(?!\d)"
DAY = re.compile(rf"^[ ]*(?:1[3-9]|2\d|3[01])[-/]\d{{1,2}}{END}", re.MULTILINE)
MONTH = re.compile(rf"^[ ]*\d{{1,2}}[-/](?:1[3-9]|2\d|3[01]){END}", re.MULTILINE)
OPEN = re.compile(rf"^[ ]*(0?[1-9]|1[0-2])[-/](?!\1[-/])(?:0?[1-9]|1[0-2]){END}", re.MULTILINE)


class Evidence(NamedTuple):
    """What the dates of a file say: some must be *day* first, *month* first, or are *open*."""

    day: bool = False
    month: bool = False
    open: bool = False

    @property
    def settled(self) -> str:
        """The order of all dates of the file, "" when they leave it open or contradict."""
        if self.day == self.month:
            return ""
        return DAY_FIRST if self.day else MONTH_FIRST


class DateOrder(NamedTuple):
    """`by` is file, region or person; "" where no date needs an order."""

    order: str
    by: str = ""


def decide_order(evidence: Evidence, region: str, wanted: str = "") -> DateOrder:
    """How dates such as 03/04/2026 are read; raises BadInput when *wanted* is no order."""
    if wanted and wanted not in ORDERS:
        mend = f"Use {' or '.join(ORDERS)}."
        raise BadInput("date_order", "is no order of dates", value=wanted, mend=mend)
    if wanted:
        return DateOrder(wanted, BY_PERSON)
    if evidence.settled:
        return DateOrder(evidence.settled, BY_FILE)
    return DateOrder(order_of_region(region), BY_REGION if evidence.open else "")


def order_of_region(region: str) -> str:
    try:
        locale = Locale.parse(f"und_{region}")
    except (UnknownLocaleError, ValueError):
        return DAY_FIRST
    pattern = locale.date_formats["short"].pattern
    if pattern.startswith("y"):  # what such a country writes without the year
        pattern = locale.datetime_skeletons["Md"].pattern
    return MONTH_FIRST if pattern.find("M") < pattern.find("d") else DAY_FIRST


def find_evidence(source: Source, columns: Sequence[int]) -> Evidence:
    """Look through those *columns* of the whole file."""
    day = month = undecided = False
    if not columns:
        return Evidence()
    for batch in read_batches(source, BATCH):
        text = "\n".join(
            row[at] for row in batch.rows for at in columns if at < len(row) and row[at]
        )
        day = day or DAY.search(text) is not None
        month = month or MONTH.search(text) is not None
        undecided = undecided or OPEN.search(text) is not None
    return Evidence(day, month, undecided)


def date_columns(
    columns: Sequence[str], mapping: Mapping[str, str], fields: Mapping[str, Field]
) -> list[int]:
    """Indexes of the columns that are mapped to fields of dates."""
    kinds = {column: fields[key].kind for column, key in mapping.items() if key in fields}
    return [at for at, column in enumerate(columns) if kinds.get(column) in KINDS]


def columns_like_dates(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> list[int]:
    """Indexes of the columns whose first values are dates that need an order."""
    found = []
    for at in range(len(columns)):
        values = [row[at] for row in samples if at < len(row) and row[at].strip()]
        text = "\n".join(values)
        dates = sum(len(pattern.findall(text)) for pattern in (DAY, MONTH, OPEN))
        if dates and 2 * dates >= len(values):
            found.append(at)
    return found


def date_parser(field: Field, order: str) -> Callable[[str], object]:
    """Parses the cells of a field of kind date or datetime."""

    def parse(text: str) -> object:
        try:
            moment = in_iso(text, order, today=utcnow().date())
        except ValueError:
            moment = text  # words the refusal
        return field.parse(moment)

    return parse


def in_iso(text: str, order: str, *, today: date) -> str:
    """*text* as ISO 8601 writes it; raises ValueError when it is no date of ours."""
    text = " ".join(text.split())
    found = YEAR_FIRST.match(text)
    if found:
        year, month, day = (int(part) for part in found.groups())
    else:
        found = YEAR_LAST.match(text)
        if found is None:
            return text
        month, day = month_and_day(int(found[1]), int(found[3]), found[2], order)
        year = full_year(found[4], today)
    on = date(year, month, day).isoformat()
    rest = text[found.end() :].removeprefix("T").strip(" ,")
    return f"{on}T{time_of_day(rest)}" if rest else on


def month_and_day(first: int, second: int, between: str, order: str) -> tuple[int, int]:
    """Of two numbers of a date; with points between them the day comes first everywhere."""
    day_first = between == "." or order == DAY_FIRST
    if first > 12:
        day_first = True
    elif second > 12:
        day_first = False
    return (second, first) if day_first else (first, second)


def full_year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year // 100 * 100 + int(digits)
    return year if year <= today.year + AHEAD else year - 100


def time_of_day(text: str) -> str:
    found = CLOCK.fullmatch(text)
    if found is None:
        return text  # with a zone, as ISO 8601 has it
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    return f"{hour:02}:{found[2]}:{found[3] or '00'}"
