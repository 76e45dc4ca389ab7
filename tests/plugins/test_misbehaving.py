"""Plugins that misbehave when they are called: the process lives, and words say what it was."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from heliograph import connection
from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.actions import run_action
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.library import check_draft
from heliograph.campaigns.membership import rebuild
from heliograph.cli import main
from heliograph.connection import setup_steps
from heliograph.contacts.profile import add_contact
from heliograph.db import db
from heliograph.errors import BadInput, Conflict
from heliograph.host import current_host
from heliograph.jobs.runs import find_job, list_runs, run_job
from heliograph.providers import open_provider
from heliograph.segments import add_members, create_segment
from heliograph.timeline import timeline
from tests.plugins.misbehaving import CHECKS, EXITING, FACTS, PROVIDER, STEPS
from tests.plugins.sources import CONFIG, HEAD, put
from tests.visitor import Visitor, sign_in

Start = Callable[..., Flask]
CONTACT = {"mobile": "+33612345678", "first_name": "Ann"}


@pytest.fixture
def exiting(heliograph: Start, folder: Path) -> Flask:
    put(folder, "exiting", EXITING)
    app = heliograph(plugin_dirs=str(folder))
    assert not current_host().get("exiting").fault
    current_host().enable("exiting")
    return app


def failures(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR)


def test_a_hook_that_exits_is_named_and_the_change_is_stored(
    exiting: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    contact = add_contact(CONTACT, region="FR")
    assert contact.id
    assert "plugin exiting failed in contact_changed" in failures(caplog)
    assert timeline(contact)
    assert "plugin exiting failed in timeline_entries" in failures(caplog)


def test_a_callback_that_exits_is_an_error_and_the_server_goes_on(
    exiting: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    exiting.testing = False  # as in a server: errors become answers
    client = exiting.test_client()
    assert client.post("/sms/exiting/callback").status_code == 500
    assert "plugin exiting: POST /sms/exiting/callback failed" in failures(caplog)
    with ThreadPoolExecutor() as server:  # as requests of a server: Ctrl-C is for the main thread
        assert server.submit(client.get, "/sms/exiting/early").result().status_code == 500
    assert Visitor(exiting).get("/readyz").status_code == 200


def test_a_job_that_exits_shows_its_error(exiting: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run_job(exiting, find_job("exiting.work"))
    db.session.rollback()
    errors = {job.key: run.error for job, run in list_runs() if run is not None}
    assert (
        errors["exiting.work"]
        .strip()
        .endswith("its code raised SystemExit(job), which would end the process")
    )
    assert "SystemExit(job)" in sign_in(exiting).get("/admin/jobs/").text
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: exiting)
    shown = CliRunner().invoke(main, ["jobs", "list"]).output
    assert "SystemExit(job)" in shown


def test_a_job_that_cannot_tell_whether_it_is_wanted_is_run(
    exiting: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_job(exiting, find_job("exiting.wish")) == "7"
    assert "job exiting.wish cannot tell whether there is work" in failures(caplog)


def test_an_action_that_exits_has_failed(exiting: Flask) -> None:
    contact = add_contact(CONTACT, region="FR")
    outcome = run_action("exiting.act", contact, {})
    assert outcome.result == "failed"
    assert "SystemExit(action)" in outcome.text


def test_an_event_whose_validator_fails_is_refused_and_later_lets_contacts_wait(
    exiting: Flask, folder: Path
) -> None:
    words = "the plugin's own validator failed with KeyError"
    contact = add_contact(CONTACT, region="FR")
    with pytest.raises(BadInput, match=words):
        run_action("exiting.pick", contact, {})
    segment = create_segment("All")
    add_members(segment.id, [contact.id])
    campaign = create_campaign(name="Pick").id
    event = {"key": "pick", "kind": "action", "type": "exiting.pick"}
    save_draft(campaign, {"sources": [segment.id], "events": [event]}, seen=0)
    assert [words in one.words for one in check_draft(campaign)] == [True]
    sound = folder / "exiting" / "sound"
    sound.touch()
    publish(campaign)
    sound.unlink()  # its next version refuses what it took
    rebuild(campaign)
    tally = Engine(Scope(only=campaign)).run()
    assert (tally.steps, len(tally.parked)) == (0, 1)
    assert "does not fit any more" in next(iter(tally.parked.values()))


@pytest.mark.parametrize(("body", "words"), CHECKS.items(), ids=[one[:24] for one in CHECKS])
def test_a_check_that_misbehaves_is_a_failed_check_with_words(
    heliograph: Start, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    monkeypatch.setattr(connection, "CHECK_SECONDS", 1.0)
    put(folder, "odd", PROVIDER.format(f"    def check(self):\n        {body}"))
    app = heliograph(plugin_dirs=str(folder))
    answer = sign_in(app).post("/admin/plugins/odd/check", **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert words in html.unescape(answer.text)
    assert "alert-danger" in answer.text
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: app)
    done = CliRunner().invoke(main, ["plugins", "check", "odd"])
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output


def test_an_async_check_is_waited_for(heliograph: Start, folder: Path) -> None:
    body = "    async def check(self): return Check(ok=True, text='All is well', facts={'A': 1})"
    put(folder, "odd", PROVIDER.format(body))
    answer = sign_in(heliograph(plugin_dirs=str(folder))).post("/admin/plugins/odd/check")
    assert "All is well" in answer.text
    assert "alert-success" in answer.text


@pytest.mark.parametrize(("body", "words"), STEPS.items(), ids=range(len(STEPS)))
def test_steps_of_any_shape_are_shown_or_told(
    heliograph: Start, folder: Path, body: str, words: str
) -> None:
    put(folder, "odd", PROVIDER.format(body))
    app = heliograph(plugin_dirs=str(folder))
    page = sign_in(app).get("/admin/plugins/odd")
    assert page.status_code == 200
    assert words in html.unescape(page.text)


def test_steps_of_a_provider_that_is_not_configured_are_shown(
    heliograph: Start, folder: Path
) -> None:
    source = PROVIDER.format("    def steps(self, url): return ['Paste it']")
    needed = "class Needed(PluginConfig):\n    key: str\n"
    source = source.replace("return PluginConfig", "return Needed").replace(
        "@hookimpl", f"{needed}@hookimpl", 1
    )
    put(folder, "odd", source)
    app = heliograph(plugin_dirs=str(folder))
    assert "Paste it" in sign_in(app).get("/admin/plugins/odd").text
    assert setup_steps(current_host().get("odd").contributions.providers[0], "") == ["Paste it"]


@pytest.mark.parametrize(("body", "words"), FACTS.items(), ids=range(len(FACTS)))
def test_facts_that_nobody_can_reckon_with_are_told_by_name(
    heliograph: Start, folder: Path, body: str, words: str
) -> None:
    put(folder, "odd", PROVIDER.format(body))
    app = heliograph(plugin_dirs=str(folder))
    current_host().enable("odd")
    with pytest.raises(Conflict, match="The provider odd does not start") as caught:
        open_provider("odd")
    assert words in caught.value.message
    visitor = sign_in(app)
    for path in ("/", "/admin/plugins/odd", "/broadcasts/", "/messages/"):
        assert visitor.get(path).status_code == 200, path
    answer = visitor.post("/admin/plugins/odd/check")
    assert words in html.unescape(answer.text)


def test_validators_that_fail_are_told_on_the_page(heliograph: Start, folder: Path) -> None:
    validator = (
        "from pydantic import model_validator\n"
        "class Checked(PluginConfig):\n    key: str = ''\n"
        "    @model_validator(mode='after')\n    def look(self):\n        {}['secret']\n"
    )
    source = PROVIDER.format("").replace("return PluginConfig", "return Checked")
    put(folder, "odd", source.replace("@hookimpl", f"{validator}@hookimpl", 1))
    visitor = sign_in(heliograph(plugin_dirs=str(folder)))
    page = visitor.get("/admin/plugins/odd")
    assert page.status_code == 200
    assert "validator failed with KeyError" in page.text
    answer = visitor.post("/admin/plugins/odd", {"key": "x", "version": ""})
    assert answer.status_code < 500


def test_migrations_where_alembic_puts_them_are_run(heliograph: Start, folder: Path) -> None:
    put(folder, "tabled", HEAD + CONFIG)
    versions = folder / "tabled" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_x.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision = 'tabled_1'\ndown_revision = None\n"
        "def upgrade():\n    op.create_table('tabled_things', sa.Column('id', sa.Integer))\n"
    )
    heliograph(plugin_dirs=str(folder))
    assert not current_host().get("tabled").fault
    assert "tabled_things" in sa.inspect(db.engine).get_table_names()
