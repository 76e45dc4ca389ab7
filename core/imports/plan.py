"""What an import of a file would do: which column is which, and how the cells are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.contacts.fields import Field, contact_fields
from core.errors import BadInput
from core.imports.dates import date_columns, decide_order, find_evidence
from core.imports.facts import FileFacts, facts_from
from core.imports.mapping import map_columns
from core.imports.records import RecordReader
from core.imports.rows import read_batches
from core.imports.source import Source, inspect_file
from core.installation import current_settings

SAMPLES = 50  # rows that a guess goes by


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says about a file; what is blank or None is guessed.

    `mapping` is field by column, `header_line` the line with the names of the columns (0 for
    none), `date_order` day-first or month-first, `region` the country of numbers written
    without one.
    """

    mapping: Mapping[str, str] | None = None
    region: str = ""
    header_line: int | None = None
    date_order: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A file and how it is to be read."""

    source: Source
    mapping: dict[str, str]
    region: str
    facts: FileFacts

    def reader(self, fields: Mapping[str, Field]) -> RecordReader:
        return RecordReader(
            self.source.columns, self.mapping, fields, self.region, self.facts.date_order
        )


def plan_import(path: Path, choices: Choices) -> Plan:
    """Look the file over and decide what was not chosen; raises BadInput."""
    source = inspect_file(path, header_line=choices.header_line)
    fields = contact_fields()
    mapping = map_columns(source.columns, fields, first_rows(source), choices.mapping)
    region = checked_region(choices.region)
    evidence = find_evidence(source, date_columns(source.columns, mapping, fields))
    dates = decide_order(evidence, region, choices.date_order)
    return Plan(source, mapping, region, facts_from(source, dates, choices.mapping))


def first_rows(source: Source, count: int = SAMPLES) -> list[list[str]]:
    """The first rows that can be read."""
    batch = next(read_batches(source, count), None)
    if batch is None:
        return []
    return [cells for at, cells in enumerate(batch.rows) if at not in batch.faults]


def checked_region(region: str | None) -> str:
    if not region:
        return current_settings().region
    if len(region) != 2 or not region.isalpha():
        raise BadInput("region", "is no country", value=region, mend="Use FR, US or another.")
    return region.upper()
