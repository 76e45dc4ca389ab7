"""Importing a plugin that was found, from its package or its folder."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from heliograph.host.api_version import API_VERSION, ATTRIBUTE, check_required, check_source
from heliograph.plugin_files import Candidate

NAMESPACE = "heliograph.plugins"


def import_plugin(found: Candidate) -> ModuleType:
    """Import the plugin's main module.

    Raises BadContribution when it needs a newer API, and whatever its code raises.
    """
    source = found.source()
    if source is not None:
        check_source(source)
    if found.entry is None:
        module = load_folder(found.name, Path(found.where))
    else:
        module = load_entry(found.entry)
    check_required(getattr(module, ATTRIBUTE, API_VERSION))
    return module


def load_entry(entry: EntryPoint) -> ModuleType:
    module = entry.load()
    if not isinstance(module, ModuleType):
        raise TypeError(f"entry point {entry.value!r} must name a module")
    return module


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
