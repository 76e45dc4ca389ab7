"""Running an import: in batches, resumable at any moment, memory flat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from heliograph.contacts.fields import contact_fields
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import AWAY, db, transaction, utcnow
from heliograph.errors import Conflict, HeliographError, NotFound
from heliograph.imports.facts import facts_of, source_of
from heliograph.imports.models import CANCELLED, FAILED, FINISHED, PENDING, RUNNING, Import
from heliograph.imports.reasons import add_counts
from heliograph.imports.records import RecordReader
from heliograph.imports.refusals import store_refusals
from heliograph.imports.report import ReportFile
from heliograph.imports.rows import Batch, read_batches
from heliograph.imports.sorting import sort_out
from heliograph.imports.storage import store_records
from heliograph.leases import kept, let_lapse, locked_row, take_lease
from heliograph.segments.members import settle_counts

log = logging.getLogger(__name__)

BATCH = 20_000
UNEXPECTED = "An unexpected error: %s. The server's log has the details."

Progress = Callable[[Import], object]


def get_import(import_id: int) -> Import:
    known = 0 < import_id <= LARGEST_ID
    job = db.session.get(Import, import_id, populate_existing=True) if known else None
    if job is None:
        raise NotFound(f"There is no import {import_id}.")
    return job


def run_import(import_id: int, progress: Progress | None = None) -> Import:
    """Run it, or what is left of it, to the end; raises Conflict when another does.

    An error ends it as failed, with the reason. But while the database does not answer, it
    stays to be gone on with, and the error is raised.
    """
    owner = take(import_id, (PENDING, RUNNING))
    if owner is None:
        raise Conflict(f"Import {import_id} is being run by another process, or has ended.")
    job = get_import(import_id)
    try:
        with kept(Import, import_id, owner):
            work(job, owner, progress)
    except Exception as error:
        if is_away(error):
            let_lapse(Import, import_id, owner)
            raise
        fail(import_id, error)
    return get_import(import_id)


def is_away(error: Exception) -> bool:
    """Whether the database did not answer, and the same may work later; a full disk stays so."""
    return isinstance(error, AWAY) and "full" not in str(error).lower()


def fail(import_id: int, error: Exception) -> None:
    """End it with the reason: the same would happen again each time."""
    expected = isinstance(error, (HeliographError, OSError))
    log.warning("import %s failed: %s", import_id, error, exc_info=None if expected else error)
    try:
        end(import_id, FAILED, error=words_of(error))
    except Exception:  # counting its segment may be what fails
        log.exception("the segment of import %s was not counted", import_id)
        end(import_id, FAILED, error=words_of(error), counting=False)


def words_of(error: Exception) -> str:
    if isinstance(error, (HeliographError, OSError)):
        return str(error)
    first = str(error).strip().splitlines()[:1]
    return UNEXPECTED % ": ".join([type(error).__name__, *first])


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
    source, facts = source_of(job), facts_of(job)
    reader = RecordReader(
        source.columns,
        job.mapping,
        contact_fields(),
        job.region,
        facts.date_order,
        all_refuse=facts.all_refuse,
    )
    batches = read_batches(source, BATCH, after=job.rows_done)
    with ReportFile(Path(job.error_path), job.error_bytes, source.columns) as report:
        for batch in batches:
            if not store_batch(job.id, owner, batch, reader, report, source.columns):
                return
            if progress is not None:
                progress(get_import(job.id))
    end(job.id, FINISHED)


def store_batch(
    import_id: int,
    owner: str,
    batch: Batch,
    reader: RecordReader,
    report: ReportFile,
    columns: Sequence[str],
) -> bool:
    """One transaction: contacts, counters and checkpoint.

    False when it was cancelled, or taken over by another process.
    """
    found = sort_out(batch, reader)
    report.add(found.told(batch))
    written = report.flush()
    counts = found.counts(batch, columns)
    now = utcnow()
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        if job.status != RUNNING or job.owner != owner:
            return False
        store_refusals(import_id, job.filename, found.refusals)
        stored = store_records(
            session, import_id, job.segment_id, list(found.records.values()), now
        )
        job.created += stored.created
        job.updated += stored.updated
        job.unchanged += len(batch.rows) - len(found.faults) - stored.created - stored.updated
        job.rejected += len(found.faults)
        job.remarked += len(found.remarks)
        job.opted_out += len(found.refusals)
        job.reasons = add_counts(job.reasons, counts)
        job.rows_done += len(batch.rows)
        job.bytes_done = max(job.bytes_done, min(batch.position, job.bytes_total))
        job.error_bytes = written
        session.flush()
    return True


def end(import_id: int, status: str, *, error: str = "", counting: bool = True) -> None:
    with transaction() as session:
        job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        if job.status not in (PENDING, RUNNING):
            return
        job.status, job.error, job.lease_until, job.owner = status, error, None, None
        job.finished_at = utcnow()
        if status == FINISHED:
            job.bytes_done = job.bytes_total
        if job.segment_id is not None and counting:
            settle_counts(job.segment_id, added=job.created + job.updated + job.unchanged)
        session.flush()


def cancel_import(import_id: int) -> None:
    """Stop it after the batch under way; what is in stays in."""
    get_import(import_id)
    end(import_id, CANCELLED)
