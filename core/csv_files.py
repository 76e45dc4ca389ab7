"""CSV that we write: no cell is a formula to a spreadsheet, and all can be read in again.

Spreadsheets run what begins with = + - @, a tab or a carriage return as a formula,
also when it came out of a CSV file. Such cells get an apostrophe, which a spreadsheet
takes for "this is text". Plain numbers, phone numbers among them, stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import IO

FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\t\r\n＝＋－＠]")
PLAIN_NUMBER = re.compile(r"[+-]?\d[\d .,\u00a0\u202f]*")
MARK = "'"


def neutral(cell: object) -> str:
    """*cell* as text that no spreadsheet runs.

    >>> neutral("=1+1"), neutral("+33612345678"), neutral("'=1"), neutral(None)
    ("'=1+1", '+33612345678', "''=1", '')
    """
    text = "" if cell is None else str(cell)
    bare = text.lstrip(MARK)
    if FORMULA.match(bare) and not (bare == text and PLAIN_NUMBER.fullmatch(text)):
        return MARK + text
    return text


def unmarked(cell: str) -> str:
    """What `neutral` was given, out of what it gave.

    >>> unmarked("'=1+1"), unmarked("'tis"), unmarked("''=1")
    ('=1+1', "'tis", "'=1")
    """
    if cell.startswith(MARK) and FORMULA.match(cell.lstrip(MARK)):
        return cell[1:]
    return cell


class CsvWriter:
    """Writes rows to *file* with `neutral` cells; the one way in which we write CSV."""

    def __init__(self, file: IO[str], *, delimiter: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=delimiter)

    def write(self, cells: Iterable[object]) -> None:
        self._writer.writerow([neutral(cell) for cell in cells])
