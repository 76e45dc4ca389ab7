"""The cells of one column as values of a field.

A cell that does not fit is left blank and never costs the row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from heliograph.contacts.fields import Field
from heliograph.contacts.tags import clean_names
from heliograph.errors import BadInput
from heliograph.imports.dates import KINDS, date_parser
from heliograph.imports.encodings import STUMBLE
from heliograph.imports.names import split_name
from heliograph.imports.reasons import Reason

Cells = Sequence[str]
Remarks = dict[int, list[Reason]]

FEW_VALUES = ("country", "locale", "timezone", "choice", "boolean")
BETWEEN_TAGS = re.compile(r"[,;|]")
BAD_KIND = {
    "email": "not_an_email",
    "country": "not_a_country",
    "locale": "not_a_locale",
    "timezone": "not_a_timezone",
    "date": "not_a_date",
    "datetime": "not_a_date",
    "choice": "not_a_choice",
}


def parser_of(field: Field, date_order: str) -> Callable[[str], Any]:
    """Few values come again and again: countries, choices."""
    if field.kind in KINDS:
        return date_parser(field, date_order)
    return lru_cache(maxsize=4096)(field.parse) if field.kind in FEW_VALUES else field.parse


def read_column(
    cells: Cells, field: Field, parse: Callable[[str], Any], at: int, remarks: Remarks
) -> Sequence[Any]:
    """The values of column *at*, "" where blank or not fit."""
    code = BAD_KIND.get(field.kind, "not_a_value")
    return read_each(cells, parse, at, code, remarks)


def read_each(
    cells: Cells, parse: Callable[[str], Any], at: int, code: str, remarks: Remarks
) -> list[Any]:
    """Cell by cell; *code* is said of one that *parse* refuses."""
    values = []
    for index, cell in enumerate(cells):
        value, text = "", cell.strip()
        if STUMBLE in text:
            note(remarks, index, Reason("unreadable", at))
        elif text:
            try:
                value = parse(text)
            except BadInput as error:
                reason = error.code if error.code == "too_long" else code
                note(remarks, index, Reason(reason, at))
        values.append(value)
    return values


def note(remarks: Remarks, index: int, reason: Reason) -> None:
    remarks.setdefault(index, []).append(reason)


def read_names(
    cells: Cells, first: Field, last: Field, at: int, remarks: Remarks
) -> tuple[list[str], list[str]]:
    """First and last names out of a column of whole names."""
    pairs = [split_name(cell) for cell in cells]
    firsts = read_column([pair[0] for pair in pairs], first, first.parse, at, remarks)
    lasts = read_column([pair[1] for pair in pairs], last, last.parse, at, remarks)
    return list(firsts), list(lasts)


def read_tags(cells: Cells, at: int, remarks: Remarks) -> list[list[str]]:
    """The tags of each row; those that cannot be tags are left out."""
    return [tags_of(cell, index, at, remarks) if cell else [] for index, cell in enumerate(cells)]


def tags_of(cell: str, index: int, at: int, remarks: Remarks) -> list[str]:
    found: list[str] = []
    for text in split_tags(cell):
        try:
            if STUMBLE in text:
                raise BadInput("tag", "has a character that cannot be read", value=text)
            found += clean_names([text])
        except BadInput:
            if Reason("bad_tag", at) not in remarks.get(index, ()):
                note(remarks, index, Reason("bad_tag", at))
    return list(dict.fromkeys(found))


def split_tags(cell: str) -> list[str]:
    """`VIP, spring` as well as `"VIP","spring"`, as mail tools export them."""
    if '"' not in cell:
        parts = BETWEEN_TAGS.split(cell)
    else:
        between = next((char for char in ",;|" if char in re.sub(r'"[^"]*"', "", cell)), ",")
        parts = next(csv.reader([cell.strip()], delimiter=between, skipinitialspace=True), [])
    return [text for part in parts if (text := part.strip().strip("\"'[]").strip())]


def customs(columns: Mapping[str, Sequence[Any]]) -> Iterable[dict[str, Any]]:
    """Of each row, the custom values that are not blank."""
    for values in zip(*columns.values(), strict=True):
        yield {
            alias: value
            for alias, value in zip(columns, values, strict=True)
            if value != "" and value is not None
        }
