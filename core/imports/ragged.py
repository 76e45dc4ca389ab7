"""Rows with more cells than the header: a comma that should have been in quotes.

Everything behind such a comma stands one column too far right. Where the number stands tells
on which side of it the row broke; what may belong to two columns is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from heliograph.errors import BadInput
from heliograph.imports.numbers import digits_in, read_cell
from heliograph.imports.reasons import Reason

SHORTEST = 7  # digits of a number


def realign(
    cells: Sequence[str], width: int, mobile: Sequence[int], region: str
) -> list[str] | Reason:
    """*cells* as *width* ones, those that are not sure blank; a Reason when no number is sure."""
    extra = len(cells) - width
    numbers = [at for at, cell in enumerate(cells) if gets_texts(cell, region)]
    if len(numbers) != 1:
        return Reason("too_many_cells")
    (number,) = numbers
    behind, before = number in mobile, number - extra in mobile
    if behind == before:
        return Reason("too_many_cells")
    if behind:
        return [*cells[: number + 1], *[""] * (width - number - 1)]
    # it broke before the number: counted from the end all cells are right
    return [*[""] * (number - extra), *cells[number:]]


def gets_texts(cell: str, region: str) -> bool:
    return bool(numbers_among([cell], region))


def numbers_among(cells: Sequence[str], region: str) -> list[str]:
    """The numbers that can get texts, wherever they stand."""
    found = []
    for cell in cells:
        if digits_in(cell) >= SHORTEST:
            try:
                found.append(read_cell(cell.strip(), region)[0].e164)
            except BadInput:
                continue
    return found
