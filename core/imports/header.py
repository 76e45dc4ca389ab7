"""The delimiter of a file, and which of its lines has the names of the columns."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from heliograph.csv_files import unmarked
from heliograph.imports.column_names import WORDS, number_rank, plain
from heliograph.phone import looks_like_number

DELIMITERS = (",", ";", "\t", "|")
LINES = 30  # that are looked at
SHORTEST = 7  # digits of a number
SEPARATOR = re.compile(r"\"?sep=(?P<delimiter>tab|.)\"?[,;\t|]*\s*", re.IGNORECASE | re.DOTALL)
DATE = re.compile(r"\d{4}[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./]\d{4}")
KNOWN = frozenset(word for words in WORDS.values() for word in words)


class Line(NamedTuple):
    """A line of the file: `number` from 1, `next` that of the line after it."""

    number: int
    next: int
    cells: list[str]


class Dialect(NamedTuple):
    delimiter: str
    quote: str = '"'


def find_dialect(lines: Sequence[str]) -> Dialect:
    """What the first *lines* are separated by: as their first line says, or the likeliest."""
    said = said_delimiter(lines)
    if said is not None and max(map(len, read_cells(lines[1:], Dialect(said))), default=0) > 1:
        return Dialect(said, find_quote(lines, said))
    best, most = ",", (0, 0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in read_cells(lines, Dialect(delimiter)) if any(row)]
        several = [width for width in widths if width > 1]
        if not several:
            continue
        usual, times = Counter(several).most_common(1)[0]
        score = (len(several) * 100 // len(widths), times * 100 // len(widths), usual)
        if score > most:
            best, most = delimiter, score
    return Dialect(best, find_quote(lines, best))


def said_delimiter(lines: Sequence[str]) -> str | None:
    """What a first line `sep=;` says; None when there is no such line."""
    found = SEPARATOR.fullmatch(lines[0].lstrip("\ufeff").rstrip("\r\n")) if lines else None
    if found is None:
        return None
    word = found["delimiter"]
    return "\t" if word.lower() == "tab" else word


def find_quote(lines: Sequence[str], delimiter: str) -> str:
    """A single quotation mark when cells of some line are all within such."""
    for row in read_cells(lines, Dialect(delimiter)):
        cells = [cell for cell in row if cell]
        if len(cells) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells):
            return "'"
    return '"'


def read_cells(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    return [line.cells for line in read_lines(lines, dialect)]


def read_lines(lines: Sequence[str], dialect: Dialect) -> list[Line]:
    """The first rows of a file, blank ones too; those behind a broken one are left out."""
    reader = csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True
    )
    found, begun = [], 0
    try:
        for row in reader:
            cells = [clean(cell) for cell in row]
            found.append(Line(begun + 1, reader.line_num + 1, cells))
            begun = reader.line_num
    except csv.Error:
        pass
    return found


def clean(cell: str) -> str:
    seen = "".join(char for char in cell if char.isspace() or unicodedata.category(char)[0] != "C")
    return unicodedata.normalize("NFC", unmarked(" ".join(seen.split())))


def are_wrapped(lines: Sequence[str]) -> bool:
    """Whether each line is a single quoted cell that has a whole row in it."""
    cells = [row for row in read_cells(lines, Dialect(",")) if any(row)]
    if not cells or any(len(row) != 1 for row in cells):
        return False
    written = [line.strip() for line in lines if line.strip()]
    if len(written) != len(cells) or not all(line.startswith('"') for line in written):
        return False
    inside = list(unwrapped(lines))
    return any(len(row) > 1 for row in read_cells(inside, find_dialect(inside)))


def unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """The lines within the quotes."""
    for line in lines:
        text = line.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1].replace('""', '"')
        yield f"{text}\n"


def find_header(rows: Sequence[Line]) -> Line | None:
    """The line with the names of the columns; None when the data begin without one.

    Of the lines before the first that has a number in it, the one with the most names that
    we know, then the one with the most cells.
    """
    before: list[Line] = []
    for row in rows[:LINES]:
        if is_data(row.cells):
            break
        if any(row.cells):
            before.append(row)
    if not before:
        return None
    return max(before, key=lambda row: (known_names(row.cells), sum(map(bool, row.cells))))


def is_data(cells: Sequence[str]) -> bool:
    """Whether there is a phone number among *cells* and no name of a column of numbers."""
    numbers = any(
        looks_like_number(cell)
        and sum(map(str.isdigit, cell)) >= SHORTEST
        and not DATE.fullmatch(cell)
        for cell in cells
    )
    return numbers and not any(number_rank(cell) is not None for cell in cells)


def known_names(cells: Sequence[str]) -> int:
    return sum(plain(cell) in KNOWN or number_rank(cell) is not None for cell in cells if cell)


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """A name of its own for each column: `column 3` for none, `notes (2)` for the second."""
    found: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = wanted = cell or f"column {number}"
        again = 2
        while name in found:
            name, again = f"{wanted} ({again})", again + 1
        found.append(name)
    return tuple(found)
