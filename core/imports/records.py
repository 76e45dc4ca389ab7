"""Rows of cells as records of typed values, or the reason why not.

A batch is read column by column: see cells.py. What texting does not need never costs the row;
only what concerns the number does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from heliograph.contacts.fields import Field
from heliograph.imports.cells import (
    Cells,
    Remarks,
    customs,
    note,
    parser_of,
    read_column,
    read_names,
    read_tags,
)
from heliograph.imports.consent import TARGETS as CONSENT_TARGETS
from heliograph.imports.consent import ConsentReader, Refusal
from heliograph.imports.dates import DAY_FIRST
from heliograph.imports.mapping import number_columns
from heliograph.imports.numbers import NumberReader, digits_in, parts_of
from heliograph.imports.ragged import numbers_among, realign
from heliograph.imports.reasons import Reason
from heliograph.imports.targets import DIALLING_CODE, MOBILE, NAME, TAGS
from heliograph.phone import read_sender

TEXTS = (
    *("first_name", "last_name", "email", "company"),
    *("city", "country", "locale", "timezone"),
)
COUNTRY = TEXTS.index("country")
MOST_DIGITS = 15  # of one number
# shared by all records that say nothing: never changed in place
NOTHING: dict[str, Any] = {}
NO_TAGS: list[str] = []


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


class Reading(NamedTuple):
    """A record of each row; by index why some are none, and what was left out of others.

    `refusals` says, by index too, why people must not be texted.
    """

    records: list[Record]
    faults: dict[int, Reason]
    remarks: Remarks
    refusals: dict[int, Refusal]


class RecordReader:
    """Reads the rows of one file; the mapping is compiled once."""

    def __init__(
        self,
        columns: Sequence[str],
        mapping: Mapping[str, str],
        fields: Mapping[str, Field],
        region: str,
        date_order: str = DAY_FIRST,
        *,
        all_refuse: bool = False,
    ) -> None:
        self._fields, self.region, self._width = fields, region, len(columns)
        at: dict[str, list[int]] = {}
        for index, column in enumerate(columns):
            if column in mapping:
                at.setdefault(mapping[column], []).append(index)
        for target in (MOBILE, *CONSENT_TARGETS):
            at.pop(target, None)
        self.consent = ConsentReader(columns, mapping, everybody=all_refuse)
        self._mobile = number_columns(columns, mapping)
        self._codes = next(iter(at.pop(DIALLING_CODE, [])), None)
        self._numbers = NumberReader(self._mobile, self._codes, region)
        self._tags = at.pop(TAGS, [])
        self._name = next(iter(at.pop(NAME, [])), None)
        self._columns = [
            (indexes[0], fields[alias], parser_of(fields[alias], date_order))
            for alias, indexes in at.items()
        ]

    def realign(self, cells: Sequence[str]) -> list[str] | Reason:
        """A row with more cells than the header, as wide as that; or why it cannot be told."""
        return realign(cells, self._width, self._mobile, self.region)

    def read(self, rows: Sequence[list[str]]) -> Reading:
        """All rows must be as wide as the header."""
        if not rows:
            return Reading([], {}, {}, {})
        cells: list[Cells] = list(zip(*rows, strict=True))
        remarks: Remarks = {}
        texts, custom = self._read_fields(cells, remarks)
        given: Sequence[str] | None = texts.get("country")
        numbers = self._numbers.read(cells, given)
        for index, remark in numbers.remarks.items():
            note(remarks, index, remark)
        guessed = [number[1] for number in numbers.found]
        texts["country"] = (
            guessed
            if given is None
            else [one or two for one, two in zip(given, guessed, strict=True)]
        )
        records = map(
            Record,
            [number[0] for number in numbers.found],
            zip(*(texts.get(name) or repeat("") for name in TEXTS), strict=False),
            customs(custom) if custom else repeat(NOTHING),
            self._read_tags(cells, remarks),
            map(bool, given or repeat("")),
        )
        return Reading(list(records), numbers.faults, remarks, self._refusals(rows, remarks))

    def _refusals(self, rows: Sequence[list[str]], remarks: Remarks) -> dict[int, Refusal]:
        if not self.consent:
            return {}
        read = self.consent.read
        found = {at: refusal for at, row in enumerate(rows) if (refusal := read(row)) is not None}
        for at, refusal in found.items():
            if not refusal.clear:
                note(remarks, at, Reason("unclear_consent", refusal.at))
        return found

    def numbers_of(self, cells: Sequence[str], mobile: str) -> list[str]:
        """All numbers of a person whose own one is *mobile*, "" where the row is not imported.

        Then landlines count as well: nothing else is known of that person.
        """
        given = [cells[at] for at in self._mobile]
        if not mobile:
            numbers = [read_sender(cell, region=self.region) for cell in given]
            return [number for number in numbers if number]
        if self._codes is not None or (len(given) == 1 and digits_in(given[0]) <= MOST_DIGITS):
            return [mobile]
        parts = [part for cell in given for part in (cell, *parts_of(cell))]
        return list(dict.fromkeys([mobile, *numbers_among(parts, self.region)]))

    def _read_fields(
        self, cells: list[Cells], remarks: Remarks
    ) -> tuple[dict[str, Sequence[Any]], dict[str, Sequence[Any]]]:
        """Standard and custom fields by alias."""
        texts: dict[str, Sequence[Any]] = {}
        custom: dict[str, Sequence[Any]] = {}
        for index, field, parse in self._columns:
            found = read_column(cells[index], field, parse, index, remarks)
            (custom if field.custom else texts)[field.alias] = found
        if self._name is not None:
            self._fill_names(cells[self._name], self._name, texts, remarks)
        return texts, custom

    def _fill_names(
        self, cells: Cells, at: int, texts: dict[str, Sequence[Any]], remarks: Remarks
    ) -> None:
        """Whole names fill what columns of first and last names leave blank."""
        first, last = self._fields["first_name"], self._fields["last_name"]
        split = read_names(cells, first, last, at, remarks)
        for field, names in zip((first, last), split, strict=True):
            own = texts.get(field.alias, repeat(""))
            texts[field.alias] = [one or other for one, other in zip(own, names, strict=False)]

    def _read_tags(self, cells: list[Cells], remarks: Remarks) -> Iterable[list[str]]:
        if not self._tags:
            return repeat(NO_TAGS)
        found = [read_tags(cells[at], at, remarks) for at in self._tags]
        if len(found) == 1:
            return found[0]
        return [list(dict.fromkeys(chain(*tags))) for tags in zip(*found, strict=True)]
