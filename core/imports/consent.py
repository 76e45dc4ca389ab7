"""What a file says about who may be texted: which columns say it, and each row's answer.

A column is read in one of two senses. In DO_NOT_CONTACT columns yes forbids texts, in
CONSENT columns yes allows them. Words that speak for themselves (unsubscribed, opted in)
mean the same in both. Where a cell leaves it open, the person is not texted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from heliograph.imports.consent_words import (
    CONSENT,
    DO_NOT_CONTACT,
    Header,
    fold,
    known,
    names_one,
    read_header,
    read_value,
)

TARGETS = (DO_NOT_CONTACT, CONSENT)
READABLE = 0.6  # least share of filled cells that a column of consent must have readable
LONGEST_VALUE = 100
EVERYBODY = "everybody in the file has unsubscribed"
MOVED = "(the row has too many cells)"
UNREAD = "(the row cannot be read)"


class Refusal(NamedTuple):
    """Why a row's person is not texted: the cell that says it; `at` is its index, -1 for none."""

    column: str
    value: str
    clear: bool
    at: int = -1

    @property
    def words(self) -> str:
        if self.at < 0:
            return self.value
        return f"{self.column[:LONGEST_VALUE]}: {self.value[:LONGEST_VALUE] or '(blank)'}"


@dataclass(frozen=True, slots=True)
class Found:
    """`mapped` is what is read, target by column; `open` are columns a person must look at."""

    mapped: dict[str, str]
    open: tuple[str, ...]


def find_consent(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> Found:
    """Which columns say who may be texted, by their names and the cells of *samples*.

    Those about e-mail and other channels are left open where no column is about texts;
    so are those whose name is about consent and whose cells are not.
    """
    mapped: dict[str, str] = {}
    about_others, unreadable = [], []
    for at, column in enumerate(columns):
        header = read_header(column)
        if header is None:
            continue
        cells = [row[at].strip() for row in samples if at < len(row) and row[at].strip()]
        readable = is_readable(cells, header)
        if not readable and not header.sure:
            continue
        if not header.about_texts:
            about_others.append(column)
        elif readable and not header.beside:
            mapped[column] = header.target
        else:
            unreadable.append(column)
    return Found(mapped, () if mapped else (*unreadable, *about_others))


def left_out(found: Found, mapping: Mapping[str, str]) -> list[str]:
    """Columns that say, or may say, who may be texted, and that *mapping* does not read."""
    unread = [column for column in found.mapped if mapping.get(column) not in TARGETS]
    if any(target in TARGETS for target in mapping.values()):
        return unread
    return [*unread, *found.open]


def is_readable(cells: Sequence[str], header: Header) -> bool:
    """Most cells can be read. A column of refusals may well be blank where it begins."""
    if not cells:
        return header.target == DO_NOT_CONTACT
    if header.status and not header.sure:
        spoken = known().values["out"] | known().values["in"]
        if not any(fold(cell) in spoken for cell in cells):
            return False
    readable = sum(read_value(cell, header.target).clear for cell in cells)
    return readable >= READABLE * len(cells)


def is_of_unsubscribed(filename: str) -> bool:
    """Whether the name of a file says that everybody in it has unsubscribed.

    >>> is_of_unsubscribed("unsubscribed_segment_export_8f2.csv"), is_of_unsubscribed("a.csv")
    (True, False)
    """
    return names_one(fold(Path(filename).stem), known().files)


class ConsentReader:
    """Reads the columns of one file that are mapped to DO_NOT_CONTACT or CONSENT.

    With *everybody* each row refuses, whatever its cells say.
    """

    def __init__(
        self, columns: Sequence[str], mapping: Mapping[str, str], *, everybody: bool = False
    ) -> None:
        self._everybody = everybody
        self._columns = [
            (at, column, mapping[column])
            for at, column in enumerate(columns)
            if mapping.get(column) in TARGETS
        ]

    def __bool__(self) -> bool:
        return self._everybody or bool(self._columns)

    def read(self, cells: Sequence[str]) -> Refusal | None:
        """Why the person of this row is not texted; None when nothing speaks against it."""
        unclear: Refusal | None = None
        for at, column, target in self._columns:
            value = cells[at].strip() if at < len(cells) else ""
            verdict = read_value(value, target)
            if verdict.out and verdict.clear:
                return Refusal(column, value, clear=True, at=at)
            if verdict.out and unclear is None:
                unclear = Refusal(column, value, clear=False, at=at)
        if self._everybody:
            return Refusal("", EVERYBODY, clear=True)
        return unclear

    def doubt(self, cells: Sequence[str]) -> Refusal | None:
        """As `read`, of a row whose cells may have moved: a blank one may have said no."""
        for at, column, target in self._columns:
            blank = at >= len(cells) or not cells[at].strip()
            if target == DO_NOT_CONTACT and blank:
                return self.read(cells) or Refusal(column, MOVED, clear=False, at=at)
        return self.read(cells)


def merged(one: Refusal | None, other: Refusal | None) -> Refusal | None:
    """Of two rows with one number: who refuses in any of them is not texted."""
    found = [refusal for refusal in (one, other) if refusal is not None]
    return next((refusal for refusal in found if refusal.clear), found[0] if found else None)
