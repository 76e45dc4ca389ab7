"""`heliograph campaigns`: Mautic's options, exit codes, and the last text sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph import clock
from heliograph.campaigns import get_campaign, unpublish
from heliograph.cli import main
from heliograph.db import db, transaction
from heliograph.segments import create_segment
from tests.campaigns.drawing import event, tag
from tests.campaigns.stage import Stage, members, replies, steps, tags, text

Run = Callable[..., Any]


@pytest.fixture
def run(sending: Flask, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `heliograph campaigns ...`; gives its JSON or text, and insists on its exit code."""
    stage.now = datetime.now(UTC)
    # the installation under test, whose connections are closed in the end
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: sending)

    def call(*arguments: str, code: int = 0) -> Any:
        db.session.rollback()
        done = CliRunner().invoke(main, ["campaigns", *arguments])
        assert done.exit_code == code, done.output
        db.session.rollback()
        db.session.expire_all()
        return json.loads(done.stdout) if "--json" in arguments and not code else done.output

    return call


def test_rebuild_and_trigger_take_members_all_the_way(stage: Stage, run: Run, desk: Any) -> None:
    source, people = stage.cast(3)
    campaign = stage.play(text("hello"), tag("went", "hello"), source=source)
    assert run("rebuild", "--json") == [
        {"id": campaign, "name": "Welcome", "joined": 3, "came_back": 0, "left": 0}
    ]
    done = run("trigger", "--json")
    assert (done["begun"], done["parked"]) == (3, {})
    assert len(desk.texts) == 3
    assert {tuple(tags(one)) for one in people} == {("went",)}
    assert run("trigger", "--json")["steps"] == 0
    (row,) = run("list", "--json")
    assert row["members"] == {"finished": 3}
    shown = run("show", str(campaign), "--json")
    assert [(one["key"], one["done"], one["paths"]) for one in shown["events"]] == [
        ("hello", 3, {"": 3}),
        ("went", 3, {"": 3}),
    ]
    assert shown["findings"] == []


def test_phases_run_alone(stage: Stage, run: Run, desk: Any) -> None:
    source, (ann,) = stage.cast(1)
    config = {"to": "any", "wait_amount": 1, "wait_unit": "minutes"}
    stage.play(replies("ask", config=config), tag("no", "ask", path="no"), source=source)
    run("rebuild")
    run("trigger", "--scheduled-only")
    assert steps(ann) == {}
    run("trigger", "--kickoff-only")
    assert steps(ann) == {"ask": "waiting"}
    run("trigger", "--inactive-only")
    assert steps(ann) == {"ask": "waiting"}
    run("trigger", "--scheduled-only")
    assert steps(ann) == {"ask": "open"}
    assert "give one of" in run("trigger", "--scheduled-only", "--kickoff-only", code=2)


def test_each_phase_alone_does_its_own_work(stage: Stage, run: Run, desk: Any) -> None:
    source, (ann,) = stage.cast(1)
    config = {"to": "any", "wait_amount": 2, "wait_unit": "hours"}
    stage.play(replies("ask", config=config), tag("no", "ask", path="no"), source=source)
    with clock.at(stage.now):
        run("rebuild")
        run("trigger", "--kickoff-only")
        run("trigger", "--scheduled-only")
    assert steps(ann) == {"ask": "open"}
    with clock.at(stage.now + timedelta(hours=3)):
        run("trigger", "--scheduled-only")
        run("trigger", "--kickoff-only")
        assert steps(ann) == {"ask": "open"}
        run("trigger", "--inactive-only")
        assert steps(ann) == {"ask": "done no", "no": "waiting"}
        assert tags(ann) == []
        run("trigger", "--scheduled-only")
    assert tags(ann) == ["no"]


def test_bounds_hold_exactly(stage: Stage, run: Run, desk: Any) -> None:
    source, people = stage.cast(6)
    campaign = stage.play(tag("a"), source=source)
    run("rebuild", "--contact-id", str(people[0]))
    assert members(campaign) == {"new": 1}
    run("rebuild", "--contact-ids", f"{people[1]},{people[2]}", "--max-contacts", "1")
    assert members(campaign) == {"new": 2}
    run("rebuild", "--min-contact-id", str(people[4]), "--max-contact-id", str(people[5]))
    assert members(campaign) == {"new": 4}
    run("rebuild", "-l", "2")
    run("trigger", "--max-contact-id", str(people[1]))
    assert [len(tags(one)) for one in people] == [1, 1, 0, 0, 0, 0]
    run("trigger", "--thread-id", "1", "--max-threads", "2")
    run("trigger", "--contact-id", str(people[2]))
    assert [len(tags(one)) for one in people[2:]] == [
        1 if one == people[2] or one % 2 == 1 else 0 for one in people[2:]
    ]
    run("trigger", "--thread-id", "2", "--max-threads", "2")
    assert {len(tags(one)) for one in people} == {1}
    assert "go together" in run("trigger", "--thread-id", "3", code=2)
    assert "is no id" in run("trigger", "--contact-ids", "3,x", code=1)


