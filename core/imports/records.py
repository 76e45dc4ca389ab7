"""Rows of cells as records of typed values, or the reason why not.

A batch is read column by column: what is told from a whole column at once (all
printable, all plain addresses) need not be asked of each cell. Cells that are
out of the ordinary are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from core.contacts.fields import Field
from core.contacts.tags import clean_names
from core.errors import BadInput
from core.imports.mapping import TAGS
from core.phone import Number, parse_number, parse_plain_numbers

TEXTS = (
    *("first_name", "last_name", "email", "company"),
    *("city", "country", "locale", "timezone"),
)
COUNTRY = TEXTS.index("country")
FEW_VALUES = ("country", "locale", "timezone", "choice", "boolean")
PLAIN_EMAIL = re.compile(r"(?:[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,})?")
# shared by all records that say nothing: never changed in place
NOTHING: dict[str, Any] = {}
NO_TAGS: list[str] = []
BETWEEN_TAGS = re.compile(r"[,;|]")

Cells = Sequence[str]
Faults = dict[int, BadInput]


class Record(NamedTuple):
    """What a row says; `texts` are in the order of TEXTS, "" where it says nothing."""

    mobile: str
    texts: tuple[str, ...]
    custom: dict[str, Any]
    tags: list[str]
    country_given: bool

    def merged(self, later: Record) -> Record:
        """The same number again: what the later row says wins."""
        texts = [new or old for old, new in zip(self.texts, later.texts, strict=True)]
        if self.country_given and not later.country_given:  # a guess does not overrule
            texts[COUNTRY] = self.texts[COUNTRY]
        return Record(
            self.mobile,
            tuple(texts),
            self.custom | later.custom,
            list(dict.fromkeys([*self.tags, *later.tags])),
            self.country_given or later.country_given,
        )


class RecordReader:
    """Reads the rows of one file; the mapping is compiled once."""

    def __init__(
        self,
        columns: Sequence[str],
        mapping: Mapping[str, str],
        fields: Mapping[str, Field],
        region: str,
    ) -> None:
        self._region = region
        at = {mapping[column]: index for index, column in enumerate(columns) if column in mapping}
        self._mobile = at.pop("mobile", None)
        self._tags = at.pop(TAGS, None)
        self._columns = [
            (index, fields[alias], parser_of(fields[alias])) for alias, index in at.items()
        ]

    def read(self, rows: Sequence[list[str]]) -> tuple[list[Record], Faults]:
        """A record of each row, and by index why some are none: errors with field and mend.

        All rows must be as wide as the header.
        """
        faults: Faults = {}
        cells: list[Cells] = list(zip(*rows, strict=True))
        texts: dict[str, Sequence[Any]] = {}
        custom: dict[str, Sequence[Any]] = {}
        for index, field, parse in self._columns:
            found = read_column(cells[index], field, parse, faults)
            (custom if field.custom else texts)[field.alias] = found
        given = texts.get("country", ())
        numbers = self._numbers(cells, given or repeat(self._region, len(rows)), faults)
        texts["country"] = [number[1] for number in numbers]
        if given:
            texts["country"] = [
                one or two for one, two in zip(given, texts["country"], strict=True)
            ]
        records = map(
            Record,
            [number[0] for number in numbers],
            zip(*(texts.get(name) or repeat("") for name in TEXTS), strict=False),
            customs(custom) if custom else repeat(NOTHING),
            self._read_tags(cells, faults),
            map(bool, given or repeat("")),
        )
        return list(records), faults

    def _numbers(
        self, cells: list[Cells], countries: Iterable[str], faults: Faults
    ) -> list[Number]:
        if self._mobile is None:
            raws: Cells = [""] * len(cells[0]) if cells else []
        else:
            raws = list(map(str.strip, cells[self._mobile]))
        regions = [country or self._region for country in countries]
        numbers = parse_plain_numbers(raws, regions)
        for index, number in enumerate(numbers):
            if number is None:
                try:
                    numbers[index] = read_number(raws[index], regions[index])
                except BadInput as error:
                    faults.setdefault(index, error)
                    numbers[index] = NO_NUMBER
        return numbers  # type: ignore[return-value]  # no None is left

    def _read_tags(self, cells: list[Cells], faults: Faults) -> Iterable[list[str]]:
        if self._tags is None:
            return repeat(NO_TAGS)
        return read_each(cells[self._tags], split_tags, faults, NO_TAGS)


NO_NUMBER = Number("", "", "")


def read_number(raw: str, region: str) -> Number:
    if not raw:
        raise BadInput("mobile", "is missing", mend="Enter a mobile number.")
    return parse_number(raw, region=region)


def split_tags(cell: str) -> list[str]:
    return clean_names([tag for tag in BETWEEN_TAGS.split(cell) if tag.strip()])


def parser_of(field: Field) -> Callable[[str], Any]:
    """Few values come again and again: countries, choices."""
    return lru_cache(maxsize=4096)(field.parse) if field.kind in FEW_VALUES else field.parse


def read_column(
    cells: Cells, field: Field, parse: Callable[[str], Any], faults: Faults
) -> Sequence[Any]:
    """The values of a column, "" where blank."""
    if field.kind in ("text", "email") and max(map(len, cells)) <= field.limit:
        plain = list(map(str.strip, cells))
        if field.kind == "text" and "".join(plain).isprintable():
            return plain
        if field.kind == "email" and all(map(PLAIN_EMAIL.fullmatch, plain)):
            return list(map(str.lower, plain))
    return read_each(cells, parse, faults, "")


def read_each(cells: Cells, parse: Callable[[str], Any], faults: Faults, blank: Any) -> list[Any]:
    values = []
    for index, cell in enumerate(cells):
        value, text = blank, cell.strip()
        if text:
            try:
                value = parse(text)
            except BadInput as error:
                faults.setdefault(index, error)
        values.append(value)
    return values


def customs(columns: Mapping[str, Sequence[Any]]) -> Iterable[dict[str, Any]]:
    """Of each row, the custom values that are not blank."""
    for values in zip(*columns.values(), strict=True):
        yield {
            alias: value
            for alias, value in zip(columns, values, strict=True)
            if value != "" and value is not None
        }
