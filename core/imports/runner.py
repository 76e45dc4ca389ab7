"""Running an import: in batches, resumable at any moment, memory flat."""

from __future__ import annotations

import csv
import io
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from core.contacts.fields import contact_fields
from core.contacts.profile import LARGEST_ID
from core.db import db, transaction, utcnow
from core.errors import BadInput, Conflict, HeliographError, NotFound
from core.garbage import uncollected
from core.imports.mapping import map_columns
from core.imports.models import (
    CANCELLED,
    FAILED,
    FINISHED,
    PENDING,
    RUNNING,
    UNDOING,
    Import,
)
from core.imports.records import Record, RecordReader
from core.imports.rows import Batch, read_batches
from core.imports.source import Source, inspect_file
from core.imports.storage import existing, store_records
from core.imports.undo import undo_import
from core.installation import current_settings
from core.leases import give_back, kept, let_lapse, locked_row, take_lease
from core.segments import create_segment, find_segment
from core.segments.members import settle_counts

log = logging.getLogger(__name__)

BATCH = 20_000
SAMPLES = 50

Progress = Callable[[Import], object]


def create_import(
    path: Path,
    *,
    filename: str,
    segment: str | None = None,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Import:
    """Check the file and keep a copy of it; nothing is imported yet.

    The segment is made when it is missing. Raises BadInput.
    """
    source = inspect_file(path)
    mapped = mapping_of(source, mapping)
    chosen = checked_region(region)
    segment_id = segment_for(segment) if segment else None
    job = Import(
        filename=filename[:255],
        path="",
        status=PENDING,
        mapping=mapped,
        encoding=source.encoding,
        delimiter=source.delimiter,
        region=chosen,
        segment_id=segment_id,
        bytes_total=source.size,
    )
    with transaction() as session:
        owner = take_lease(job)  # the file is still being copied
        session.add(job)
        session.flush()
        folder = current_settings().folder / "imports"
        folder.mkdir(parents=True, exist_ok=True)
        job.path = str(folder / f"{job.id}.csv")
        job.error_path = str(folder / f"{job.id}-errors.csv")
    half = Path(f"{job.path}.part")  # half a file must never be taken for the whole
    with kept(Import, job.id, owner or ""):
        shutil.copyfile(path, half)
        half.rename(job.path)
    give_back(Import, job.id, owner or "")
    return get_import(job.id)


def mapping_of(source: Source, given: Mapping[str, str] | None) -> dict[str, str]:
    first = next(read_batches(source, SAMPLES), None)
    samples = (
        [row for index, row in enumerate(first.rows) if index not in first.faults] if first else []
    )
    return map_columns(source.columns, contact_fields(), samples, given)


def checked_region(region: str | None) -> str:
    if not region:
        return current_settings().region
    if len(region) != 2 or not region.isalpha():
        raise BadInput("region", "is no country", value=region, mend="Use FR, US or another.")
    return region.upper()


def segment_for(name: str) -> int:
    try:
        return find_segment(name).id
    except NotFound:
        return create_segment(name).id


def get_import(import_id: int) -> Import:
    known = 0 < import_id <= LARGEST_ID
    job = db.session.get(Import, import_id, populate_existing=True) if known else None
    if job is None:
        raise NotFound(f"There is no import {import_id}.")
    return job


def run_import(import_id: int, progress: Progress | None = None) -> Import:
    """Run it, or what is left of it, to the end; raises Conflict when another does."""
    owner = take(import_id, (PENDING, RUNNING))
    if owner is None:
        raise Conflict(f"Import {import_id} is being run by another process, or has ended.")
    job = get_import(import_id)
    try:
        with kept(Import, import_id, owner):
            work(job, owner, progress)
    except (HeliographError, OSError) as error:
        end(import_id, FAILED, error=str(error))
        log.warning("import %s failed: %s", import_id, error)
    except Exception:
        let_lapse(Import, import_id, owner)
        raise
    return get_import(import_id)


def take(import_id: int, states: Sequence[str]) -> str | None:
    """Claim one in one of *states*; its owner, or None when another process has it."""
    with transaction() as session:
        job = locked_row(Import, import_id)
        if job is None or job.status not in states:
            return None
        owner = take_lease(job)
        if owner is not None and job.status == PENDING:
            job.status = RUNNING
        session.flush()
    return owner


def work(job: Import, owner: str, progress: Progress | None) -> None:
    source = Source(
        Path(job.path),
        job.encoding,
        job.delimiter,
        inspect_file(Path(job.path)).columns,
        job.bytes_total,
    )
    reader = RecordReader(source.columns, job.mapping, contact_fields(), job.region)
    batches = read_batches(source, BATCH, after=job.rows_done)
    with ErrorFile(Path(job.error_path), job.error_bytes, source.columns) as errors:
        while True:
            with uncollected():  # a third of its time
                batch = next(batches, None)
                if batch and not store_batch(job.id, owner, batch, reader, errors):
                    return
            if not batch:
                break
            if progress is not None:
                progress(get_import(job.id))
    end(job.id, FINISHED)


def store_batch(
    import_id: int, owner: str, batch: Batch, reader: RecordReader, errors: ErrorFile
) -> bool:
    """One transaction: contacts, counters and checkpoint.

    False when it was cancelled, or taken over by another process.
    """
    records, rejected = sort_out(batch, reader)
    for row in rejected:
        errors.add(row)
    written = errors.flush()
    now = utcnow()
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        if job.status != RUNNING or job.owner != owner:
            return False
        stored = store_records(session, import_id, job.segment_id, list(records.values()), now)
        job.created += stored.created
        job.updated += stored.updated
        job.unchanged += len(batch.rows) - len(rejected) - stored.created - stored.updated
        job.rejected += len(rejected)
        job.rows_done += len(batch.rows)
        job.bytes_done = max(job.bytes_done, min(batch.position, job.bytes_total))
        job.error_bytes = written
        session.flush()
    return True


def sort_out(batch: Batch, reader: RecordReader) -> tuple[dict[str, Record], list[Rejected]]:
    """Records by number, and the rows that cannot be taken with their reasons."""
    rows = batch.rows
    at: Sequence[int] = range(len(rows))
    if batch.faults:
        at = [index for index in at if index not in batch.faults]
        rows = [rows[index] for index in at]
    found, faults = reader.read(rows)
    reasons = batch.faults | {at[index]: fault.message for index, fault in faults.items()}
    rejected = [
        Rejected(batch.first + index, batch.rows[index], reasons[index])
        for index in sorted(reasons)
    ]
    if faults:
        found = [record for index, record in enumerate(found) if index not in faults]
    records = {record[0]: record for record in found}
    if len(records) < len(found):
        records = merge_same(found)
    return records, rejected


def merge_same(found: list[Record]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for record in found:
        first = records.setdefault(record.mobile, record)
        if first is not record:
            records[record.mobile] = first.merged(record)
    return records


class Rejected(NamedTuple):
    """A row that cannot be taken; `number` counts from 1."""

    number: int
    cells: list[str]
    reason: str


class ErrorFile:
    """Rejected rows as they came, with `row` and `reason` before them.

    Begins with what the last committed batch had written; the rest is cut off.
    """

    def __init__(self, path: Path, kept: int, columns: tuple[str, ...]) -> None:
        self._path, self._kept, self._columns = path, kept, columns

    def __enter__(self) -> ErrorFile:
        self._raw = self._path.open("r+b" if self._kept else "w+b")
        self._raw.truncate(self._kept)
        self._raw.seek(self._kept)
        self._text = io.TextIOWrapper(
            self._raw, "utf-8-sig" if not self._kept else "utf-8", newline=""
        )
        self._writer = csv.writer(self._text)
        self._changed = not self._kept
        if not self._kept:
            self._writer.writerow(["row", "reason", *self._columns])
        return self

    def add(self, row: Rejected) -> None:
        self._writer.writerow([row.number, row.reason, *row.cells])
        self._changed = True

    def flush(self) -> int:
        """Make it last; returns the size in bytes."""
        if not self._changed:
            return self._kept
        self._changed = False
        self._text.flush()
        os.fsync(self._raw.fileno())
        self._kept = self._raw.tell()
        return self._kept

    def __exit__(self, *_error: object) -> None:
        self._text.close()


def end(import_id: int, status: str, *, error: str = "") -> None:
    with transaction() as session:
        job = session.get_one(Import, import_id, populate_existing=True)
        if job.status not in (PENDING, RUNNING):
            return
        job.status, job.error, job.lease_until, job.owner = status, error, None, None
        job.finished_at = utcnow()
        if status == FINISHED:
            job.bytes_done = job.bytes_total
        if job.segment_id is not None:
            settle_counts(job.segment_id, added=job.created + job.updated + job.unchanged)
        session.flush()


def cancel_import(import_id: int) -> None:
    """Stop it after the batch under way; what is in stays in."""
    get_import(import_id)
    end(import_id, CANCELLED)


def has_pending() -> bool:
    """Whether an import waits, runs or is being taken back."""
    return bool(in_state(PENDING, RUNNING, UNDOING))


def run_pending_imports() -> str | None:
    """Job: run what waits, and what a dead process left unfinished."""
    done = []
    for import_id in in_state(PENDING, RUNNING):
        try:
            job = run_import(import_id)
        except Conflict:
            continue
        done.append(f"import {job.id}: {job.created} created, {job.rejected} rejected")
    done += [f"import {import_id} undone" for import_id in undo_pending()]
    return "; ".join(done) or None


def in_state(*states: str) -> Sequence[int]:
    query = select(Import.id).where(Import.status.in_(states)).order_by(Import.id)
    found = db.session.scalars(query).all()
    db.session.rollback()
    return found


def undo_pending() -> list[int]:
    """Undo what a person asked to; a dead process's undoing is gone on with."""
    done = []
    for import_id in in_state(UNDOING):
        owner = take(import_id, (UNDOING,))
        if owner is None:
            continue
        try:
            with kept(Import, import_id, owner):
                undo_import(import_id)
        except Exception:
            let_lapse(Import, import_id, owner)
            raise
        done.append(import_id)
    return done


def dry_run(
    path: Path, *, region: str | None = None, mapping: Mapping[str, str] | None = None
) -> dict[str, object]:
    """What an import would do, without doing it: counts and the first errors."""
    source = inspect_file(path)
    mapped = mapping_of(source, mapping)
    reader = RecordReader(source.columns, mapped, contact_fields(), checked_region(region))
    good, bad, known = 0, 0, 0
    first: list[str] = []
    for batch in read_batches(source, BATCH):
        records, rejected = sort_out(batch, reader)
        good += len(records)
        known += len(existing(db.session(), list(records)))
        bad += len(rejected)
        first += [f"row {row.number}: {row.reason}" for row in rejected[: 10 - len(first)]]
    ignored = [column for column in source.columns if column not in mapped]
    return {
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "mapping": mapped,
        "ignored": ignored,
        "contacts": good,
        "known": known,
        "rejected": bad,
        "first_errors": first,
    }
