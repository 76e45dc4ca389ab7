"""Reading the rows of a CSV file, batch by batch.

Quotes are taken strictly, so that one that is never closed is noticed at once and costs its own
row; what is only written carelessly is then read line by line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from heliograph.csv_files import MARK, unmarked
from heliograph.imports.encodings import open_lines
from heliograph.imports.header import unwrapped
from heliograph.imports.reasons import Reason
from heliograph.imports.source import Source
from heliograph.phone import looks_like_number

MAX_CELL = 100_000
BLOCK = 5_000  # lines that are read at once
MAX_LINES = 1_000  # of one row
SHORTEST = 7  # digits of a number
LIMIT = Lock()  # the limit of the csv module is one for all threads


@dataclass(slots=True)
class Batch:
    """Data rows in turn, the first of which is number `first` (from 1).

    `lines` says in which line of the file each row begins. All rows are as wide as the
    header, but for those in `faults`, which says by index why a row cannot be read, and those
    in `overlong`, which have more cells. `position` is the byte up to which the file was read.
    """

    first: int
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: dict[int, Reason] = field(default_factory=dict)
    overlong: list[int] = field(default_factory=list)
    position: int = 0


def read_batches(source: Source, size: int, *, after: int = 0) -> Iterator[Batch]:
    """All data rows behind row *after*, at most *size* in a batch; memory stays flat.

    Blank lines are no rows.
    """
    csv.field_size_limit(MAX_CELL)
    with open_lines(source.path, source.encoding) as (raw, text):
        lines = unwrapped(text) if source.wrapped else text
        reader = RowReader(source, islice(lines, source.data_line - 1, None))
        first = 1
        while True:
            batch = Batch(first)
            reader.fill(batch, size if first > after else min(size, after + 1 - first))
            if not batch.rows:
                return
            if first > after:
                batch.position = raw.tell()
                even_out(batch, len(source.columns))
                if reader.marked:
                    unmark(batch.rows)
                yield batch
            first += len(batch.rows)


def dialect_of(source: Source, *, is_strict: bool) -> type[csv.Dialect]:
    """How the cells of the file are written; a strict one refuses what does not fit."""

    class Written(csv.excel):
        delimiter = source.delimiter
        quotechar = source.quote
        skipinitialspace = True
        strict = is_strict

    return Written


class RowReader:
    """Rows out of lines, with those lines at hand that a row which is none has swallowed."""

    def __init__(self, source: Source, text: Iterator[str]) -> None:
        self._text = text
        self._line = source.data_line  # of the first of those that wait
        self._waiting: list[str] = []
        self.marked = False  # an apostrophe was read
        self._strict = dialect_of(source, is_strict=True)
        self._loose = dialect_of(source, is_strict=False)

    def fill(self, batch: Batch, room: int) -> None:
        """Add at most *room* rows to *batch*; fewer only at the end of the file."""
        while (left := room - len(batch.rows)) > 0:
            more = list(islice(self._text, max(0, min(BLOCK, left) - len(self._waiting))))
            self._waiting += more
            self.marked = self.marked or MARK in "".join(more)
            if not self._waiting:
                return
            self._read(batch, left)

    def _read(self, batch: Batch, room: int) -> None:
        """Take rows out of the lines that wait."""
        lines = self._waiting
        begun, end = 0, len(batch.rows) + room
        reader = csv.reader(lines, self._strict)
        try:
            for cells in reader:
                read_to = reader.line_num
                if read_to > begun + 1 and self._swallows(lines[begun:read_to]):
                    self._read_alone(batch, lines[begun], begun)
                    begun += 1
                    break
                if any(cells):
                    batch.rows.append(cells)
                    batch.lines.append(self._line + begun)
                begun = read_to
                if len(batch.rows) >= end:
                    break
        except csv.Error:
            if self._is_cut_off(lines[begun:]):
                return self._go_on(begun, more=BLOCK)
            self._read_alone(batch, lines[begun], begun)
            begun += 1
        return self._go_on(begun)

    def _go_on(self, begun: int, *, more: int = 0) -> None:
        """Behind the first *begun* lines that wait, with some *more* of the file."""
        self._waiting = self._waiting[begun:] + list(islice(self._text, more))
        self._line += begun

    def _is_cut_off(self, lines: Sequence[str]) -> bool:
        """Whether the row in the last *lines* that wait may go on in those behind them."""
        if len(lines) > MAX_LINES or not self._is_open(lines):
            return False
        following = next(self._text, None)
        if following is None:
            return False
        self._waiting.append(following)
        return True

    def _is_open(self, lines: Sequence[str]) -> bool:
        """Whether a quotation mark is open at the end of *lines*."""
        try:
            list(csv.reader(lines, self._strict))
        except csv.Error as error:
            return "unexpected end" in str(error)
        return False

    def _swallows(self, lines: Sequence[str]) -> bool:
        """Whether one of the *lines* within a row is a row itself: the same cells are numbers."""
        first, *others = (self._cells(line) for line in lines)
        numbers = {at for at, cell in enumerate(first) if is_number(cell)}
        return any(at < len(cells) and is_number(cells[at]) for cells in others for at in numbers)

    def _cells(self, line: str) -> list[str]:
        """The cells of one line, quotes taken as loosely as they may be."""
        return next(csv.reader([line], self._loose), [])

    def _long_cells(self, line: str) -> list[str]:
        """As `_cells`, each cut at the longest that is read: one such cell costs no row."""
        with LIMIT:
            csv.field_size_limit(len(line))
            try:
                return [cell[:MAX_CELL] for cell in self._cells(line)]
            finally:
                csv.field_size_limit(MAX_CELL)

    def _read_alone(self, batch: Batch, line: str, at: int) -> None:
        number = self._line + at
        try:
            cells = self._cells(line) if len(line) <= MAX_CELL else self._long_cells(line)
        except csv.Error:
            cells, code = [], "unreadable_row"
        else:
            code = "unclosed_quote" if any(cell.endswith(("\n", "\r")) for cell in cells) else ""
            if not code and self._is_open([line]):
                code = "unclosed_quote"
        if code:
            batch.faults[len(batch.rows)] = Reason(code, detail=str(number))
            cells = [line.strip()[:MAX_CELL]]
        if any(cells):
            batch.rows.append(cells)
            batch.lines.append(number)


def unmark(rows: list[list[str]]) -> None:
    """Take off the apostrophes that keep spreadsheets from running a cell."""
    for at, cells in enumerate(rows):
        rows[at] = [unmarked(cell) if MARK in cell else cell for cell in cells]


def is_number(cell: str) -> bool:
    return looks_like_number(cell) and sum(map(str.isdigit, cell)) >= SHORTEST


def even_out(batch: Batch, width: int) -> None:
    """Missing cells are blank, and blank ones behind the header's are none."""
    rows = batch.rows
    if set(map(len, rows)) == {width}:
        return
    for at, cells in enumerate(rows):
        if len(cells) == width or at in batch.faults:
            continue
        if any(cell.strip() for cell in cells[width:]):
            batch.overlong.append(at)
        else:
            rows[at] = cells[:width] + [""] * (width - len(cells))
