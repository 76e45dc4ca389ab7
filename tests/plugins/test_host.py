"""Finding, loading, switching and surviving plugins."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph import plugin_files
from heliograph.cli import main
from heliograph.db import db
from heliograph.errors import Conflict, NotFound
from heliograph.host import current_host, gather, notify
from heliograph.jobs.register import all_jobs
from heliograph.jobs.runs import list_runs, run_job
from heliograph.plugin import API_VERSION
from heliograph.plugin_files import GROUP
from heliograph.providers import default_provider
from tests.plugins.sources import BROKEN, CONFIG, GOOD, HEAD, put
from tests.visitor import Visitor, sign_in


def test_all_ways_to_break_leave_the_rest_running(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    for name, (source, _) in BROKEN.items():
        put(folder, name, source)
    put(folder, "acme", GOOD)
    app = heliograph(plugin_dirs=str(folder))
    host = current_host()
    for name, (_, words) in BROKEN.items():
        assert words in host.get(name).fault, name
        with pytest.raises(Conflict, match="broken"):
            host.enable(name)
    assert {"acme", "simulator", "twilio"} <= {info.name for info in host.sound()}
    visitor = sign_in(app)
    assert visitor.get("/").status_code == 200
    page = visitor.get("/admin/plugins/").text
    assert all(
        html.escape(host.get(name).reason, quote=True)
        .replace("&#x27;", "&#39;")
        .replace("&quot;", "&#34;")
        in page
        for name in BROKEN
    )
    assert visitor.get("/readyz").status_code == 200
    db.metadata.remove(db.metadata.tables["elsewhere"])


def test_a_migration_that_fails_is_quarantined(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "stuck", HEAD + CONFIG)
    (folder / "stuck" / "migrations").mkdir()
    (folder / "stuck" / "migrations" / "0001_x.py").write_text(
        "revision = 'stuck_1'\ndown_revision = None\n"
        "def upgrade():\n    raise ValueError('no way')\n"
    )
    heliograph(plugin_dirs=str(folder))
    assert "no way" in current_host().get("stuck").fault
    assert not current_host().get("simulator").fault


def test_hooks_and_jobs_that_fail_harm_nobody(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(
        folder,
        "clumsy",
        HEAD
        + "@hookimpl\ndef contact_changed(contact_id):\n    raise ValueError('oops')\n"
        + "def work():\n    raise RuntimeError('no work today')\n"
        + "@hookimpl\ndef register_jobs():\n    return [Job('clumsy.work', 60, work)]\n",
    )
    app = heliograph(plugin_dirs=str(folder))
    current_host().enable("clumsy")
    notify("contact_changed", contact_id=1, change="added")
    assert gather("contact_changed", contact_id=1, change="added") == []
    job = next(job for job in all_jobs() if job.key == "clumsy.work")
    run_job(app, job)
    db.session.rollback()
    errors = {job.key: run.error for job, run in list_runs() if run is not None}
    assert "no work today" in errors["clumsy.work"]


def test_safe_mode_loads_none(heliograph: Callable[..., Flask]) -> None:
    heliograph(safe_mode="1")
    assert current_host().all() == []
    with pytest.raises(Conflict, match="No provider"):
        default_provider()


def test_a_second_plugin_of_a_name_is_shown_as_shadowed(
    heliograph: Callable[..., Flask], folder: Path, tmp_path: Path
) -> None:
    put(folder, "acme", GOOD)
    (tmp_path / "second").mkdir()
    put(tmp_path / "second", "acme", GOOD.replace("Acme SMS", "Another"))
    heliograph(plugin_dirs=f"{folder}{os.pathsep}{tmp_path / 'second'}")
    assert current_host().get("acme").title == "Acme SMS"
    (shadowed,) = current_host().shadowed
    assert shadowed.fault == f"shadowed: acme is already loaded from {folder / 'acme'}"


def test_nothing_takes_the_name_of_a_bundled_plugin(
    heliograph: Callable[..., Flask], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a folder nor a package: both are shown, with what to do."""
    put(folder, "twilio", GOOD)
    stranger = EntryPoint("simulator", "no_such_module", GROUP)
    monkeypatch.setattr(plugin_files, "packaged", lambda: [stranger])
    app = heliograph(plugin_dirs=str(folder))
    host = current_host()
    assert [host.get(name).title for name in ("simulator", "twilio")] == ["Simulator", "Twilio"]
    assert {info.name: info.origin for info in host.shadowed} == {
        "simulator": "package",
        "twilio": "folder",
    }
    assert all("reserved for the plugin that comes with" in one.fault for one in host.shadowed)
    assert "the name twilio is reserved" in sign_in(app).get("/admin/plugins/").text


