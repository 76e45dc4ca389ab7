"""An import by steps: the file is kept, looked at, mapped, tried, then started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select

from heliograph.contacts.fields import Field, contact_fields
from heliograph.db import db, transaction, utcnow
from heliograph.errors import BadInput, Conflict
from heliograph.imports.consent import Found, find_consent, is_of_unsubscribed
from heliograph.imports.create import apply_plan, name_files, segment_for
from heliograph.imports.dates import (
    BY_REGION,
    DateOrder,
    Evidence,
    columns_like_dates,
    date_columns,
    find_evidence,
)
from heliograph.imports.facts import FileFacts, facts_from, facts_of
from heliograph.imports.keeping import keep_file
from heliograph.imports.mapping import given_columns, guess_columns
from heliograph.imports.models import CANCELLED, FAILED, FINISHED, UNDONE, UPLOADED, Import
from heliograph.imports.plan import Choices, first_rows, plan_import, refuse_unread_consent
from heliograph.imports.runner import get_import
from heliograph.imports.source import Source, inspect_file
from heliograph.installation import current_settings

MOST_MEGABYTES = 100
SHOWN = 5
KEPT = timedelta(days=2)
ENDED = (FINISHED, FAILED, CANCELLED, UNDONE)


@dataclass(frozen=True, slots=True)
class UploadView:
    """What a person sees of an uploaded file; `guessed` is field by column, "" for none.

    `dates` is what its dates say about the order of day and month, `consent` which columns
    say who may be texted.
    """

    source: Source
    samples: list[list[str]]
    guessed: dict[str, str]
    facts: FileFacts
    dates: Evidence
    consent: Found


def keep_upload(stream: IO[bytes], filename: str) -> Import:
    """Keep a file of at most MOST_MEGABYTES; raises BadInput when it is no CSV."""
    sweep_uploads()
    name = Path(filename.replace("\\", "/")).name.replace("\x00", "")[:255] or "contacts.csv"
    return keep(stream, Import(filename=name, region=current_settings().region))


def map_again(import_id: int) -> Import:
    """A new upload of the file that an import which has ended was made from.

    It begins with the choices of that one. Raises Conflict when the import has not ended, or
    the file is not kept any more.
    """
    job = get_import(import_id)
    if job.status not in ENDED:
        raise Conflict("This import has not ended yet.")
    if not is_kept(job):
        raise Conflict("The file of this import is not kept any more. Upload it again.")
    chosen = {column: job.mapping.get(column, "-") for column in facts_of(job).columns}
    again = Import(filename=job.filename, region=job.region, segment_id=job.segment_id)
    again.mapping = chosen or dict(job.mapping)
    again.reading = facts_of(job).as_json() | {"again_of": job.id}
    with Path(job.path).open("rb") as file:
        return keep(file, again)


def is_kept(job: Import) -> bool:
    return bool(job.path) and Path(job.path).is_file()


def keep(stream: IO[bytes], job: Import) -> Import:
    """Store *job* as an upload, with the file; nothing of it stays when that is no CSV."""
    job.path, job.status = "", UPLOADED
    with transaction() as session:
        session.add(job)
        session.flush()
        name_files(job)
    try:
        keep_file(stream, Path(job.path))
        look_over(job.id, header_of(job))
    except BaseException:
        discard(job.id)
        raise
    return get_import(job.id)


def header_of(job: Import) -> int | None:
    """The line that was chosen for the names of the columns; None before any was."""
    return facts_of(job).header_line if job.reading else None


def choose_header(import_id: int, line: int) -> None:
    """Take the names of the columns from *line*, 0 for none; raises BadInput, Conflict."""
    refuse_started(get_import(import_id))
    look_over(import_id, line)


def look_over(import_id: int, header_line: int | None) -> None:
    """Store what is found in the file."""
    job = get_import(import_id)
    source = inspect_named(Path(job.path), job.filename, header_line)
    before = facts_of(job)
    dates = DateOrder(before.date_order, before.date_by)
    facts = replace(
        facts_from(source, dates, None, again_of=before.again_of),
        evidence=tuple(find_evidence(source, likely_dates(source))),
        all_refuse=before.all_refuse or (not job.reading and is_of_unsubscribed(job.filename)),
    )
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        refuse_started(job)
        job.encoding, job.delimiter = source.encoding, source.delimiter
        job.bytes_total, job.reading = source.size, facts.as_json()


def likely_dates(source: Source) -> list[int]:
    """Indexes of the columns that hold dates, as far as one can tell before it is said."""
    rows, fields = first_rows(source), contact_fields()
    guessed = guess_columns(source.columns, fields, rows, {})
    found = {*columns_like_dates(source.columns, rows)}
    return sorted(found | {*date_columns(source.columns, guessed, fields)})


def inspect_named(path: Path, name: str, header_line: int | None) -> Source:
    """Errors are to show the name the person knows."""
    try:
        return inspect_file(path, header_line=header_line)
    except BadInput as error:
        value = name if error.value == path.name else error.value
        raise BadInput(error.field, error.problem, value=value, mend=error.mend) from None


def view_upload(job: Import) -> UploadView:
    """Columns, first rows and the guess; raises Conflict when it is no upload any more."""
    refuse_started(job)
    source, fields = inspect_file(Path(job.path), header_line=header_of(job)), contact_fields()
    rows = first_rows(source)
    said = chosen_before(job, source, fields)
    guessed = said | guess_columns(source.columns, fields, rows, said)
    facts = facts_of(job)
    return UploadView(
        source,
        rows[:SHOWN],
        {column: guessed.get(column, "") for column in source.columns},
        facts,
        Evidence(*facts.evidence),
        find_consent(source.columns, rows),
    )


def chosen_before(job: Import, source: Source, fields: dict[str, Field]) -> dict[str, str]:
    """What was chosen for the same file before, as far as it still fits."""
    columns = {column: key for column, key in job.mapping.items() if column in source.columns}
    try:
        return given_columns(source.columns, fields, columns)
    except BadInput:  # a field is gone meanwhile
        return {}


def start_upload(
    import_id: int,
    mapping: Mapping[str, str],
    *,
    region: str = "",
    segment: str = "",
    date_order: str = "",
    all_refuse: bool = False,
    without_consent: bool = False,
) -> Import:
    """Have the clock run it; raises BadInput on the mapping, region, order or segment.

    Also when a column that may forbid texts is left out, unless it is *without_consent*.
    The order of dates must be chosen where the file leaves it open.
    """
    job = get_import(import_id)
    refuse_started(job)
    choices = Choices(mapping, region, header_of(job), date_order, all_refuse, without_consent)
    plan = plan_import(Path(job.path), choices)
    refuse_unread_consent(plan, choices, said=False)
    if plan.facts.date_by == BY_REGION:  # a person is there to be asked
        mend = "Choose whether the day or the month comes first."
        raise BadInput("date_order", "is not clear from the dates of the file", mend=mend)
    segment_id = segment_for(segment.strip()) if segment.strip() else None
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        refuse_started(job)
        again_of = facts_of(job).again_of
        apply_plan(job, plan)
        job.reading = job.reading | {"again_of": again_of}
        job.segment_id, job.created_at = segment_id, utcnow()
    return get_import(import_id)


def refuse_started(job: Import) -> None:
    if job.status != UPLOADED:
        raise Conflict("This import was started already.")


def discard(import_id: int) -> None:
    """Forget an upload that was not started, and its file."""
    with transaction() as session:
        job = session.get(Import, import_id)
        if job is not None and job.status == UPLOADED:
            Path(job.path).unlink(missing_ok=True)
            session.delete(job)


def sweep_uploads() -> None:
    old = select(Import.id).where(Import.status == UPLOADED, Import.created_at < utcnow() - KEPT)
    for import_id in db.session.scalars(old).all():
        discard(import_id)
