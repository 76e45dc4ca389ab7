"""Finding, loading, switching and surviving plugins."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from heliograph.db import db
from heliograph.errors import Conflict, NotFound
from heliograph.host import current_host, gather, notify
from heliograph.jobs.register import all_jobs
from heliograph.jobs.runs import list_runs, run_job
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
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "twilio", GOOD)
    heliograph(plugin_dirs=str(folder))
    assert current_host().get("twilio").title == "Twilio"
    assert "shadowed" in current_host().shadowed[0].fault


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
