"""The file of rows that were rejected, or imported with a remark."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from heliograph.csv_files import CsvWriter, unmarked
from heliograph.imports.reasons import (
    REJECTED,
    REJECTED_WORD,
    REMARK,
    TAKEN_WITH_REMARK,
    Reason,
    row_words,
)
from heliograph.private_files import write_private
from heliograph.sentences import Sentence

HEAD = ("row", "line", "result", "code", "reason")
RESULTS = {REJECTED: REJECTED_WORD, REMARK: TAKEN_WITH_REMARK}
CODE = re.compile(r"(\w+)(?::(\d+))?")

Words = Callable[[str], str]


class ReportRow(NamedTuple):
    """`number` counts the rows of data from 1, `line` those of the file."""

    number: int
    line: int
    result: str
    reasons: list[Reason]
    cells: list[str]


class ReportFile:
    """Such rows as they came, with the columns HEAD before them.

    Begins with what the last committed batch had written; the rest is cut off.
    """

    def __init__(self, path: Path, kept: int, columns: tuple[str, ...]) -> None:
        self._path, self._kept, self._columns = path, kept, columns

    def __enter__(self) -> ReportFile:
        self._raw = self._path.open("r+b") if self._kept else write_private(self._path)
        self._raw.truncate(self._kept)
        self._raw.seek(self._kept)
        self._text = io.TextIOWrapper(
            self._raw, "utf-8-sig" if not self._kept else "utf-8", newline=""
        )
        self._writer = CsvWriter(self._text)
        self._changed = not self._kept
        if not self._kept:
            self._writer.write([*HEAD, *self._columns])
        return self

    def add(self, rows: Sequence[ReportRow]) -> None:
        for row in rows:
            words = " ".join(row_words(one, self._columns, row.cells) for one in row.reasons)
            codes = " ".join(map(code_of, row.reasons))
            self._writer.write(
                [row.number, row.line, RESULTS[row.result], codes, words, *row.cells]
            )
        self._changed = self._changed or bool(rows)

    def flush(self) -> int:
        """Make it last; returns the size in bytes."""
        if not self._changed:
            return self._kept
        self._changed = False
        self._text.flush()
        os.fsync(self._raw.fileno())
        self._kept = self._raw.tell()
        return self._kept

    def __exit__(self, *_error: object) -> None:
        self._text.close()


def code_of(reason: Reason) -> str:
    """`bad_tag:3` is about the third column of the file."""
    return reason.code if reason.column < 0 else f"{reason.code}:{reason.column + 1}"


def read_report(path: Path, *, result: str = "", words: Words | None = None) -> Iterator[str]:
    """The file as pieces of CSV; only rows of that *result* if one is given.

    With *words*, which says a sentence in the reader's language, result and reason are said so.
    """
    line, writer = written_lines()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = (list(map(unmarked, row)) for row in csv.reader(file))
        head = next(rows, list(HEAD))
        yield "\ufeff" + line(writer(head))
        columns = head[len(HEAD) :]
        for row in rows:
            if result and row[HEAD.index("result")] != RESULTS[result]:
                continue
            yield line(writer(reworded(row, columns, words) if words else row))


def written_lines() -> tuple[Callable[[object], str], Callable[[Sequence[str]], object]]:
    """Two functions: one writes a row, the other gives what was written."""
    buffer = io.StringIO()
    writer = CsvWriter(buffer)

    def line(_written: object) -> str:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    return line, writer.write


def reworded(row: list[str], columns: Sequence[str], words: Words) -> list[str]:
    number, line, result, codes, _, *cells = row
    reasons = [
        Reason(code, int(column) - 1 if column else -1, "" if column else line)
        for code, column in CODE.findall(codes)
    ]
    said = " ".join(words(row_words(reason, columns, cells)) for reason in reasons)
    return [number, line, words(Sentence(result)), codes, said, *cells]
