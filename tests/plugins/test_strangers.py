"""Plugins of strangers, by both doors, and what commands say and do in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.db import db
from heliograph.errors import Conflict
from heliograph.host import current_host
from heliograph.host.state import forget_states
from heliograph.providers import default_provider
from tests.plugins.sources import BROKEN, GOOD, put


def run(*arguments: str, data: Path, folder: Path | None = None, **more: Any) -> str:
    environment = {
        "HELIOGRAPH_DATA_DIR": str(data),
        "HELIOGRAPH_SECRET_KEY": "a key for tests only, of good length",
        "HELIOGRAPH_PLUGIN_DIRS": str(folder or ""),
        "PATH": "/usr/bin:/bin",
    } | more
    done = subprocess.run(
        [Path(sys.executable).parent / "heliograph", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_faults_are_listed_by_the_command(
    heliograph: Callable[..., Flask], folder: Path, tmp_path: Path
) -> None:
    put(folder, "missing", BROKEN["missing"][0])
    heliograph(plugin_dirs=str(folder))
    listed = run("plugins", "list", "--json", data=tmp_path / "heliograph", folder=folder)
    by_name = {row["name"]: row for row in json.loads(listed)}
    assert by_name["missing"]["state"] == "broken"
    assert "no_such_library" in by_name["missing"]["fault"]
    assert by_name["simulator"]["state"] == "disabled"


def use_by_command(run_: Callable[..., str], sent: Path, tmp_path: Path) -> None:
    """Configure, enable, send to two contacts, disable: each by a process of its own."""
    people = tmp_path / "people.csv"
    people.write_text("mobile\n+33612345678\n+33612345679\n")
    run_("plugins", "configure", "acme", f"api_key={sent}")
    run_("plugins", "enable", "acme")
    run_("contacts", "import", str(people), "--segment", "friends")
    run_(
        *("messages", "create", "--name", "Hi", "--text", "Hi", "--segment", "friends"),
        *("--publish-up", "now"),
    )
    run_("broadcasts", "send")
    assert sorted(sent.read_text().split()) == ["+33612345678", "+33612345679"]


def test_a_stranger_in_a_folder_is_found_used_and_switched_off_everywhere(
    heliograph: Callable[..., Flask], folder: Path, tmp_path: Path
) -> None:
    put(folder, "acme", GOOD)
    heliograph(plugin_dirs=str(folder))  # a process that goes on running
    data = tmp_path / "heliograph"

    def command(*arguments: str) -> str:
        return run(*arguments, data=data, folder=folder)

    use_by_command(command, tmp_path / "sent", tmp_path)
    db.session.rollback()
    forget_states()  # as each request and tick begins
    assert current_host().is_enabled("acme")
    command("plugins", "disable", "acme")
    db.session.rollback()
    forget_states()
    assert not current_host().is_enabled("acme")
    with pytest.raises(Conflict, match="No provider"):
        default_provider()


def test_a_stranger_installed_by_pip_is_found_and_used(tmp_path: Path) -> None:
    project, target = tmp_path / "project", tmp_path / "site"
    (project / "acme_sms").mkdir(parents=True)
    (project / "acme_sms" / "__init__.py").write_text(GOOD)
    (project / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='acme-sms', version='2.1', packages=['acme_sms'],\n"
        "      entry_points={'heliograph.plugins': ['acme = acme_sms']})\n"
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--target", str(target), str(project)],
        check=True,
        timeout=120,
    )

    def command(*arguments: str) -> str:
        return run(*arguments, data=tmp_path / "var", PYTHONPATH=str(target))

    listed = {row["name"]: row for row in json.loads(command("plugins", "list", "--json"))}
    assert (listed["acme"]["origin"], listed["acme"]["where"]) == ("package", "acme-sms 2.1")
    use_by_command(command, tmp_path / "sent", tmp_path)
    command("plugins", "disable", "acme")
    listed = {row["name"]: row for row in json.loads(command("plugins", "list", "--json"))}
    assert listed["acme"]["state"] == "disabled"
