"""Reading the rows of a CSV file, batch by batch."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from core.imports.source import Source

MAX_CELL = 100_000
STUMBLE = "\ufffd"


class Reader(Protocol):
    """What `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass(slots=True)
class Batch:
    """Data rows in turn, the first of which is number `first` (from 1).

    `faults` says, by index, why a row cannot be read. `position` is the byte
    up to which the file was read.
    """

    first: int
    rows: list[list[str]] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)
    position: int = 0


def read_batches(source: Source, size: int, *, after: int = 0) -> Iterator[Batch]:
    """All data rows behind row *after*, at most *size* in a batch; memory stays flat.

    Blank lines are no rows.
    """
    csv.field_size_limit(MAX_CELL)
    with source.path.open("rb") as raw:
        text = io.TextIOWrapper(raw, source.encoding, errors="replace", newline="")
        reader = csv.reader(text, delimiter=source.delimiter)
        next(row for row in reader if any(row))  # the header
        first = 1
        while True:
            batch = Batch(first)
            fill(batch, reader, size if first > after else min(size, after + 1 - first), source)
            if not batch.rows:
                return
            if first > after:
                batch.position = raw.tell()
                find_faults(batch, source)
                yield batch
            first += len(batch.rows)


def fill(batch: Batch, reader: Reader, room: int, source: Source) -> None:
    rows = batch.rows
    while len(rows) < room:
        begun = reader.line_num
        try:
            for cells in reader:
                begun = reader.line_num
                if any(cells):
                    rows.append(cells)
                    if len(rows) == room:
                        return
        except csv.Error as error:
            batch.faults[len(rows)] = f"The row cannot be read: {error}"
            rows.append([lines_of(source, begun, reader.line_num)])
        else:
            return


def lines_of(source: Source, begin: int, end: int) -> str:
    """Lines of the file as they are, for a row that cannot be read."""
    with source.path.open(encoding=source.encoding, errors="replace", newline="") as text:
        return "".join(itertools.islice(text, begin, end))[:MAX_CELL]


def find_faults(batch: Batch, source: Source) -> None:
    """Rows of another width than the header, and those with unreadable characters."""
    width = len(source.columns)
    may_stumble = not source.encoding.startswith("utf-8")  # that was checked as a whole
    for index, cells in enumerate(batch.rows):
        if index in batch.faults:
            continue
        if len(cells) != width:
            batch.faults[index] = f"The row has {len(cells)} cells, the header {width}."
        elif may_stumble and any(STUMBLE in cell for cell in cells):
            batch.faults[index] = f"A character cannot be read as {source.encoding}."
