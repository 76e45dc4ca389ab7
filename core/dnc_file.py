"""Lists of numbers for do-not-contact, out of any text or CSV; see core/dnc_export.py too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from heliograph.csv_files import unmarked
from heliograph.db import utcnow
from heliograph.dnc import REASONS
from heliograph.dnc_list import typed_number
from heliograph.dnc_many import NewEntry
from heliograph.errors import BadInput
from heliograph.imports.column_names import number_rank, plain
from heliograph.phone import looks_like_number

MOST_BYTES = 20 * 1024 * 1024
MOST_COMMENT, MOST_SOURCE = 500, 60
MOSTLY = 0.6
DELIMITERS = (";", "\t", "|", ",")
NONE = "\x1f"
DATE = re.compile(r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})(?:[ T].*)?")
BETWEEN_NUMBERS = re.compile(r":::|[/;,|\n]|\bor\b|\bou\b")


class Fault(NamedTuple):
    """A line (from 1) of which something cannot be read, and why."""

    line: int
    text: str
    reason: str


@dataclass(slots=True)
class NumberList:
    """What a text says; `entries` have each number once for each reason."""

    entries: list[NewEntry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    twice: int = 0


def decoded(raw: bytes) -> str:
    """The text of a file; raises BadInput when it is too large or no text."""
    if len(raw) > MOST_BYTES:
        mend = f"{MOST_BYTES >> 20} MB is the most: cut it into several."
        raise BadInput("file", "is too large", value=f"{len(raw) >> 20} MB", mend=mend)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    if b"\x00" in raw[:4096]:
        raise BadInput("file", "is no text", mend="Save it as CSV (UTF-8) and try again.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read_list(text: str, *, reason: str, comment: str, source: str) -> NumberList:
    """The numbers of *text*: one a line, many in a line, or a column of a table.

    Lines of a list that was exported here keep their own reason, date and comment.
    Raises BadInput when there is no number at all.
    """
    rows = list(numbered_rows(text))
    if not rows:
        raise BadInput("numbers", "are missing", mend="Paste numbers, or choose a file.")
    given = Given(reason, comment[:MOST_COMMENT], source[:MOST_SOURCE])
    found = NumberList()
    seen: set[tuple[str, str]] = set()
    for entry in read_rows(rows, given):
        if isinstance(entry, Fault):
            found.faults.append(entry)
        elif (entry.number, entry.reason) in seen:
            found.twice += 1
        else:
            seen.add((entry.number, entry.reason))
            found.entries.append(entry)
    return found


class Given(NamedTuple):
    """What holds for lines that do not say it themselves."""

    reason: str
    comment: str
    source: str


class Row(NamedTuple):
    line: int
    cells: list[str]


def numbered_rows(text: str) -> Iterator[Row]:
    """Rows that are not blank, with the line they begin at."""
    text = text.replace("\x00", "").lstrip("\ufeff")
    lines = text.splitlines()
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) <= 5:
        delimiter, skipped = lines[0][4:] or "\t", 1
    else:
        delimiter, skipped = delimiter_of(lines[:200]), 0
    reader = csv.reader(io.StringIO("\n".join(lines[skipped:])), delimiter=delimiter)
    begun = skipped
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(
                "file", f"cannot be read: {error}", value=f"line {begun + 1}", mend="Mend the line."
            ) from None
        if any(cell.strip() for cell in cells):
            yield Row(begun + 1, [unmarked(cell.strip()) for cell in cells])
        begun = skipped + reader.line_num


def delimiter_of(lines: Sequence[str]) -> str:
    """The one that most lines have, the same number of times; NONE for a single column."""
    filled = [line for line in lines if line.strip()]
    best, most = NONE, 0
    for delimiter in DELIMITERS:
        counts = [line.count(delimiter) for line in filled]
        common = max(set(counts), key=counts.count, default=0)
        share = counts.count(common)
        if common and share >= MOSTLY * len(filled) and share * common > most:
            best, most = delimiter, share * common
    return best


def read_rows(rows: Sequence[Row], given: Given) -> Iterator[NewEntry | Fault]:
    header = [plain(cell) for cell in rows[0].cells]
    has_header = len(rows) > 1 and is_header(rows[0].cells)
    if has_header and "number" in header and "reason" in header:
        yield from read_own(rows[1:], header, given)
        return
    column = number_column(rows, header if has_header else [])
    if column is None:
        raise BadInput(
            "file" if len(rows) > 1 else "numbers",
            "has no phone numbers",
            value=" ".join(rows[0].cells)[:60],
            mend="Give one number a line, or a table with a column of numbers.",
        )
    for row in rows[1:] if has_header else rows:
        cells = row.cells if column < 0 else row.cells[column : column + 1]
        for cell in cells:
            if cell:
                yield from entries_of(row.line, cell, given)


def is_header(cells: Sequence[str]) -> bool:
    """In a single column only a known name is one: all else may be a number with a typo."""
    if any(map(is_numeric, cells)):
        return False
    return len(cells) > 1 or number_rank(cells[0]) is not None


ALL = -1


def number_column(rows: Sequence[Row], header: Sequence[str]) -> int | None:
    """Which column has the numbers: ALL where each cell is one, None where there are none."""
    data = rows[1:] if header else rows
    ranked = [
        (rank, at) for at, name in enumerate(header) if (rank := number_rank(name)) is not None
    ]
    if ranked:
        return min(ranked)[1]
    width = max(len(row.cells) for row in rows)
    if width == 1:
        return 0
    shares = [share(row.cells[at] for row in data if at < len(row.cells)) for at in range(width)]
    every = share(cell for row in data for cell in row.cells)
    if not header and every >= MOSTLY:
        return ALL
    best = max(range(width), key=lambda at: shares[at])
    return best if shares[best] >= MOSTLY else None


def share(cells: Iterator[str]) -> float:
    filled = [cell for cell in cells if cell]
    return sum(map(is_numeric, filled)) / len(filled) if filled else 0.0


def is_numeric(cell: str) -> bool:
    return looks_like_number(cell) and not DATE.fullmatch(cell)


def entries_of(line: int, cell: str, given: Given) -> Iterator[NewEntry | Fault]:
    """The number of a cell; all of them where there are several."""
    try:
        yield NewEntry(typed_number(cell), *given)
        return
    except BadInput as error:
        whole = error
    parts = [part.strip() for part in BETWEEN_NUMBERS.split(cell) if part.strip()]
    read = [one_of_cell(line, part, given) for part in parts]
    if all(isinstance(one, Fault) for one in read):
        read = [Fault(line, cell, words_of(whole))]
    yield from read


def words_of(error: BadInput) -> str:
    """Without the value, which stands beside it."""
    words = f"{error.problem}. {error.mend}".strip()
    return words if error.field == "mobile" else f"{error.field} {error.value!r} {words}"


def one_of_cell(line: int, part: str, given: Given) -> NewEntry | Fault:
    try:
        return NewEntry(typed_number(part), *given)
    except BadInput as error:
        return Fault(line, part, words_of(error))


def read_own(
    rows: Sequence[Row], header: Sequence[str], given: Given
) -> Iterator[NewEntry | Fault]:
    """A list as core/dnc_export.py writes it."""
    for row in rows:
        cells = dict(zip(header, row.cells, strict=False))
        try:
            yield own_entry(cells, given)
        except BadInput as error:
            yield Fault(row.line, cells.get("number", ""), words_of(error))


def own_entry(cells: dict[str, str], given: Given) -> NewEntry:
    reason = cells.get("reason", "").lower() or given.reason
    if reason not in REASONS:
        raise BadInput("reason", "is not known", value=reason, mend=f"Use {', '.join(REASONS)}.")
    return NewEntry(
        typed_number(cells["number"]),
        reason,
        cells.get("comment", "")[:MOST_COMMENT] or given.comment,
        cells.get("source", "")[:MOST_SOURCE] or given.source,
        moment(cells.get("since", "")),
    )


def moment(text: str) -> datetime | None:
    """A date that is past; None for none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        mend = "Write it as 2026-11-30T09:00:00+00:00, or leave it out."
        raise BadInput("since", "is no date", value=text, mend=mend) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(at, utcnow())
