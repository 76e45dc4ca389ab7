"""When an event breaks: for one contact, for all, for a while; nobody else suffers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from heliograph import clock
from heliograph.actions import Action, ActionBatch, ActionContext, Outcome, Outcomes, Result
from heliograph.campaigns import outside
from heliograph.campaigns.engine import Engine
from heliograph.campaigns.membership import rebuild
from heliograph.contacts.tags import tag_contacts
from heliograph.db import db
from heliograph.errors import Conflict
from heliograph.events import FAILED, THEN, Condition, EventConfig, SignalKind
from heliograph.host import current_host
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import MONDAY, Stage, members, step, steps, tags


class Empty(EventConfig):
    pass


@pytest.fixture
def plug(stage: Stage) -> Callable[..., None]:
    """Gives the recorder an action or a condition more."""

    def add(**made: Any) -> None:
        given = current_host().get("recorder").contributions
        if "choose" in made:
            condition = Condition("recorder.look", "Look", Empty, **made)
            given.conditions[:] = [*given.conditions, condition]
            return
        action = Action("recorder.act", "Act", Empty, paths=(THEN, FAILED), **made)
        others = [one for one in given.actions if one.key != "recorder.act"]
        given.actions[:] = [*others, action]

    return add


def acting(**more: Any) -> list[dict[str, Any]]:
    return [
        event("act", "recorder.act", **more),
        tag("went", "act"),
        tag("lost", "act", path="failed"),
    ]


def test_a_contact_that_breaks_the_batch_waits_and_all_others_go_on(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, people = stage.cast(40)
    bad = people[17]

    def run_many(batch: ActionBatch) -> None:
        tag_contacts(batch.contact_ids, ["half done"])
        if bad in batch.contact_ids:
            raise ZeroDivisionError("no such luck")

    plug(run_many=run_many)
    stage.play(*acting(), source=source)
    stage.turn()
    assert {tuple(tags(one)) for one in people if one != bad} == {("half done", "went")}
    assert tags(bad) == []
    assert "no such luck" in step(bad, "act").detail
    assert step(bad, "act").due_at == MONDAY + timedelta(minutes=1)


def test_after_a_day_of_faults_it_has_failed(stage: Stage, plug: Callable[..., None]) -> None:
    source, (ann,) = stage.cast(1)

    def run_many(_batch: ActionBatch) -> None:
        raise Conflict("The other side is gone.")

    plug(run_many=run_many)
    stage.play(*acting(), source=source)
    for _ in range(9):
        stage.turn()
        stage.leap(hours=6)
    assert tags(ann) == ["lost"]
    assert step(ann, "act").detail == "The other side is gone."


def test_an_action_may_ask_for_more_time_again_and_again(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, (ann, bob) = stage.cast(2)
    waits = Outcome(Result.WAITING, "Not ready.")

    def run_many(batch: ActionBatch) -> Outcomes:
        return Outcomes(Outcome(Result.DONE), {ann: waits} if batch.now < later else {})

    later = MONDAY + timedelta(days=9)
    plug(run_many=run_many)
    stage.play(*acting(), source=source)
    for _ in range(60):
        stage.turn()
        stage.leap(hours=6)
    assert tags(ann) == tags(bob) == ["went"]
    assert step(bob, "act").done_at == MONDAY
    assert (step(ann, "act").done_at or MONDAY) >= later


def test_an_action_outside_is_run_once_for_each_contact(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, people = stage.cast(40)
    seen: list[int] = []

    def run(context: ActionContext) -> Outcome:
        seen.append(context.contact_id)
        if context.contact_id == people[3]:
            return Outcome(Result.FAILED, "not this one", reason="odd")
        if context.contact_id == people[4] and clock.now() == MONDAY:
            raise RuntimeError("for a moment")
        return Outcome(Result.DONE, "fine")

    plug(run=run)
    campaign = stage.play(*acting(), source=source)
    stage.turn()
    assert sorted(seen) == people
    assert steps(people[4]) == {"act": "waiting"}
    assert tags(people[3]) == ["lost"]
    assert step(people[0], "act").detail == "fine"
    stage.leap(minutes=1)
    stage.turn()
    assert tags(people[4]) == ["went"]
    assert members(campaign) == {"finished": 40}


def test_an_action_outside_may_queue_a_text(stage: Stage, plug: Callable[..., None]) -> None:
    from tests.campaigns.stage import template  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    message = template("By hand")

    def run(context: ActionContext) -> Outcome:
        return context.send_text(message, "recorder")

    plug(run=run)
    stage.play(*acting(), source=source)
    stage.outage = True
    stage.turn()
    assert steps(ann) == {"act": "sending"}
    stage.outage = False
    stage.turn()
    assert [words for _, _, words in stage.texts] == ["By hand"]
    assert tags(ann) == ["went"]


def test_a_condition_that_answers_nonsense_is_a_fault(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, (ann,) = stage.cast(1)
    plug(choose=lambda batch: dict.fromkeys(batch.contact_ids, "sideways"))
    stage.play(event("look", "recorder.look", kind="condition"), source=source)
    stage.turn()
    assert steps(ann) == {"look": "waiting"}
    assert "'sideways' that it does not have" in step(ann, "look").detail


def test_a_type_that_is_gone_parks_its_members_until_it_is_back(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, (ann,) = stage.cast(1)
    plug(run_many=lambda _batch: None)
    campaign = stage.play(*acting(timing=after(1)), source=source)
    given = current_host().get("recorder").contributions
    made = list(given.actions)
    given.actions[:] = [one for one in made if one.key != "recorder.act"]
    stage.turn()
    stage.leap(days=2)
    stage.turn()
    assert steps(ann) == {"act": "waiting"}
    with clock.at(stage.now):
        assert "No plugin here brings recorder.act" in str(Engine().run().parked)
    given.actions[:] = made
    stage.turn()
    assert members(campaign) == {"finished": 1}


def test_a_decision_of_a_plugin_that_is_off_takes_neither_path(stage: Stage) -> None:
    given = current_host().get("recorder").contributions
    ours = [one for part in current_host().built_in() for one in part.contributions.decisions]
    replied = next(one for one in ours if one.waits_for == {SignalKind.REPLY})
    given.decisions[:] = [replace(replied, key="recorder.reply")]
    source, (ann,) = stage.cast(1)
    config = {"to": "any", "wait_amount": 1}
    asked = event("ask", "recorder.reply", kind="decision", config=config)
    stage.play(asked, tag("no", "ask", path="no"), tag("yes", "ask", path="yes"), source=source)
    stage.turn()
    current_host().disable("recorder")
    stage.leap(days=5)
    stage.turn()
    assert steps(ann) == {"ask": "open"}
    current_host().enable("recorder")
    stage.turn()
    assert tags(ann) == ["no"]
    given.decisions[:] = []


def test_a_database_that_is_away_is_not_a_fault_of_the_event(
    stage: Stage, plug: Callable[..., None]
) -> None:
    source, (ann,) = stage.cast(1)

    def run_many(_batch: ActionBatch) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    plug(run_many=run_many)
    campaign = stage.play(*acting(), source=source)
    with clock.at(stage.now):
        rebuild(campaign)
        with pytest.raises(OperationalError):
            Engine().run()
    db.session.rollback()
    assert (step(ann, "act").status, step(ann, "act").attempts) == ("waiting", 0)


def test_an_action_that_hangs_holds_up_no_other(
    stage: Stage, plug: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def hang(_context: ActionContext) -> None:
        gate.wait(60)

    monkeypatch.setattr(outside, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(outside, "AT_ONCE", 2)
    monkeypatch.setattr(outside, "HANGING", 4)
    source, people = stage.cast(6)
    plug(run=hang)
    stage.play(*acting(), tag("beside"), source=source)
    try:
        begun = time.monotonic()
        stage.turn()
        assert time.monotonic() - begun < 30
        assert all(tags(one) == ["beside"] for one in people)
        tried = [step(one, "act") for one in people]
        assert {(one.status, one.reason) for one in tried if one.attempts} == {("waiting", "fault")}
        # four threads hang, and nobody waits for a fifth
        assert sorted(one.attempts for one in tried) == [0, 0, 1, 1, 1, 1]
    finally:
        gate.set()
