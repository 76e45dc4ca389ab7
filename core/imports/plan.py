"""What an import of a file would do: which column is which, and how the cells are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from heliograph.contacts.fields import Field, contact_fields
from heliograph.errors import BadInput
from heliograph.imports.consent import TARGETS, find_consent, left_out
from heliograph.imports.consent_words import CONSENT, DO_NOT_CONTACT, read_header
from heliograph.imports.dates import date_columns, decide_order, find_evidence
from heliograph.imports.facts import FileFacts, facts_from
from heliograph.imports.mapping import given_columns, map_columns
from heliograph.imports.records import RecordReader
from heliograph.imports.rows import read_batches
from heliograph.imports.source import Source, inspect_file
from heliograph.imports.targets import IGNORE
from heliograph.installation import current_settings

SAMPLES = 50  # rows that a guess goes by


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says about a file; what is blank or None is guessed.

    `mapping` is field by column, `header_line` the line with the names of the columns (0 for
    none), `date_order` day-first or month-first, `region` the country of numbers written
    without one. With `all_refuse` everybody in the file has unsubscribed; `without_consent`
    leaves columns out that say who may be texted.
    """

    mapping: Mapping[str, str] | None = None
    region: str = ""
    header_line: int | None = None
    date_order: str = ""
    all_refuse: bool = False
    without_consent: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A file and how it is to be read."""

    source: Source
    mapping: dict[str, str]
    region: str
    facts: FileFacts

    def reader(self, fields: Mapping[str, Field]) -> RecordReader:
        return RecordReader(
            self.source.columns,
            self.mapping,
            fields,
            self.region,
            self.facts.date_order,
            all_refuse=self.facts.all_refuse,
        )


def plan_import(path: Path, choices: Choices) -> Plan:
    """Look the file over and decide what was not chosen; raises BadInput."""
    source = inspect_file(path, header_line=choices.header_line)
    fields = contact_fields()
    rows = first_rows(source)
    mapping = map_columns(source.columns, fields, rows, choices.mapping)
    region = checked_region(choices.region)
    evidence = find_evidence(source, date_columns(source.columns, mapping, fields))
    dates = decide_order(evidence, region, choices.date_order)
    facts = replace(
        facts_from(source, dates, choices.mapping),
        all_refuse=choices.all_refuse,
        unread_consent=tuple(left_out(find_consent(source.columns, rows), mapping)),
    )
    return Plan(source, mapping, region, facts)


def refuse_unread_consent(plan: Plan, choices: Choices, *, said: bool) -> None:
    """Raise BadInput when a column that may forbid texts is left out and nobody meant it.

    Also when one is read in the opposite sense, which nobody can mean.

    With *said* a column that `choices.mapping` leaves out by name is left out on purpose.
    """
    if choices.all_refuse:
        return
    refuse_reversed_consent(plan.mapping)
    if choices.without_consent:
        return
    given = given_columns(plan.source.columns, contact_fields(), choices.mapping or {})
    meant = {column for column, key in given.items() if said and key == IGNORE}
    unread = [column for column in plan.facts.unread_consent if column not in meant]
    if unread:
        raise BadInput(
            "consent",
            "may say who must not be texted, and is left out",
            value=", ".join(unread),
            mend=f'Map it: --map "{unread[0]}={DO_NOT_CONTACT}" (yes forbids texts) or '
            f'"{unread[0]}={CONSENT}" (yes allows them). To leave it out on purpose: '
            f'--map "{unread[0]}=-", or --without-consent for all.',
        )


def refuse_reversed_consent(mapping: Mapping[str, str]) -> None:
    """Raise BadInput when a column is read in the opposite of the sense that its name has.

    Everybody who has unsubscribed would be texted, and nobody else.
    """
    for column, key in mapping.items():
        header = read_header(column) if key in TARGETS else None
        if header is None or header.status or not header.sure or header.target == key:
            continue
        sense = "forbids" if header.target == DO_NOT_CONTACT else "allows"
        raise BadInput(
            "--map",
            f"says by its name that yes {sense} texts, and is mapped the other way round",
            value=column,
            mend=f'Map it: --map "{column}={header.target}". If its name is wrong, rename the '
            "column in the file.",
        )


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
