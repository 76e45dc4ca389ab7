"""Where plugins are: entry points of packages, and folders. Nothing of them is imported.

Light on purpose: `heliograph --help` lists plugins by it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GROUP = "heliograph.plugins"
BUNDLED = "bundled"  # the origin of plugins that come with Heliograph


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found. `origin` is bundled, package or folder."""

    name: str
    origin: str
    where: str
    entry: importlib.metadata.EntryPoint | None = None

    def source(self) -> Path | None:
        """The file of its main module, when it can be told without importing anything."""
        if self.entry is None:
            return Path(self.where) / "__init__.py"
        return None if self.entry.attr else file_of(self.entry.module)

    def has_module(self, name: str) -> bool:
        """Whether a module of that name lies beside the main one."""
        source = self.source()
        return source is not None and source.with_name(f"{name}.py").is_file()


def candidates(folders: Sequence[Path]) -> Iterator[Candidate]:
    """All plugins to be found: the bundled ones, packages, then the other folders.

    The first of *folders* is the bundled one. A name may come twice: the first one counts, so
    that nothing that is installed later replaces a bundled plugin.
    """
    for folder in folders[:1]:
        yield from within(folder, BUNDLED)
    for entry in packaged():
        where = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
        yield Candidate(entry.name, "package", where, entry)
    for folder in folders[1:]:
        yield from within(folder, "folder")


def within(folder: Path, origin: str) -> list[Candidate]:
    """The plugins in *folder*, which need not exist."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        Candidate(path.name, origin, str(path))
        for path in paths
        if path.name.isidentifier() and path.name[0] != "_" and is_package(path)
    ]


@cache
def packaged() -> list[importlib.metadata.EntryPoint]:
    """The entry points of the installed packages; those installed later need a new process."""
    return sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name)


def is_package(path: Path) -> bool:
    return path.is_dir() and (path / "__init__.py").is_file()


def file_of(dotted: str) -> Path | None:
    """The source of an installed module; the packages above it are not imported either."""
    top, *inner = dotted.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    path = Path(spec.origin)
    for name in inner:
        folder = path.parent / name
        path = folder / "__init__.py" if is_package(folder) else folder.with_suffix(".py")
    return path if path.is_file() and path.suffix == ".py" else None
