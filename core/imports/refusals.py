"""What becomes of people who must not be texted, as a file says: entries on do-not-contact."""

from __future__ import annotations

from collections.abc import Mapping

from core.dnc import ELSEWHERE
from core.dnc_many import NewEntry, add_entries, lift_of_source
from core.imports.consent import Refusal


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
