"""The number of each row: out of one cell or several, with a dialling code beside it or in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from heliograph.contacts.countries import country_code
from heliograph.errors import BadInput
from heliograph.imports.encodings import STUMBLE
from heliograph.imports.reasons import Reason
from heliograph.phone import Number, parse_number

Cells = Sequence[str]
NO_NUMBER = Number("", "", "")
BETWEEN = re.compile(
    r":::|[;,|\n\r/&]|\s+(?:or|ou|oder|und|and|et|o|u|y|e|of)\s+|\s[-–]\s|(?<=\d)\s*(?=\+)",
    re.IGNORECASE,
)
SHORTEST, WHOLE = 5, 8  # digits of a part; of one that is set off by blanks alone
NEVER_SPLIT = frozenset({"rounded", "fraction", "extension"})
UNKNOWN_CODE = "?"


class Numbers(NamedTuple):
    """Of each row its number, by index why there is none, and what is to be said of others."""

    found: list[Number]
    faults: dict[int, Reason]
    remarks: dict[int, Reason]


class NumberReader:
    """Reads the columns of numbers, the first of which counts most, and of dialling codes."""

    def __init__(self, columns: Sequence[int], codes: int | None, region: str) -> None:
        self._columns, self._codes, self._region = columns, codes, region

    def read(self, cells: list[Cells], countries: Sequence[str] | None) -> Numbers:
        """*countries* are those that the rows name, "" where they name none."""
        regions = self._regions(cells, countries)
        faults: dict[int, Reason] = {}
        remarks: dict[int, Reason] = {}
        numbers = [
            self._search(cells, index, region, faults, remarks)
            for index, region in enumerate(regions)
        ]
        return Numbers(numbers, faults, remarks)

    def _regions(self, cells: list[Cells], countries: Sequence[str] | None) -> Sequence[str]:
        regions: Sequence[str] = [self._region] * len(cells[0])
        if countries is not None:
            regions = [country or self._region for country in countries]
        if self._codes is not None:
            codes = map(region_of_code, cells[self._codes])
            regions = [one or other for one, other in zip(codes, regions, strict=True)]
        return regions

    def _search(
        self,
        cells: list[Cells],
        index: int,
        region: str,
        faults: dict[int, Reason],
        remarks: dict[int, Reason],
    ) -> Number:
        """The first number of the row that can get texts, in any of its cells."""
        why: Reason | None = None
        for column in self._columns:
            cell = cells[column][index].strip()
            if not cell:
                continue
            try:
                number, several = read_cell(cell, region)
            except BadInput as error:
                why = why or Reason(error.code, self._about(error, column))
                continue
            if why is not None:
                remarks[index] = Reason("other_column", why.column)
            elif several:
                remarks[index] = Reason("other_numbers", column)
            return number
        faults[index] = why or Reason("missing", self._columns[0])
        return NO_NUMBER

    def _about(self, error: BadInput, column: int) -> int:
        return self._codes or 0 if error.code == "dialling_code" else column


def read_cell(cell: str, region: str) -> tuple[Number, bool]:
    """The first number in *cell* that can get texts, and whether there are others.

    Raises BadInput on what the cell says first.
    """
    if STUMBLE in cell:
        raise unreadable(cell)
    try:
        return read_number(cell, region), False
    except BadInput as error:
        if error.code in NEVER_SPLIT:
            raise
        refused = error
    problem: BadInput | None = None
    for part in parts_of(cell):
        try:
            return read_number(part, region), True
        except BadInput as error:
            problem = problem or error
    raise problem or refused


def read_number(text: str, region: str) -> Number:
    if region == UNKNOWN_CODE:
        if not text.startswith(("+", "00")):
            raise BadInput("mobile", "has an unknown dialling code", code="dialling_code")
        region = ""
    if region.startswith("+"):  # of no country: satellites, and services of the whole world
        full = text.startswith(("+", "00"))
        return parse_number(text if full else region + text.lstrip("0"), region="")
    return parse_number(text, region=region)


def parts_of(cell: str) -> Iterator[str]:
    """What may be numbers of their own in *cell*."""
    parts = [part.strip() for part in BETWEEN.split(cell)]
    if len(parts) < 2:
        parts = cell.split()
        if len(parts) < 2 or any(digits_in(part) < WHOLE for part in parts):
            return
    yield from (part for part in parts if digits_in(part) >= SHORTEST)


def digits_in(text: str) -> int:
    return sum(map(str.isdigit, text))


@lru_cache(maxsize=1000)
def region_of_code(cell: str) -> str:
    """The country that dials *cell* (+33, 0033, 33, FR), "" for a blank, ? when there is none.

    A code of no country stands for itself, as +881.
    """
    text = cell.strip()
    if not text:
        return ""
    digits = re.sub(r"[.,]0+$", "", text.lstrip("+'= ("))
    digits = re.sub(r"\D", "", digits).lstrip("0")
    if text[-1:].isalpha() and not digits:
        return country_code(text) or UNKNOWN_CODE
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits)) if 0 < len(digits) < 4 else None
    if not regions:
        return UNKNOWN_CODE
    return regions[0] if regions[0].isalpha() else f"+{digits}"


def unreadable(cell: str) -> BadInput:
    return BadInput(
        "mobile", "has a character that cannot be read", value=cell, code="unreadable_number"
    )
