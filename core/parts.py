"""Where the parts of this installation are that a checkout keeps in folders of their own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from heliograph.errors import StartFailed

HOME = Path(__file__).resolve().parent
PARTS = ("plugins", "migrations")


def part(name: str) -> Path:
    """The folder of `heliograph.<name>`; nothing of it is imported.

    Raises StartFailed when it is missing, or comes from elsewhere than this file.
    """
    spec = find_spec(f"heliograph.{name}")
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(
            f"heliograph.{name} is missing: the installation in {HOME} is incomplete. "
            "Install Heliograph again."
        )
    found = Path(next(iter(spec.submodule_search_locations))).resolve()
    if found != expected(name):
        raise StartFailed(
            f"heliograph is loaded from {HOME}, but heliograph.{name} from {found}, which is not "
            "part of it. Take that folder away, or take one of the two installations off the "
            "path (see PYTHONPATH and `pip list`)."
        )
    return found


def expected(name: str) -> Path:
    """In a checkout beside the folder core, else within the package."""
    return (HOME.parent if HOME.name == "core" else HOME) / name


def check_parts() -> None:
    """Raise StartFailed when two installations are mixed."""
    for name in PARTS:
        part(name)
