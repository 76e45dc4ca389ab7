"""Finding, loading, switching and surviving plugins."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.db import db
from core.errors import BadInput, ConfigIncomplete, Conflict, NotFound, SecretUnreadable
from core.host import PluginState, current_host, gather, notify
from core.host.state import forget_states
from core.jobs.register import all_jobs
from core.jobs.runs import list_runs, run_job
from core.providers import default_provider
from tests.visitor import Visitor, sign_in

GOOD = '''"""Acme SMS

Sends through acme.example.
"""
from pydantic import Field, SecretStr
from core.plugin import *
from core.plugin import PluginConfig, Provider, Sent, hookimpl
__version__ = "2.1"
__author__ = "Acme"

class Config(PluginConfig):
    api_key: SecretStr = Field(title="API key", description="Acme > Keys")
    pace: float = Field(1, title="Pace", description="Parts a second", ge=0)

class Acme(Provider):
    name, label = "acme", "Acme"
    def send(self, text):
        with open(self.config.api_key.get_secret_value(), "a") as file:
            file.write(text.to + "\\n")
        return Sent("A" + text.reference)

@hookimpl
def register_config():
    return Config

@hookimpl
def register_providers():
    return [Acme]
'''

HEAD = "from core.plugin import *\nfrom core.plugin import hookimpl\n"
CONFIG = "@hookimpl\ndef register_config():\n    return PluginConfig\n"

BROKEN = {
    "syntax": ("def (:\n", "SyntaxError"),
    "missing": ("import no_such_library\n", "No module named 'no_such_library'"),
    "leaves": ("import sys\nsys.exit(3)\n", "SystemExit"),
    "misspelt": (HEAD + "@hookimpl\ndef register_provider():\n    return []\n", "unknown hook"),
    "argument": (HEAD + "@hookimpl\ndef reply_received(answer):\n    pass\n", "answer"),
    "nothing": ("x = 1\n", "implements no hook"),
    "model": (HEAD + "@hookimpl\ndef register_config():\n    return 7\n", "pydantic model"),
    "named": (
        HEAD
        + CONFIG
        + "class P(Provider):\n    name = 'other'\n    def send(self, text): ...\n"
        + "@hookimpl\ndef register_providers():\n    return [P]\n",
        "must be the plugin's name",
    ),
    "mute": (
        HEAD
        + CONFIG
        + "class P(Provider):\n    name = 'mute'\n"
        + "@hookimpl\ndef register_providers():\n    return [P]\n",
        "no send method",
    ),
    "unlisted": (
        HEAD + "@hookimpl\ndef register_jobs():\n    return 'soon'\n",
        "must return a list",
    ),
    "raises": (HEAD + "@hookimpl\ndef register_actions():\n    1 / 0\n", "ZeroDivisionError"),
    "tables": (
        HEAD
        + "from sqlalchemy.orm import Mapped, mapped_column\n"
        + "class T(Model):\n    __tablename__ = 'elsewhere'\n"
        + "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        + CONFIG,
        "must be called 'tables_...'",
    ),
    "keys": (
        HEAD + "@hookimpl\ndef register_jobs():\n    return [Job('core.x', 1, lambda: None)]\n",
        "must begin with 'keys.'",
    ),
    "routes": (
        HEAD
        + "from flask import Blueprint\n"
        + "one = Blueprint('b', __name__)\ntwo = Blueprint('b', __name__)\n"
        + "@hookimpl\ndef register_blueprints():\n    return [one, two]\n",
        "already registered",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "more"
    path.mkdir()
    return path


def put(folder: Path, name: str, source: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source)


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


def test_real_providers_come_before_the_demo(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "acme", GOOD)
    heliograph(plugin_dirs=str(folder))
    host = current_host()
    host.enable("simulator")
    assert default_provider() == "simulator"
    host.enable("acme")
    assert default_provider() == "acme"
    host.enable("simulator", default=True)
    assert default_provider() == "simulator"


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


# -- config ---------------------------------------------------------------


@pytest.fixture
def acme(heliograph: Callable[..., Flask], folder: Path) -> Flask:
    put(folder, "acme", GOOD)
    return heliograph(plugin_dirs=str(folder))


def stored() -> str:
    db.session.rollback()
    return json.dumps(db.session.get_one(PluginState, "acme", populate_existing=True).config)


def test_config_is_checked_and_secrets_are_sealed(acme: Flask) -> None:
    host = current_host()
    with pytest.raises(BadInput, match="Did you mean api_key"):
        host.configure("acme", {"api_kay": "x"})
    with pytest.raises(BadInput, match="pace"):
        host.configure("acme", {"api_key": "hush", "pace": "fast"})
    assert db.session.get(PluginState, "acme") is None
    assert host.configure("acme", {"pace": "2"}) == ["api_key: is required"]
    with pytest.raises(ConfigIncomplete, match="api_key: is required"):
        host.config("acme")
    assert host.configure("acme", {"api_key": "hush-hush"}) == []
    assert "hush-hush" not in stored()
    assert host.shown_config("acme") == {"api_key": "set", "pace": "2"}
    assert "hush-hush" not in repr(host.config("acme"))
    host.configure("acme", {"pace": ""})
    assert host.shown_config("acme")["pace"] is None


def test_a_secret_may_live_in_the_environment(acme: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    host = current_host()
    missing = host.configure("acme", {"api_key": "$env:ACME_KEY"})
    assert missing == ["api_key: the environment variable ACME_KEY is not set"]
    with pytest.raises(ConfigIncomplete, match="ACME_KEY"):
        host.config("acme")
    monkeypatch.setenv("ACME_KEY", "from outside")
    config: Any = host.config("acme")
    assert config.api_key.get_secret_value() == "from outside"
    assert "from outside" not in stored()


def test_keys_can_be_changed_and_a_lost_key_is_named(
    heliograph: Callable[..., Flask], folder: Path
) -> None:
    put(folder, "acme", GOOD)
    first, second = "the first key of this test", "the second key of this test"
    heliograph(plugin_dirs=str(folder), secret_key=first)
    current_host().configure("acme", {"api_key": "hush"})
    heliograph(plugin_dirs=str(folder), secret_key=second)
    with pytest.raises(SecretUnreadable, match=r"acme\.api_key.*HELIOGRAPH_SECRET_KEY"):
        current_host().config("acme")
    heliograph(plugin_dirs=str(folder), secret_key=f"{second},{first}")
    assert current_host().rotate_secrets() == 1
    heliograph(plugin_dirs=str(folder), secret_key=second)
    config: Any = current_host().config("acme")
    assert config.api_key.get_secret_value() == "hush"


# -- strangers by both doors, and two processes ---------------------------


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
