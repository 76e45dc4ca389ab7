"""What an import would do, without doing it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from heliograph.contacts.fields import contact_fields
from heliograph.db import AWAY, db
from heliograph.errors import BadInput, HeliographError
from heliograph.imports.notes import reading_notes
from heliograph.imports.plan import Choices, Plan, plan_import
from heliograph.imports.reasons import REJECTED, ReasonCount, add_counts, row_words
from heliograph.imports.rows import Batch, read_batches
from heliograph.imports.runner import BATCH, words_of
from heliograph.imports.sorting import Sorted, sort_out
from heliograph.imports.storage import existing
from heliograph.sentences import Sentence

log = logging.getLogger(__name__)

SHOWN = 10
IN_LINE = Sentence("line %(line)s: %(why)s")


@dataclass(frozen=True, slots=True)
class Trial:
    """`contacts` would be stored, of which `known` are there already; the rest is in rows.

    `opted_out` numbers would be on do-not-contact. `first_errors` are about the first rejected
    rows, `notes` about what was guessed.
    """

    plan: Plan
    rows: int
    contacts: int
    known: int
    rejected: int
    remarked: int
    opted_out: int
    reasons: list[ReasonCount]
    first_errors: list[Sentence]
    notes: list[Sentence]

    @property
    def ignored(self) -> list[str]:
        """The columns that are left out."""
        return [name for name in self.plan.source.columns if name not in self.plan.mapping]


def dry_run(
    path: Path,
    *,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
    header_line: int | None = None,
    date_order: str = "",
    all_refuse: bool = False,
) -> Trial:
    """Read the whole file and store nothing; for what may be said see Choices.

    Raises BadInput when the file cannot be imported so, whatever the cause.
    """
    choices = Choices(mapping, region or "", header_line, date_order, all_refuse)
    try:
        return tried(plan_import(path, choices))
    except (HeliographError, *AWAY):
        raise
    except Exception as error:
        log.exception("the dry run of %s failed", path)
        raise BadInput("file", f"cannot be imported. {words_of(error)}") from error


def tried(plan: Plan) -> Trial:
    source, fields = plan.source, contact_fields()
    reader = plan.reader(fields)
    rows = contacts = known = rejected = remarked = opted_out = 0
    reasons: list[ReasonCount] = []
    first: list[Sentence] = []
    for batch in read_batches(source, BATCH):
        found = sort_out(batch, reader)
        rows += len(batch.rows)
        contacts += len(found.records)
        known += len(existing(db.session(), list(found.records)))
        rejected += len(found.faults)
        remarked += len(found.remarks)
        opted_out += len(found.refusals)
        reasons = add_counts(reasons, found.counts(batch, source.columns))
        if len(first) < SHOWN:
            first += first_rejected(batch, found, source.columns)[: SHOWN - len(first)]
    notes = reading_notes(
        plan.facts,
        plan.mapping,
        encoding=source.encoding,
        delimiter=source.delimiter,
        region=plan.region,
    )
    counts = rows, contacts, known, rejected, remarked, opted_out
    return Trial(plan, *counts, reasons, first, notes)


def first_rejected(batch: Batch, found: Sorted, columns: tuple[str, ...]) -> list[Sentence]:
    told = [row for row in found.told(batch) if row.result == REJECTED][:SHOWN]
    return [
        IN_LINE.filled(line=row.line, why=row_words(row.reasons[0], columns, row.cells))
        for row in told
    ]