def test_plugins_in_the_data_folder_are_found_and_left_as_they_are(
    heliograph: Callable[..., Flask], tmp_path: Path
) -> None:
    own = tmp_path / "heliograph" / "plugins"
    own.mkdir(parents=True)
    put(own, "acme", GOOD)
    before = (own / "acme" / "__init__.py").stat().st_mode
    heliograph()
    found = {info.name: (info.fault, info.origin, info.where) for info in current_host().all()}
    assert found.get("acme") == ("", "folder", str(own / "acme"))
    assert (own / "acme" / "__init__.py").stat().st_mode == before


def test_a_package_that_needs_a_newer_api_is_left_out_before_its_code_runs(
    heliograph: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "sms_of_tomorrow", BROKEN["newer"][0])
    monkeypatch.syspath_prepend(tmp_path)
    stranger = EntryPoint("tomorrow", "sms_of_tomorrow", GROUP)
    monkeypatch.setattr(plugin_files, "packaged", lambda: [stranger])
    app = heliograph()
    words = "needs plugin API 99, this Heliograph has 1: upgrade Heliograph"
    assert current_host().get("tomorrow").reason == words
    assert words in sign_in(app).get("/admin/plugins/").text
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: app)
    assert words in CliRunner().invoke(main, ["plugins", "list"]).output
    assert "sms_of_tomorrow" not in sys.modules


def test_a_plugin_that_needs_this_api_or_an_older_one_is_loaded(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "acme", GOOD + f"requires_api = {API_VERSION}\n")
    heliograph(plugin_dirs=str(folder))
    assert current_host().get("acme").fault == ""


def test_what_a_plugin_says_of_itself_is_kept(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "acme", GOOD)
    heliograph(plugin_dirs=str(folder))
    info = current_host().get("acme")
    assert (info.title, info.version, info.author) == ("Acme SMS", "2.1", "Acme")
    assert info.contributions.hooks == ["register_config", "register_providers"]
    with pytest.raises(NotFound, match="acme"):
        current_host().get("nobody")


def test_pages_of_a_plugin_are_gated_and_its_callbacks_are_not(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(
        folder,
        "paged",
        HEAD
        + "from flask import Blueprint\n"
        + "pages = Blueprint('pages', __name__)\ncalls = Callbacks('calls', __name__)\n"
        + "@pages.get('/hello')\ndef hello(): return 'hello'\n"
        + "@calls.get('/ping')\ndef ping(): return public_url()\n"
        + "@hookimpl\ndef register_blueprints():\n    return [pages, calls]\n",
    )
    app = heliograph(plugin_dirs=str(folder))
    client, visitor, stranger = app.test_client(), sign_in(app), Visitor(app)
    host = current_host()
    assert visitor.get("/plugins/paged/hello").status_code == 404
    host.enable("paged")
    assert visitor.get("/plugins/paged/hello").text == "hello"
    assert stranger.get("/plugins/paged/hello").status_code == 302
    host.disable("paged")
    assert visitor.get("/plugins/paged/hello").status_code == 404
    expected = "https://sms.example.com/under/sms/paged/ping?a=1&b=%20"
    assert client.get("/sms/paged/ping?a=1&b=%20").text == expected


def test_a_plugin_by_the_name_of_a_part_of_core_is_left_out(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "links", "raise ValueError('loaded')\n")
    heliograph(plugin_dirs=str(folder))
    assert "belongs to a part of Heliograph" in current_host().shadowed[0].fault
    assert [name for name, _ in current_host().text_filters()] == ["links"]
