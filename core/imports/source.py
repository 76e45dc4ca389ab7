"""Looking a CSV file over: encoding, delimiter and header."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from heliograph.errors import BadInput
from heliograph.imports.encodings import SAMPLE, SAVE_AS, find_encoding, open_lines
from heliograph.imports.header import (
    LINES,
    Line,
    are_wrapped,
    column_names,
    find_dialect,
    find_header,
    read_lines,
    said_delimiter,
    unwrapped,
)

MAX_COLUMNS = 200
SIGNATURES = {
    b"PK\x03\x04": "a spreadsheet or archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A CSV file that was looked at; `size` is in bytes.

    `header_line` is the line with the names of the columns, from 1, or 0 when there is
    none; the data begin in line `data_line`. `mixed`: some lines are in UTF-8, the others
    in `encoding`. `wrapped`: each line as a whole is in quotes. `top` are the first lines of
    the file that are not blank.
    """

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    size: int
    quote: str = '"'
    header_line: int = 1
    data_line: int = 2
    mixed: bool = False
    wrapped: bool = False
    top: tuple[Line, ...] = ()


def inspect_file(path: Path, *, header_line: int | None = None) -> Source:
    """Look the file over; raises BadInput that says what is wrong and the mend.

    *header_line* is the line with the names of the columns, 0 for none; without it the
    likeliest is taken.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(SAMPLE)
    except OSError as error:
        raise BadInput(
            "file", f"cannot be read: {error.strerror}", value=path, mend="Check the path."
        ) from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t,;|"):
        raise BadInput("file", "is empty", value=path.name, mend="Choose a file with rows.")
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            raise BadInput("file", f"is {kind}, no CSV", value=path.name, mend=SAVE_AS)
    if len(head) == SAMPLE and not {*b"\r\n"} & {*head}:
        mend = "It should have one contact in a line."
        raise BadInput("file", "has no lines", value=path.name, mend=mend)
    encoding = find_encoding(path, head)
    with open_lines(path, encoding.name) as (_, text):
        lines = list(islice(text, 2 * LINES))
    wrapped = are_wrapped(lines)
    lines = list(unwrapped(lines)) if wrapped else lines
    dialect = find_dialect(lines)
    rows = read_lines(lines, dialect)
    header, data_line, width = choose_header(path, rows, lines, header_line)
    cells = header.cells if header is not None else [""] * width
    return Source(
        path,
        encoding.name,
        dialect.delimiter,
        checked_names(path, cells),
        size,
        dialect.quote,
        header.number if header is not None else 0,
        data_line,
        encoding.mixed,
        wrapped,
        tuple(row for row in rows if any(row.cells))[:LINES],
    )


def choose_header(
    path: Path, rows: list[Line], lines: list[str], wanted: int | None
) -> tuple[Line | None, int, int]:
    """The header or None, the line where the data begin, and the most cells of a line."""
    first = 2 if said_delimiter(lines) is not None else 1
    rows = [row for row in rows if row.number >= first]
    if not any(any(row.cells) for row in rows):
        raise BadInput("file", "is empty", value=path.name, mend="Choose a file with rows.")
    width = max(len(row.cells) for row in rows)
    if wanted is None:
        header = find_header(rows)
    elif wanted == 0:
        header = None
    else:
        header = next((row for row in rows if row.number == wanted and any(row.cells)), None)
        if header is None:
            mend = f"Choose one of the first {rows[-1].number} that is not blank, or 0 for none."
            raise BadInput("header_line", "has no names of columns", value=wanted, mend=mend)
    return header, (header.next if header is not None else first), width


def checked_names(path: Path, cells: list[str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        mend = f"{MAX_COLUMNS} is the most: take out those you do not need."
        raise BadInput("file", f"has {len(cells)} columns", value=path.name, mend=mend)
    return column_names(cells)
