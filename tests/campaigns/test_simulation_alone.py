"""A simulation leaves no trace, whatever the real database is; and its command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, text

from heliograph.campaigns import publish
from heliograph.campaigns.simulation.stage import copied_database
from heliograph.cli import main
from heliograph.contacts.models import Contact
from heliograph.contacts.tags import tag_contact
from heliograph.db import db
from heliograph.installation import running_app
from heliograph.segments import create_segment, refresh_segment
from tests.campaigns.drawing import drafted, event
from tests.campaigns.rehearsal import after, cast_in_zones, doing, played, texts, welcome
from tests.campaigns.stage import Stage
from tests.campaigns.stage import text as sends


def dump() -> dict[str, list[Any]]:
    """All that is in the real database."""
    db.session.rollback()
    found = {}
    with db.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{name}"'))
            found[name] = sorted(map(repr, rows))
    return found


def test_a_simulation_touches_nothing_that_is_real(stage: Stage, desk: Any) -> None:
    source, people = cast_in_zones(stage)
    tag_contact(db.session.get_one(Contact, people[0]), ["lead"])
    filters = {"field": "tag", "operator": "has_any", "value": ["lead"]}
    leads = create_segment("Leads", filters=filters).id
    refresh_segment(leads)
    everything = drafted(
        sends("hello"),
        event("tags", "core.change_tags", "hello", config={"add": ["x"], "remove": ["lead"]}),
        event("moves", "core.change_segments", "tags", config={"add": [leads]}),
        event("field", "core.change_field", "moves", config={"field": "city", "value": "Lyon"}),
        event("out", "core.add_dnc", "field", config={}),
        event("hook", "core.webhook", "out", config={"url": "https://example.com/hook"}),
        event("staff", "core.text_staff", "hook", config={"number": "+33698765432", "text": "!"}),
        event("on", "core.change_campaigns", "staff", config={"add_to": [welcome(source)]}),
        source=source,
    )
    publish(everything)  # members would come in, if it were the real one that is run
    before, app = dump(), running_app()
    found = played(
        everything,
        people,
        doing("answer", people[0], at=after(hours=1), text="Hello"),
        doing("click", people[0], at=after(hours=1)),
        doing("stop", people[1], at=after(hours=2)),
        doing("fail", people[2], at=after(hours=0), kind="bad_number"),
    )
    assert len(texts(found, people[0])) == 1
    assert "on" in {entry.event for entry in found.way(f"c{people[0]}").entries}
    assert dump() == before
    assert not desk.texts
    assert running_app() is app


def test_a_simulation_that_fails_touches_nothing_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, people = cast_in_zones(stage)
    campaign, before = welcome(source), dump()

    def breaks(*_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("heliograph.campaigns.simulation.play.record_outcomes", breaks)
    with pytest.raises(RuntimeError, match="a fault"):
        played(campaign, people)
    assert dump() == before
    monkeypatch.undo()
    assert texts(played(campaign, people), people[0])


def tables_of(connection: Connection, names: set[str]) -> dict[str, Any]:
    """Columns and indexes of each table, in no order."""
    seen = inspect(connection)
    return {
        name: (
            sorted(
                # without lengths: SQLite keeps to none, so no migration changes one there
                (one["name"], str(one["type"]).partition("(")[0], one["nullable"])
                for one in seen.get_columns(name)
            ),
            sorted((one["name"] or "", one["unique"]) for one in seen.get_indexes(name)),
        )
        for name in names
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_its_tables_are_those_that_the_migrations_make(app: Flask) -> None:
    stage = create_engine("sqlite://", creator=copied_database)
    names = set(inspect(stage).get_table_names())
    with db.engine.connect() as real, stage.connect() as scratch:
        names &= set(inspect(real).get_table_names())
        assert {"campaign_steps", "contacts", "deliveries", "replies", "links"} <= names
        assert tables_of(real, names) == tables_of(scratch, names)
    stage.dispose()


@pytest.fixture
def run(sending: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `heliograph campaigns simulate`."""
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: sending)

    def call(campaign: int, *arguments: str, code: int = 0) -> Any:
        db.session.rollback()
        given = ["campaigns", "simulate", "-i", str(campaign), *arguments]
        done = CliRunner().invoke(main, given)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if "--json" in arguments else done.output

    return call


def test_the_command_tells_what_each_contact_would_get(
    stage: Stage, run: Callable[..., Any]
) -> None:
    source, people = cast_in_zones(stage)
    campaign = welcome(source)
    begin = ("--start", "2026-11-23T12:00+00:00", "--days", "10")
    told = run(
        campaign,
        *begin,
        *("--answer", "1:2h:YES: please", "--stop", "2:1d", "--outage", "3d:20h"),
        *("--fail", "3:1h:undelivered", "--click", "1:3h", "--made-up", "Europe/London"),
    )
    assert "Welcome, the draft, from 2026-11-23 12:00 to 2026-12-03 12:00 UTC" in told
    assert "Mon 2026-11-23 13:00  « Hi Ann0, reply YES » (1 part, gsm7)" in told
    assert "answers « YES: please »" in told
    assert "has no link to open" in told
    assert "'Replies' done, by 'No'" in told
    assert "4. Made up 1, +1" in told
    assert "answers « STOP » (out)" in told
    assert "until Fri" not in told
    facts = run(campaign, *begin, "--contacts", "2", "--json")
    assert [one["contact_id"] for one in facts["contacts"]] == people[:2]
    assert {one["key"]: one["done"] for one in facts["events"]}["remind"] == 2
    local = [one["local"] for one in facts["contacts"][1]["entries"] if one["kind"] == "text"]
    assert local[1] == "2026-11-26T10:00:00-05:00"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--answer", "1:2h"), "Write it as CONTACT:DELAY:TEXT"),
        (("--answer", "9:2h:YES"), "The contacts are 1 to 3"),
        (("--stop", "1:soon"), "Use 30m, 2h, 3d or 1w"),
        (("--fail", "1:0m:odd"), "Use undelivered, bad_number"),
        (("--outage", "3d:0h"), "is not after its beginning"),
        (("--made-up", "Mars"), "cast m1 timezone"),
        (("--contacts", "0"), "Add --made-up ZONE"),
        (("--start", "soon"), "ISO 8601"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_options(
    stage: Stage, run: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    source, _ = cast_in_zones(stage)
    assert words in run(welcome(source), *arguments, code=1)
