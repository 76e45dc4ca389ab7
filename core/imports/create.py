"""An import of a file on this machine, as commands make it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from heliograph.db import transaction
from heliograph.errors import NotFound
from heliograph.imports.keeping import imports_folder, keep_file
from heliograph.imports.models import PENDING, Import
from heliograph.imports.plan import Choices, Plan, plan_import, refuse_unread_consent
from heliograph.imports.runner import get_import
from heliograph.leases import give_back, kept, take_lease
from heliograph.segments import create_segment, find_segment


def create_import(
    path: Path,
    *,
    filename: str,
    segment: str | None = None,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
    header_line: int | None = None,
    date_order: str = "",
    all_refuse: bool = False,
    without_consent: bool = False,
) -> Import:
    """Check the file and keep a copy of it; nothing is imported yet.

    The segment is made when it is missing; for the others see Choices. Raises BadInput,
    also when a column that may forbid texts is left out and not by name.
    """
    choices = Choices(mapping, region or "", header_line, date_order, all_refuse, without_consent)
    plan = plan_import(path, choices)
    refuse_unread_consent(plan, choices, said=True)
    segment_id = segment_for(segment) if segment else None
    job = Import(filename=filename[:255], path="", segment_id=segment_id)
    apply_plan(job, plan)
    with transaction() as session:
        owner = take_lease(job)  # the file is still being copied
        session.add(job)
        session.flush()
        name_files(job)
    half = Path(f"{job.path}.part")  # half a file must never be taken for the whole
    try:
        with kept(Import, job.id, owner or ""), path.open("rb") as file:
            keep_file(file, half)
            half.rename(job.path)
    except BaseException:
        forget(job.id)
        raise
    give_back(Import, job.id, owner or "")
    return get_import(job.id)


def forget(import_id: int) -> None:
    """Of an import whose file could not be kept nothing stays."""
    with transaction() as session:
        session.delete(session.get_one(Import, import_id))


def apply_plan(job: Import, plan: Plan) -> None:
    """Have the job run by *plan*."""
    job.status, job.mapping, job.region = PENDING, plan.mapping, plan.region
    job.encoding, job.delimiter = plan.source.encoding, plan.source.delimiter
    job.bytes_total, job.reading = plan.source.size, plan.facts.as_json()


def name_files(job: Import) -> None:
    """Where the file of the job is kept, and that of its rejected rows."""
    folder = imports_folder()
    job.path = str(folder / f"{job.id}.csv")
    job.error_path = str(folder / f"{job.id}-errors.csv")


def segment_for(name: str) -> int:
    try:
        return find_segment(name).id
    except NotFound:
        return create_segment(name).id
