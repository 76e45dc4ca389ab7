"""What pages say of an import: its state, what was guessed, why rows were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from heliograph.contacts.fields import contact_fields
from heliograph.imports.dates import DAY_FIRST, MONTH_FIRST
from heliograph.imports.facts import FileFacts, facts_of
from heliograph.imports.models import FINISHED, Import
from heliograph.imports.notes import GUESSED, LEFT_OUT, REGION, reading_notes
from heliograph.imports.plan import Plan
from heliograph.imports.reasons import REJECTED, ReasonCount, reason_words
from heliograph.imports.source import Source
from heliograph.imports.targets import IGNORE, TARGETS, label_of
from heliograph.imports.upload import UploadView
from heliograph.web.contact_form import country_options
from heliograph.web.sentence_words import told

LONGEST = 60


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """`rows` is a phrase such as *74 rows*, `first_line` where to look for an example."""

    rows: str
    words: str
    first_line: int


def shown_status(job: Import) -> str:
    """The key of a badge: one that finished with rejected rows is not just finished."""
    if job.status != FINISHED or not job.rejected:
        return job.status
    return "finished_nothing" if job.rejected == job.rows_done else "finished_rejected"


def reason_lines(reasons: Sequence[ReasonCount], result: str = REJECTED) -> list[ReasonLine]:
    return [
        ReasonLine(
            ngettext("%(num)s row", "%(num)s rows", one["rows"]),
            told(reason_words(one["code"], one["column"])),
            one["first_line"],
        )
        for one in reasons
        if one["result"] == result
    ]


def note_lines(job: Import) -> list[str]:
    """What was found, guessed and left out."""
    facts = facts_of(job)
    if not facts.columns:
        return []
    return read_as(facts, job.mapping, job.encoding, job.delimiter, job.region)


def plan_lines(plan: Plan) -> list[str]:
    """The same of an import that is only tried."""
    source = plan.source
    return read_as(plan.facts, plan.mapping, source.encoding, source.delimiter, plan.region)


def upload_lines(view: UploadView, region: str, chosen: Mapping[str, str]) -> list[str]:
    """The same of an upload, but for what the choices on its page show."""
    mapping = {column: key for column, key in chosen.items() if key not in ("", IGNORE)}
    source = view.source
    shown = (GUESSED.template, LEFT_OUT.template, REGION.template)
    return read_as(view.facts, mapping, source.encoding, source.delimiter, region, but=shown)


def read_as(
    facts: FileFacts,
    mapping: Mapping[str, str],
    encoding: str,
    delimiter: str,
    region: str,
    *,
    but: Sequence[str] = (),
) -> list[str]:
    fields = contact_fields()
    notes = reading_notes(
        facts,
        mapping,
        encoding=encoding,
        delimiter=delimiter,
        region=dict(country_options()).get(region, region),
        named=lambda key: told(label_of(key, fields)),
    )
    return [told(note) for note in notes if note.template not in but]


def mapped_columns(job: Import) -> list[tuple[str, str]]:
    """Each column of the file and what people read of its field, "" for one left out."""
    fields = contact_fields()
    columns = facts_of(job).columns or tuple(job.mapping)
    return [
        (column, told(label_of(job.mapping[column], fields)) if column in job.mapping else "")
        for column in columns
    ]


def field_options() -> list[tuple[str, str]]:
    """What a column may be."""
    fields = [(field.alias, told(field.label)) for field in contact_fields().values()]
    targets = [(target.key, told(target.label)) for target in TARGETS.values()]
    return [(IGNORE, _("– leave out –")), *fields, *targets]


def header_options(source: Source) -> list[tuple[str, str]]:
    """The lines that may have the names of the columns, with their beginning."""
    options = []
    for line in source.top:
        words = ", ".join(cell for cell in line.cells if cell)
        if len(words) > LONGEST:
            words = f"{words[:LONGEST]}…"
        options.append(
            (str(line.number), _("Line %(number)s: %(words)s", number=line.number, words=words))
        )
    return [*options, ("0", _("No line: number the columns"))]


def date_options(*, open_: bool) -> list[tuple[str, str]]:
    """How 03/04/2026 may be read; *open_*: the file does not show it."""
    return [
        ("", _("Please choose") if open_ else _("As other dates in the file show")),
        (DAY_FIRST, _("Day first: 3 April")),
        (MONTH_FIRST, _("Month first: March 4")),
    ]
