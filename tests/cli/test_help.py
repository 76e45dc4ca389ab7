"""`heliograph --help` is quick: it reads a table, and imports neither plugins nor the database."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from heliograph import plugin_files
from heliograph.cli import main
from heliograph.cli.group import COMMANDS
from tests.plugins.sources import GOOD, put

HEAVY = ("flask", "sqlalchemy", "alembic", "pydantic", "twilio", "pluggy", "heliograph.app")
HEAVY += ("heliograph.plugins.simulator", "heliograph.db", "heliograph.host")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment without settings."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for name in [name for name in os.environ if name.startswith("HELIOGRAPH_")]:
        monkeypatch.delenv(name)


def listed() -> list[str]:
    """The names under *Commands*."""
    told = CliRunner().invoke(main, ["--help"])
    assert told.exit_code == 0, told.output
    rows = told.output.partition("Commands:\n")[2].splitlines()
    return [row.split()[0] for row in rows if row.startswith("  ") and row[2] != " "]


def test_it_imports_no_command_plugin_or_database_and_makes_no_file(tmp_path: Path) -> None:
    source = (
        "import sys\nfrom heliograph.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60
    )
    assert "simulator" in done.stdout
    assert done.stderr == "[]\n"
    assert list((tmp_path / "empty").iterdir()) == []


def test_it_lists_each_command_with_its_help() -> None:
    assert listed() == [*COMMANDS, "simulator"]
    for name, entry in COMMANDS.items():
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert entry.help == command.get_short_help_str(limit=200), name


def test_it_lists_plugins_by_their_module_of_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "acme", GOOD)
    put(tmp_path, "belle", "raise RuntimeError('imported')")
    (tmp_path / "belle" / "commands.py").touch()
    put(tmp_path, "sms_of_others", "raise RuntimeError('imported')")
    (tmp_path / "sms_of_others" / "inner").mkdir()
    (tmp_path / "sms_of_others" / "inner" / "__init__.py").touch()
    (tmp_path / "sms_of_others" / "inner" / "commands.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    strangers = [
        EntryPoint("others", "sms_of_others.inner", plugin_files.GROUP),
        EntryPoint("gone", "no_such_module", plugin_files.GROUP),
        EntryPoint("contacts", "sms_of_others.inner", plugin_files.GROUP),
    ]
    monkeypatch.setattr(plugin_files, "packaged", lambda: strangers)
    monkeypatch.setenv("HELIOGRAPH_PLUGIN_DIRS", str(tmp_path))
    assert listed() == [*COMMANDS, "belle", "others", "simulator"]


@pytest.mark.parametrize(("name", "value"), [("SAFE_MODE", "1"), ("TIMEZONE", "Nowhere")])
def test_without_plugins_and_with_bad_settings_it_lists_those_of_core(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HELIOGRAPH_{name}", value)
    assert listed() == list(COMMANDS)