def test_so_many_contacts_of_each_campaign(stage: Stage, run: Run, desk: Any) -> None:
    source, people = stage.cast(5)
    one = stage.play(tag("one"), tag("then", "one"), source=source)
    stage.play(tag("two"), source=source)
    run("rebuild")
    run("trigger", "--campaign-limit", "2", "--min-contact-id", str(people[1]))
    both = ["one", "then", "two"]
    assert [tags(contact_id) for contact_id in people] == [[], both, both, [], []]
    run("trigger", "--campaign-limit", "1", "-i", str(one))
    assert tags(people[0]) == ["one", "then"]
    run("trigger", "--campaign-limit", "99")
    assert [tags(contact_id) for contact_id in people] == [both] * 5


def test_unclear_texts_are_listed_and_settled(stage: Stage, run: Run, desk: Any) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(text("hello"), tag("went", "hello"), source=source)
    stage.outage = True
    stage.turn()
    with transaction() as session:
        session.merge(stage.deliveries(ann)[0]).status = "unknown"
    (row,) = run("settle", str(campaign), "--json")
    assert row["number"] == stage.deliveries(ann)[0].number
    assert "1 texts were settled as sent" in run("settle", str(campaign), "--as", "sent")
    assert "all is clear" in run("settle", str(campaign))
    assert "no campaign 99" in run("settle", "99", code=1)
    run("trigger")
    assert tags(ann) == ["went"]


def test_one_campaign_or_all_but_some(stage: Stage, run: Run, desk: Any) -> None:
    source, (ann,) = stage.cast(1)
    one = stage.play(tag("one"), source=source)
    two = stage.play(tag("two"), source=source)
    run("rebuild")
    run("trigger", "-i", str(one))
    assert tags(ann) == ["one"]
    run("trigger", "-d", str(two))
    assert tags(ann) == ["one"]
    unpublish(one)
    assert "does not run now" in run("trigger", "-i", str(one), code=1)
    assert "no campaign 99" in run("rebuild", "-i", "99", code=1)
    run("trigger")
    assert tags(ann) == ["one", "two"]


def test_publish_says_what_is_wrong_and_unpublish_holds(stage: Stage, run: Run, desk: Any) -> None:
    source, _ = stage.cast(1)
    campaign = stage.play(tag("a"), source=source)
    run("unpublish", str(campaign))
    assert not get_campaign(campaign).published
    assert "version 1" in run("publish", str(campaign))
    from heliograph.campaigns import save_draft  # noqa: PLC0415

    save_draft(campaign, {"sources": [source], "events": [tag("a", "gone")]}, seen=1)
    assert "hangs on 'gone'" in run("publish", str(campaign), code=1)
    assert "hangs on 'gone'" in run("show", str(campaign))


def test_filtered_sources_are_brought_up_to_date_first(stage: Stage, run: Run, desk: Any) -> None:
    _, people = stage.cast(2, city="Paris")
    filters = {"field": "city", "operator": "is", "value": "Paris"}
    source = create_segment("Paris", filters).id
    stage.play(tag("a"), source=source)
    assert run("rebuild", "--json")[0]["joined"] == len(people)


def test_what_is_parked_is_told(stage: Stage, run: Run, desk: Any) -> None:
    from heliograph.messages import edit_message  # noqa: PLC0415

    source, _ = stage.cast(1)
    hello = text("hello")
    stage.play(hello, source=source)
    edit_message(hello["config"]["message_id"], published=False)
    run("rebuild")
    assert "is not published now" in run("trigger")


def test_actions_of_core_run_by_hand(stage: Stage, sending: Flask) -> None:
    from heliograph.campaigns import run_action  # noqa: PLC0415
    from heliograph.contacts.models import Contact  # noqa: PLC0415

    _, (ann,) = stage.cast(1)
    contact = db.session.get_one(Contact, ann)
    assert run_action("core.change_tags", contact, {"add": ["x"]}).result == "done"
    assert tags(ann) == ["x"]
    refused = run_action("core.jump", contact, {"event": "a"})
    assert refused.result == "failed"
    assert event("x", "core.jump")["kind"] == "action"
