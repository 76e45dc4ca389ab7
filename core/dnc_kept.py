"""A list of numbers that a person looks at before it is stored: kept in the data folder."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from heliograph.errors import BadInput, NotFound
from heliograph.installation import current_settings
from heliograph.private_files import private_folder, write_private

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
KEPT_SECONDS = 24 * 3600
MOST_BYTES = 200 * 1024 * 1024  # of all lists that wait to be stored


def folder() -> Path:
    return current_settings().folder / "lists"


def keep_list(raw: bytes) -> str:
    """Keep a list for a day; returns the token by which it is found.

    Raises BadInput when all that are kept would take too much room.
    """
    sweep_lists()
    if sum(map(size_of, private_folder(folder()).iterdir())) + len(raw) > MOST_BYTES:
        mend = "Store those that were checked, or try again tomorrow."
        raise BadInput("file", "does not fit: too many lists wait to be stored", mend=mend)
    token = secrets.token_urlsafe(16)
    with write_private(private_folder(folder()) / token) as file:
        file.write(raw)
    return token


def kept_list(token: str) -> bytes:
    """The list again; raises NotFound when it is gone."""
    try:
        return place_of(token).read_bytes()
    except OSError:
        raise NotFound("This list is not here any more. Paste or upload it again.") from None


def forget_list(token: str) -> None:
    place_of(token).unlink(missing_ok=True)


def place_of(token: str) -> Path:
    if not TOKEN.fullmatch(token):
        raise NotFound("There is no such list. Paste or upload it again.")
    return folder() / token


def sweep_lists() -> int:
    """Delete those that nobody stored within a day; returns how many."""
    if not folder().is_dir():
        return 0
    old = [path for path in folder().iterdir() if time.time() - age_mark(path) > KEPT_SECONDS]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def age_mark(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
