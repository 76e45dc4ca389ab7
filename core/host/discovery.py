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

GROUP = "heliograph.plugins"
NAMESPACE = "heliograph.plugins"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found. `origin` is package or folder; nothing is imported yet."""

    name: str
    origin: str
    where: str
    entry: importlib.metadata.EntryPoint | None = None

    def load(self) -> ModuleType:
        """Import it; raises whatever its code raises."""
        if self.entry is not None:
            module = self.entry.load()
            if not isinstance(module, ModuleType):
                raise TypeError(f"entry point {self.entry.value!r} must name a module")
            return module
        return load_folder(self.name, Path(self.where))


def candidates(folders: Sequence[Path]) -> Iterator[Candidate]:
    """All plugins to be found, packages first; one name may come twice."""
    for entry in packaged():
        where = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
        yield Candidate(entry.name, "package", where, entry)
    for folder in folders:
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.name.isidentifier() and path.name[0] != "_" and is_package(path):
                yield Candidate(path.name, "folder", str(path))


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
