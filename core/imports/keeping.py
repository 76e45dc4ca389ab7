"""The files of imports: private, of a bounded size in all, and deleted some days after."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, NamedTuple

from heliograph.db import db, utcnow
from heliograph.dnc_kept import sweep_lists
from heliograph.errors import BadInput
from heliograph.imports.models import PENDING, RUNNING, UNDOING, UPLOADED, Import
from heliograph.installation import current_settings
from heliograph.private_files import private_folder, write_private

NAME = re.compile(r"(\d{1,18})(-errors)?\.csv(\.part)?")
CHUNK = 1 << 20
ORPHANED_SECONDS = 24 * 3600  # a file of no import: its copying was cut off
AT_WORK = (PENDING, RUNNING, UNDOING)


class KeptFile(NamedTuple):
    import_id: int
    path: Path


def imports_folder() -> Path:
    """Where files of imports and of their rejected rows are kept; made when it is missing."""
    return private_folder(current_settings().folder / "imports")


def keep_file(stream: IO[bytes], path: Path) -> int:
    """Copy *stream* to *path*, for nobody else to read; returns its size in bytes.

    Raises BadInput when all files together would be larger than the installation allows,
    and leaves nothing then.
    """
    size, most = 0, quota_bytes()
    try:
        with write_private(path) as file:
            while chunk := stream.read(CHUNK):
                if used_bytes() + len(chunk) > most:  # others may be uploading too
                    raise over_quota(path)
                size += file.write(chunk)
                file.flush()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def quota_bytes() -> int:
    return int(current_settings().import_quota) << 20


def used_bytes() -> int:
    """What all files of imports take now."""
    return sum(size_of(path) for path in imports_folder().iterdir())


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def over_quota(path: Path) -> BadInput:
    """About the file at *path*, which does not count itself."""
    settings = current_settings()
    used = (used_bytes() - size_of(path)) / (1 << 20)
    return BadInput(
        "file",
        f"does not fit: files of imports take {used:.0f} of {settings.import_quota} MB",
        mend=f"They go {settings.import_days} days after their import; an admin may raise "
        "HELIOGRAPH_IMPORT_QUOTA.",
    )


def sweep_files() -> str | None:
    """Job: delete the files of imports that ended some days ago, and what nobody started."""
    deleted = sum(sweep_one(kept) for kept in kept_files())
    deleted += sweep_lists()
    return f"{deleted} files deleted" if deleted else None


def kept_files() -> Iterator[KeptFile]:
    for path in sorted(imports_folder().iterdir()):
        name = NAME.fullmatch(path.name)
        if name and path.is_file():
            yield KeptFile(int(name[1]), path)


def sweep_one(kept: KeptFile) -> bool:
    """Whether the file was deleted."""
    job = db.session.get(Import, kept.import_id, populate_existing=True)
    db.session.rollback()
    if not (is_orphan(kept.path) if job is None else is_over(job)):
        return False
    kept.path.unlink(missing_ok=True)
    return True


def is_orphan(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ORPHANED_SECONDS
    except FileNotFoundError:
        return False


def is_over(job: Import) -> bool:
    """Whether it ended so long ago that its files are no longer kept."""
    if job.status in (*AT_WORK, UPLOADED):
        return False
    ended = job.undone_at or job.finished_at or job.created_at
    return ended < utcnow() - timedelta(days=int(current_settings().import_days))
