"""What plugins may import, and the sizes of files and functions; layers are in .importlinter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
SCRIPTS = sorted([*(ROOT / "frontend").rglob("*.*"), *(ROOT / "core/static/js").glob("*.js")])
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base"}
MAX_FILE, MAX_FUNCTION = 400, 50


def dotted(path: Path) -> str:
    folder, *parts = path.relative_to(ROOT).with_suffix("").parts
    names = ["heliograph", *([] if folder == "core" else [folder]), *parts]
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


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


@pytest.mark.parametrize("path", PLUGINS, ids=dotted)
def test_plugins_import_only_the_public_door(path: Path) -> None:
    ours = [name for name in imports(path) if within(name, "heliograph")]
    assert all(within(name, "heliograph.plugin") for name in ours), ours


@pytest.mark.parametrize("path", CORE, ids=dotted)
def test_only_edges_read_requests(path: Path) -> None:
    if within(dotted(path), "heliograph.web"):
        return
    assert "flask.request" not in imports(path)


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
