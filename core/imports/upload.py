"""An import by steps: the file is kept, looked at, mapped, tried, then started."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select

from core.contacts.fields import contact_fields
from core.db import db, transaction, utcnow
from core.errors import BadInput, Conflict
from core.imports.mapping import guess
from core.imports.models import PENDING, UPLOADED, Import
from core.imports.rows import read_batches
from core.imports.runner import checked_region, get_import, mapping_of, segment_for
from core.imports.source import Source, inspect_file
from core.installation import current_settings

MOST_MEGABYTES = 100
SHOWN = 5
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class UploadView:
    """What a person sees of an uploaded file; `guessed` is field by column, "" for none."""

    source: Source
    samples: list[list[str]]
    guessed: dict[str, str]


def keep_upload(stream: IO[bytes], filename: str) -> Import:
    """Keep a file of at most MOST_MEGABYTES; raises BadInput when it is no CSV."""
    sweep_uploads()
    name = Path(filename.replace("\\", "/")).name.replace("\x00", "")[:255] or "contacts.csv"
    folder = current_settings().folder / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    job = Import(filename=name, path="", status=UPLOADED, region=current_settings().region)
    with transaction() as session:
        session.add(job)
        session.flush()
        job.path = str(folder / f"{job.id}.csv")
        job.error_path = str(folder / f"{job.id}-errors.csv")
    try:
        with Path(job.path).open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
        source = inspect_named(Path(job.path), name)
    except BaseException:
        discard(job.id)
        raise
    with transaction() as session:
        kept = session.get_one(Import, job.id)
        kept.encoding, kept.delimiter = source.encoding, source.delimiter
        kept.bytes_total = source.size
    return get_import(job.id)


def inspect_named(path: Path, name: str) -> Source:
    """Errors are to show the name the person knows."""
    try:
        return inspect_file(path)
    except BadInput as error:
        value = name if error.value == path.name else error.value
        raise BadInput("file", error.problem, value=value, mend=error.mend) from None


def view_upload(job: Import) -> UploadView:
    """Columns, first rows and the guess; raises Conflict when it is no upload any more."""
    refuse_started(job)
    source = inspect_file(Path(job.path))
    first = next(read_batches(source, SHOWN), None)
    rows = [row for at, row in enumerate(first.rows) if at not in first.faults] if first else []
    try:
        guessed = mapping_of(source, None)
    except BadInput:  # no column of numbers: the person will say
        fields = contact_fields()
        guessed = {column: guess(column, fields) or "" for column in source.columns}
    return UploadView(source, rows, {column: guessed.get(column, "") for column in source.columns})


def start_upload(
    import_id: int, mapping: Mapping[str, str], *, region: str = "", segment: str = ""
) -> Import:
    """Have the clock run it; raises BadInput on the mapping, region or segment."""
    job = get_import(import_id)
    refuse_started(job)
    source = inspect_file(Path(job.path))
    mapped = mapping_of(source, mapping)
    chosen = checked_region(region)
    segment_id = segment_for(segment.strip()) if segment.strip() else None
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        refuse_started(job)
        job.mapping, job.region, job.segment_id = mapped, chosen, segment_id
        job.status, job.created_at = PENDING, utcnow()
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
