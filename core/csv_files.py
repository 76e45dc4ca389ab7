"""CSV that we write: no cell is a formula to a spreadsheet, and all can be read in again.

Spreadsheets run what begins with = + - @, a tab or a carriage return as a formula,
also when it came out of a CSV file. Such cells get an apostrophe, which a spreadsheet
takes for "this is text". Plain numbers, phone numbers among them, stay as they are.

A spreadsheet whose own delimiter is the semicolon, as in much of Europe, also begins a cell
within one of ours, behind a semicolon or a line break: there an apostrophe is put as well.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import IO

FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\t\r\n＝＋－＠]")
PLAIN_NUMBER = re.compile(r"[+-]?\d[\d .,\u00a0\u202f]*")
MARK = "'"
# behind what a spreadsheet may begin another cell, marks that are there, and a formula
WITHIN = re.compile(r"([;\r\n][\s\ufeff]*)('*)(?=([=+\-@＝＋－＠][^;\r\n]*))")


def neutral(cell: object) -> str:
    """*cell* as text that no spreadsheet runs.

    >>> neutral("=1+1"), neutral("+33612345678"), neutral("'=1"), neutral(None)
    ("'=1+1", '+33612345678', "''=1", '')
    >>> neutral("a;=1+1"), neutral("06 12 34 56 78; +33612345678")
    ("a;'=1+1", '06 12 34 56 78; +33612345678')
    """
    text = "" if cell is None else str(cell)
    inside = WITHIN.sub(marked, text)
    bare = text.lstrip(MARK)
    if FORMULA.match(bare) and not (bare == text and PLAIN_NUMBER.fullmatch(text)):
        return MARK + inside
    return inside


def marked(found: re.Match[str]) -> str:
    before, marks, behind = found.groups()
    return before + marks if not marks and PLAIN_NUMBER.fullmatch(behind) else before + MARK + marks


def unmarked(cell: str) -> str:
    """What `neutral` was given, out of what it gave.

    >>> unmarked("'=1+1"), unmarked("'tis"), unmarked("''=1")
    ('=1+1', "'tis", "'=1")
    """
    if cell.startswith(MARK) and FORMULA.match(cell.lstrip(MARK)):
        cell = cell[1:]
    return WITHIN.sub(lambda found: found[1] + found[2][1:], cell)


class CsvWriter:
    """Writes rows to *file* with `neutral` cells; the one way in which we write CSV."""

    def __init__(self, file: IO[str], *, delimiter: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=delimiter)

    def write(self, cells: Iterable[object]) -> None:
        self._writer.writerow([neutral(cell) for cell in cells])
