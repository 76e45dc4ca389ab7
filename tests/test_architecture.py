"""The arrows between the layers, and the sizes of files and functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
EDGES = ("core.web", "core.api", "core.jobs", "core.cli", "core.plugin", "core.testing", "core.app")
# who may know the edges: the edges themselves, the factory, and the facade
ABOVE = (*EDGES, "core", "core.migrations", "core.demo", "core.tables")
SCRIPTS = sorted([*(ROOT / "frontend").rglob("*.*"), *(ROOT / "core/static/js").glob("*.js")])
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base"}
MAX_FILE, MAX_FUNCTION = 400, 50


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Absolute names that a file imports, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", CORE, ids=dotted)
def test_core_imports_no_plugin(path: Path) -> None:
    assert not [name for name in imports(path) if within(name, "plugins")]


@pytest.mark.parametrize("path", PLUGINS, ids=dotted)
def test_plugins_import_only_the_public_door(path: Path) -> None:
    ours = [name for name in imports(path) if within(name, "core") or within(name, "plugins")]
    assert all(within(name, "core.plugin") for name in ours), ours


@pytest.mark.parametrize("path", CORE, ids=dotted)
def test_the_domain_knows_no_edge(path: Path) -> None:
    module = dotted(path)
    if any(module == edge or within(module, edge) for edge in ABOVE if edge != "core"):
        return
    if module == "core":
        return
    upward = [name for name in imports(path) if any(within(name, edge) for edge in EDGES)]
    assert upward == []
    assert "flask.request" not in imports(path)


@pytest.mark.parametrize("path", CORE, ids=dotted)
def test_core_never_uses_its_own_facade(path: Path) -> None:
    if within(dotted(path), "core.plugin"):
        return
    assert not [name for name in imports(path) if within(name, "core.plugin")]


@pytest.mark.parametrize("path", [*CORE, *PLUGINS], ids=dotted)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_FILE
    assert path.stem not in FORBIDDEN_NAMES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_and_styles_of_ours_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE
    assert path.stem not in FORBIDDEN_NAMES
