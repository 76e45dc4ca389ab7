"""An import of a file on this machine, as commands make it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from core.db import transaction
from core.errors import NotFound
from core.imports.models import PENDING, Import
from core.imports.plan import Choices, Plan, plan_import
from core.imports.runner import get_import
from core.installation import current_settings
from core.leases import give_back, kept, take_lease
from core.segments import create_segment, find_segment


def create_import(
    path: Path,
    *,
    filename: str,
    segment: str | None = None,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
    header_line: int | None = None,
    date_order: str = "",
) -> Import:
    """Check the file and keep a copy of it; nothing is imported yet.

    The segment is made when it is missing; for the others see Choices. Raises BadInput.
    """
    plan = plan_import(path, Choices(mapping, region or "", header_line, date_order))
    segment_id = segment_for(segment) if segment else None
    job = Import(filename=filename[:255], path="", segment_id=segment_id)
    apply_plan(job, plan)
    with transaction() as session:
        owner = take_lease(job)  # the file is still being copied
        session.add(job)
        session.flush()
        name_files(job)
    half = Path(f"{job.path}.part")  # half a file must never be taken for the whole
    with kept(Import, job.id, owner or ""):
        shutil.copyfile(path, half)
        half.rename(job.path)
    give_back(Import, job.id, owner or "")
    return get_import(job.id)


def apply_plan(job: Import, plan: Plan) -> None:
    """Have the job run by *plan*."""
    job.status, job.mapping, job.region = PENDING, plan.mapping, plan.region
    job.encoding, job.delimiter = plan.source.encoding, plan.source.delimiter
    job.bytes_total, job.reading = plan.source.size, plan.facts.as_json()


def name_files(job: Import) -> None:
    """Where the file of the job is kept, and that of its rejected rows."""
    folder = current_settings().folder / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    job.path = str(folder / f"{job.id}.csv")
    job.error_path = str(folder / f"{job.id}-errors.csv")


def segment_for(name: str) -> int:
    try:
        return find_segment(name).id
    except NotFound:
        return create_segment(name).id
