"""Files that only the user who runs Heliograph may read: folders 0700, files 0600."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url

from heliograph.settings import Settings

log = logging.getLogger(__name__)

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077
DATABASE_TAILS = ("", "-wal", "-shm", "-journal")


def private_folder(path: Path) -> Path:
    """Make the folder when it is missing, for its owner alone."""
    if not path.is_dir():
        path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        give_to_owner(path)
    return path


def write_private(path: Path) -> IO[bytes]:
    """An empty file, open for writing bytes, that only its owner may read."""
    path.unlink(missing_ok=True)  # an older one keeps its rights
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE)
    give_to_owner(path)
    return os.fdopen(handle, "w+b")


def give_to_owner(path: Path) -> None:
    """What root makes belongs to the owner of the folder: the server must be able to read it."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    folder = path.parent.stat()
    if folder.st_uid:
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)


def make_private(settings: Settings) -> None:
    """Take from others what they may do with our files, those of older versions too.

    Only what is ours by name: what else lies in the folder, such as plugins, stays as it is.
    A new database is begun here, because SQLite would let others read it.
    """
    private_folder(settings.folder)
    database = database_file(settings)
    if database is not None:
        begin_private(database)
    for path in ours(settings):
        shut(path)


def begin_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))
        give_to_owner(path)
    except OSError:
        return  # it is there, or cannot be made, which SQLite says in better words


def database_file(settings: Settings) -> Path | None:
    """Where SQLite keeps the database; None for PostgreSQL and for one in memory."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return None if url.database.startswith("file:") else Path(url.database)


def ours(settings: Settings) -> Iterator[Path]:
    """The data folder and what Heliograph keeps in it, as far as it is there."""
    folder = settings.folder
    imports = folder / "imports"
    found = [folder, folder / "secret_key", imports]
    database = database_file(settings)
    if database is not None:
        found += [database.with_name(database.name + tail) for tail in DATABASE_TAILS]
    yield from (path for path in found if path.exists())
    if imports.is_dir():
        yield from (path for path in imports.iterdir() if path.is_file())


def shut(path: Path) -> None:
    """Close *path* to others. A folder that many share, such as /tmp, stays open."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return
        if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
            return
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("others may read %s: %s", path, error.strerror)


def open_to_others(settings: Settings) -> list[Path]:
    """What of ours others may read, or list; for the doctor."""
    return [path for path in ours(settings) if path.stat().st_mode & OTHERS]
