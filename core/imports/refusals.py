"""What becomes of people who must not be texted, as a file says: entries on do-not-contact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from heliograph.dnc import ELSEWHERE
from heliograph.dnc_many import NewEntry, add_entries
from heliograph.dnc_sources import count_of_source, lift_of_source
from heliograph.imports.consent import MOVED, UNREAD, Refusal, merged
from heliograph.imports.ragged import numbers_among
from heliograph.imports.reasons import Reason
from heliograph.imports.records import Reading, RecordReader
from heliograph.imports.rows import Batch

BETWEEN_CELLS = re.compile(r"[,;\t|\"'\r\n]+")


def source_of_import(import_id: int) -> str:
    """What entries say that this import made."""
    return f"import {import_id}"


def store_refusals(import_id: int, filename: str, refusals: Mapping[str, Refusal]) -> None:
    """Put the numbers on do-not-contact; in the transaction that stores the contacts."""
    source = source_of_import(import_id)
    add_entries(
        [
            NewEntry(number, ELSEWHERE, f"{refusal.words} ({filename[:100]})", source)
            for number, refusal in refusals.items()
        ]
    )


def lift_refusals(import_id: int, *, by: str) -> int:
    """Take off the list what the import alone put there; returns how many entries."""
    comment = f"What import {import_id} put on the list was taken back"
    return lift_of_source(source_of_import(import_id), comment=comment, by=by)


def count_refusals(import_id: int) -> int:
    """How many entries on the list are there because of this import alone."""
    return count_of_source(source_of_import(import_id))


def find_refusals(
    batch: Batch,
    reader: RecordReader,
    reading: Reading,
    taken: Sequence[int],
    moved: Mapping[int, object],
    faults: Mapping[int, Reason],
) -> dict[str, Refusal]:
    """Why people of *batch* must not be texted, by number, those of rejected rows too.

    *reading* is of the rows *taken*, of which those *moved* had too many cells. Where such
    a row leaves open which cell is which, its numbers are not texted either, and neither
    are those of a row that cannot be read: nobody knows whether it refuses.
    """
    if not reader.consent:
        return {}
    found: dict[str, Refusal] = {}
    for at, row in enumerate(taken):
        refusal = reading.refusals.get(at)
        if row in moved:
            refusal = reader.consent.doubt(batch.rows[row])
        if refusal is not None:
            mobile = reading.records[at].mobile
            for number in reader.numbers_of(batch.rows[row], mobile):
                add(found, number, refusal)
    for row, words in unclear_rows(batch, faults):
        for number in numbers_among(cells_in(batch.rows[row]), reader.region):
            add(found, number, Refusal("", words, clear=False))
    return found


def unclear_rows(batch: Batch, faults: Mapping[int, Reason]) -> Iterator[tuple[int, str]]:
    """Rows that nobody can read by columns, and in words why."""
    yield from ((row, MOVED) for row in batch.overlong if row in faults)
    yield from ((row, UNREAD) for row in batch.faults)


def cells_in(lines: Sequence[str]) -> list[str]:
    """What may be cells in *lines* whose quotes and delimiters are in disorder."""
    return [cell for line in lines for cell in BETWEEN_CELLS.split(line)]


def add(found: dict[str, Refusal], number: str, refusal: Refusal) -> None:
    both = merged(found.get(number), refusal)
    if both is not None:
        found[number] = both
