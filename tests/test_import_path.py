"""What else is on Python's path: strangers of our names do no harm, or are named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from heliograph.errors import StartFailed
from heliograph.parts import part
from tests.test_end_to_end import HELIOGRAPH
from tests.visitor import sign_in

ROOT = Path(__file__).parent.parent
STRANGER = "raise RuntimeError('a stranger was imported')\n"


def package(folder: Path, name: str, source: str = STRANGER) -> Path:
    """A package of somebody else in *folder*."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(source)
    return folder / name


def run(*arguments: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """`heliograph` with *path* on PYTHONPATH, in a current folder that is empty but for that."""
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    return subprocess.run(
        [HELIOGRAPH, *arguments],
        cwd=path,
        env=kept | {"PYTHONPATH": str(path), "HELIOGRAPH_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_another_package_called_core_plugins_or_migrations_does_no_harm(tmp_path: Path) -> None:
    for name in ("core", "plugins", "migrations", "tables", "version"):
        package(tmp_path / "others", name)
    done = run("plugins", "list", "--json", folder=tmp_path, path=tmp_path / "others")
    assert done.returncode == 0, done.stderr
    assert {"simulator", "twilio"} <= {row["name"] for row in json.loads(done.stdout)}
    assert (tmp_path / "data" / "heliograph.db").is_file()


def test_another_package_called_heliograph_is_named_and_nothing_starts(tmp_path: Path) -> None:
    stranger = package(tmp_path / "others", "heliograph", "SUN = 'mirror'\n")
    done = run("plugins", "list", folder=tmp_path, path=tmp_path / "others")
    assert done.returncode == 1
    assert f"from 'heliograph' ({stranger / '__init__.py'})" in done.stderr
    assert not (tmp_path / "data").exists()


def refused(tmp_path: Path, core: Path, plugins: Path) -> None:
    """`heliograph` finds its package at *core* and is told that its plugins are at *plugins*."""
    (tmp_path / "others").mkdir(exist_ok=True)
    (tmp_path / "others" / "heliograph").symlink_to(core)
    done = run("plugins", "list", folder=tmp_path, path=tmp_path / "others")
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"Error: heliograph is loaded from {core}, but heliograph.plugins from {plugins}, "
    )
    assert not (tmp_path / "data").exists()


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """The folder core of another checkout."""
    copied = tmp_path / "checkout" / "core"
    shutil.copytree(ROOT / "core", copied, ignore=shutil.ignore_patterns("static", "*.pyc"))
    return copied


def test_a_package_with_the_plugins_of_another_installation_is_refused(
    tmp_path: Path, another: Path
) -> None:
    refused(tmp_path, another, ROOT / "plugins")


def test_a_folder_left_behind_in_the_place_of_the_plugins_is_refused(
    tmp_path: Path, another: Path
) -> None:
    (another / "plugins").mkdir()
    refused(tmp_path, another, another / "plugins")


def test_a_part_that_is_missing_is_named() -> None:
    with pytest.raises(StartFailed, match=r"heliograph\.nothing is missing.*Install Heliograph"):
        part("nothing")


def test_installing_plugins_takes_nothing_from_the_current_folder(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "here", "heliograph")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HELIOGRAPH_DATA_DIR", str(tmp_path / "data"))
    answer = sign_in(app).post("/admin/plugins/install")
    assert answer.status_code == 303
    assert (tmp_path / "data" / "heliograph.db").is_file()
