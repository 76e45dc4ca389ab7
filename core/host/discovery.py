"""Two doors, one hall: entry points and folders of plugins."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from heliograph.host.api_version import API_VERSION, ATTRIBUTE, check_required, check_source

GROUP = "heliograph.plugins"
NAMESPACE = "heliograph.plugins"
BUNDLED = "bundled"  # the origin of plugins that come with Heliograph


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found; nothing is imported yet.

    `origin` is bundled, package or folder.
    """

    name: str
    origin: str
    where: str
    entry: importlib.metadata.EntryPoint | None = None

    def load(self) -> ModuleType:
        """Import it; raises BadContribution when it needs a newer API, and what its code raises."""
        source = self.source()
        if source is not None:
            check_source(source)
        module = self._import()
        check_required(getattr(module, ATTRIBUTE, API_VERSION))
        return module

    def source(self) -> Path | None:
        """The file of its module, if that can be told without importing it."""
        if self.entry is None:
            return Path(self.where) / "__init__.py"
        spec = None if self.entry.attr else importlib.util.find_spec(self.entry.module)
        return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None

    def _import(self) -> ModuleType:
        if self.entry is None:
            return load_folder(self.name, Path(self.where))
        module = self.entry.load()
        if not isinstance(module, ModuleType):
            raise TypeError(f"entry point {self.entry.value!r} must name a module")
        return module


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
        yield from within(folder)


def within(folder: Path, origin: str = "folder") -> list[Candidate]:
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


def load_folder(name: str, path: Path) -> ModuleType:
    """Import the package at *path* as `heliograph.plugins.<name>`.

    sys.path stays untouched: a folder called twilio must not hide the SDK.
    """
    dotted = f"{NAMESPACE}.{name}"
    importlib.import_module(NAMESPACE)
    known = sys.modules.get(dotted)
    if known is not None and known.__file__ == str(path / "__init__.py"):
        return known
    forget(dotted)
    spec = importlib.util.spec_from_file_location(
        dotted, path / "__init__.py", submodule_search_locations=[str(path)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported as a package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[dotted] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        forget(dotted)
        raise
    return module


def forget(dotted: str) -> None:
    """Take a half-loaded or replaced package out of the import cache."""
    for name in [name for name in sys.modules if name == dotted or name.startswith(dotted + ".")]:
        del sys.modules[name]
