"""A callback that cannot be taken in now is asked for again: 503, never 404."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph.cli import main
from heliograph.host import current_host
from heliograph.host.state import change_state
from tests.plugins.sources import HEAD, put
from tests.visitor import sign_in

PATHS = ("/callback", "/callback/", "/status", "/whatever/else")
SOUND = (
    HEAD
    + """
calls = Callbacks("calls", __name__)

@calls.post("/callback")
def callback():
    return "", 204

@hookimpl
def register_blueprints():
    return [calls]
"""
)


@pytest.fixture
def enabled_once(make_app: Callable[..., Flask], tmp_path: Path) -> Path:
    """The folder of plugins; one of them, `bell`, is enabled in the database."""
    folder = tmp_path / "more"
    folder.mkdir()
    put(folder, "bell", SOUND)
    with make_app(plugin_dirs=str(folder)).app_context():
        current_host().enable("bell")
    return folder


def answers(app: Flask, name: str, *paths: str) -> dict[str, int]:
    client = app.test_client()
    return {path: client.post(f"/sms/{name}{path}").status_code for path in paths or PATHS}


def test_a_sound_plugin_answers_and_knows_its_addresses(
    make_app: Callable[..., Flask], enabled_once: Path
) -> None:
    app = make_app(plugin_dirs=str(enabled_once))
    found = answers(app, "bell", "/callback", "/callback/", "/whatever")
    assert found == {"/callback": 204, "/callback/": 204, "/whatever": 404}


def test_a_plugin_that_is_gone_is_asked_again(
    make_app: Callable[..., Flask], enabled_once: Path, tmp_path: Path
) -> None:
    app = make_app(plugin_dirs=str(tmp_path / "none"))
    assert answers(app, "bell") == dict.fromkeys(PATHS, 503)
    answer = app.test_client().get("/sms/bell/callback")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_a_plugin_that_breaks_is_asked_again(
    make_app: Callable[..., Flask], enabled_once: Path
) -> None:
    put(enabled_once, "broken_bell", "import no_such_library\n")
    app = make_app(plugin_dirs=str(enabled_once))
    assert answers(app, "broken_bell") == dict.fromkeys(PATHS, 404)
    with app.app_context():  # as it was enabled before it broke
        change_state("broken_bell", enabled=True)
    assert answers(app, "broken_bell") == dict.fromkeys(PATHS, 503)


def test_so_it_is_when_it_was_switched_off_since(
    make_app: Callable[..., Flask], enabled_once: Path, tmp_path: Path
) -> None:
    with make_app(plugin_dirs=str(enabled_once)).app_context():
        current_host().disable("bell")
    assert answers(make_app(plugin_dirs=str(tmp_path)), "bell") == dict.fromkeys(PATHS, 503)


def test_without_any_plugin_those_that_were_enabled_are_asked_again(
    make_app: Callable[..., Flask], enabled_once: Path
) -> None:
    app = make_app(plugin_dirs=str(enabled_once), safe_mode="1")
    assert answers(app, "bell") == dict.fromkeys(PATHS, 503)


@pytest.mark.parametrize("name", ["nobody", "twilio", "", "%00", "x" * 300])
def test_a_name_that_was_never_set_up_is_unknown(
    make_app: Callable[..., Flask], enabled_once: Path, name: str
) -> None:
    app = make_app(plugin_dirs=str(enabled_once), safe_mode="1")
    assert answers(app, name) == dict.fromkeys(PATHS, 404)


def test_an_enabled_plugin_that_is_gone_is_listed(
    make_app: Callable[..., Flask], enabled_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(plugin_dirs=str(enabled_once.parent / "none"))
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: app)
    listed = CliRunner().invoke(main, ["plugins", "list", "--json"])
    row = next(one for one in json.loads(listed.stdout) if one["name"] == "bell")
    assert row["state"] == "missing"
    assert "Install it again" in row["fault"]
    told = CliRunner().invoke(main, ["doctor"]).output
    assert "plugin bell" in told
    assert "answered with 503" in told
    with app.app_context():
        page = sign_in(app).get("/admin/plugins/").text
    assert "bell" in page
    assert "It is enabled and was not found" in page


def test_one_that_is_off_and_gone_is_not(
    make_app: Callable[..., Flask], enabled_once: Path
) -> None:
    with make_app(plugin_dirs=str(enabled_once)).app_context():
        current_host().disable("bell")
    app = make_app(plugin_dirs=str(enabled_once.parent / "none"))
    with app.app_context():
        assert current_host().missing() == []
