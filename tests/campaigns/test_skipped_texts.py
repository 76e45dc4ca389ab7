"""A text that is skipped is a fact of its own: what is below it asks about it, about no other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete

from heliograph import clock
from heliograph.actions import ActionContext, Outcome, Result
from heliograph.campaigns.models import CampaignStep
from heliograph.campaigns.moving import jump
from heliograph.campaigns.simulation import read_simulation, simulate
from heliograph.channel import Failure, FailureKind, Status
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction
from heliograph.dnc import MANUAL, add_dnc
from heliograph.host import current_host
from heliograph.links.clicks import NewClick, store_clicks
from heliograph.links.models import Link
from heliograph.timeline import timeline
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.rehearsal import description, steps_of
from tests.campaigns.stage import Stage, mobile, replies, run, step, steps, tags, template, text

Spoil = Callable[[Stage, int], None]
LONG = {"wait_amount": 30}


def asking(parent: str, *, path: str = "") -> list[dict[str, Any]]:
    """Is the text delivered, has it failed?"""
    return [
        event("there", "core.delivered", parent, path=path, config=LONG),
        tag("got", "there", path="yes"),
        tag("never", "there", path="no"),
        event("lost", "core.failed", parent, path=path, config=LONG),
        tag("bad", "lost", path="yes"),
        tag("well", "lost", path="no"),
    ]


def change(contact_id: int, **values: Any) -> None:
    with transaction() as session:
        for name, value in values.items():
            setattr(session.get_one(Contact, contact_id), name, value)


def no_number(_stage: Stage, contact_id: int) -> None:
    change(contact_id, mobile=None)


def invalid(_stage: Stage, contact_id: int) -> None:
    change(contact_id, number_status=NUMBER_INVALID)


def listed(stage: Stage, contact_id: int) -> None:
    with clock.at(stage.now):
        add_dnc(mobile(contact_id), reason=MANUAL)


def renumbered(_stage: Stage, contact_id: int) -> None:
    change(contact_id, mobile="+33699000001")


def refused(stage: Stage, contact_id: int) -> None:
    stage.failing[mobile(contact_id)] = Failure(FailureKind.UNREACHABLE, "nobody there")


@pytest.mark.parametrize("spoil", [no_number, invalid, listed, refused])
def test_below_a_text_that_could_not_go_decisions_ask_about_that_one(
    stage: Stage, spoil: Spoil
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("t1"), text("t2", "t1", timing=after(1)), *asking("t2"), source=source)
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    spoil(stage, ann)
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["t2"] == "failed"
    assert tags(ann) == ["bad", "never"]
    assert step(ann, "there").reason == "ruled_out"


@pytest.mark.parametrize("spoil", [invalid, listed, renumbered])
def test_a_text_that_is_skipped_when_it_is_claimed_counts_alike(stage: Stage, spoil: Spoil) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("t1"), text("t2", "t1", timing=after(1)), *asking("t2"), source=source)
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    stage.outage = True
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["t2"] == "sending"
    spoil(stage, ann)
    stage.outage = False
    stage.turn()
    assert tags(ann) == ["bad", "never"]


@pytest.mark.parametrize("queued", [True, False])
def test_what_a_hold_made_too_late_counts_as_skipped(stage: Stage, queued: bool) -> None:
    source, (ann,) = stage.cast(1)
    events = [text("t1"), text("t2", "t1", timing=after(1)), *asking("t2")]
    campaign = stage.play(*events, source=source)
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    stage.outage = queued
    if queued:
        stage.leap(days=1)
        stage.turn()
        assert steps(ann)["t2"] == "sending"
    stage.hold(campaign, days=5)
    stage.outage = False
    stage.turn()
    assert steps(ann)["t2"] == "skipped"
    assert tags(ann) == ["bad", "never"]


def test_a_text_that_fails_while_the_decision_waits_takes_no_at_once(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(text("t1"), *asking("t1"), source=source)
    stage.turn()
    assert tags(ann) == []
    stage.leap(minutes=1)
    stage.report(ann, Status.UNDELIVERED, kind=FailureKind.UNREACHABLE)
    stage.turn()
    assert tags(ann) == ["bad", "never"]
    assert tags(bob) == []


def test_of_several_texts_the_last_one_counts(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(text("t1"), text("t2", "t1"), text("t3", "t2"), *asking("t3"), source=source)
    stage.turn()
    stage.report(bob, Status.DELIVERED)
    for delivery in stage.deliveries(ann)[:2]:  # those before do not decide
        assert delivery.status == "accepted"
    stage.leap(days=1)
    stage.report(ann, Status.UNDELIVERED, kind=FailureKind.UNREACHABLE)
    stage.turn()
    assert tags(ann) == ["bad", "never"]
    assert tags(bob) == ["got"]


def test_on_the_path_failed_the_text_that_failed_counts(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    listed(stage, ann)
    stage.play(text("t1"), *asking("t1", path="failed"), source=source)
    stage.turn()
    assert tags(ann) == ["bad", "never"]


def test_with_no_text_before_the_wait_runs_out(stage: Stage) -> None:
    (ann,) = run(stage, tag("a"), *asking("a"))
    assert tags(ann) == ["a"]
    stage.leap(days=31)
    stage.turn()
    assert tags(ann) == ["a", "never", "well"]


def test_neither_replies_nor_clicks_to_an_earlier_text_count_below_a_skipped_one(
    stage: Stage,
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("t1", message=template("See https://example.com/a")),
        text("t2", "t1", timing=after(1)),
        replies("ask", "t2", config={"to": "last"}),
        tag("heard", "ask", path="yes"),
        event("see", "core.clicks", "t2", config={"to": "last"}),
        tag("seen", "see", path="yes"),
        source=source,
    )
    stage.turn()
    invalid(stage, ann)
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["ask"] == "open"
    stage.leap(minutes=1)
    first, second = stage.deliveries(ann)
    link = db.session.scalars(db.select(Link.id).where(Link.message_id == first.message_id)).one()
    store_clicks([NewClick(link, first.id, "person", "", stage.now)])
    stage.reply(ann, "yes, the first one")
    stage.turn()
    assert tags(ann) == []
    assert (second.status, second.reason) == ("skipped", "invalid_number")


def test_each_round_of_a_jump_has_its_own_text(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("t1"),
        event("lost", "core.failed", "t1", config={"wait_amount": 1}),
        tag("bad", "lost", path="yes"),
        event("again", "core.jump", "lost", path="no", config={"event": "t1"}),
        source=source,
    )
    stage.turn()
    stage.leap(hours=1)
    stage.report(ann, Status.DELIVERED)
    listed(stage, ann)
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["lost"] == "done no"
    assert (steps(ann)["t1 2"], steps(ann)["lost 2"]) == ("failed", "done yes")
    assert tags(ann) == ["bad"]


def few_jumps(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let jumps beyond so many break, so that a loop without end is found by its fault."""
    count = itertools.count(1)

    def limited(batch: Any, key: str) -> None:
        if next(count) > most:
            raise RuntimeError("it goes round and round")
        jump(batch, key)

    monkeypatch.setattr("heliograph.campaigns.builtin.campaigns.jump", limited)


def test_trying_until_it_is_delivered_goes_round_once_in_each_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_jumps(monkeypatch, 6)
    source, (ann,) = stage.cast(1)
    listed(stage, ann)
    stage.play(
        text("t1"),
        event("there", "core.delivered", "t1", config={"wait_amount": 1}),
        event("again", "core.jump", "there", path="no", config={"event": "t1"}),
        source=source,
    )
    stage.turn()
    assert step(ann, "there").rotation == 2  # the first took no at once, this one waits
    assert steps(ann)["there 2"] == "open"
    for _ in range(3):
        stage.leap(days=1)
        stage.turn()
    assert step(ann, "there").rotation == 5


def test_after_the_wait_a_round_takes_no_at_once_again(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    listed(stage, ann)
    stage.play(
        text("t1"),
        event("there", "core.delivered", "t1", config={"wait_amount": 1}),
        tag("never", "there", path="no"),
        event("again", "core.jump", "never", config={"event": "t1"}, timing=after(2)),
        source=source,
    )
    stage.turn()
    stage.leap(days=2)
    stage.turn()
    assert steps(ann)["there 2"] == "done no"


def test_an_event_that_breaks_for_good_has_skipped_its_text(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the ledger is full")

    source, (ann,) = stage.cast(1)
    stage.play(text("t1"), text("t2", "t1", timing=after(1)), *asking("t2"), source=source)
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    monkeypatch.setattr("heliograph.campaigns.sending.queue_texts", broken)
    stage.leap(days=1)
    for _ in range(10):
        stage.turn()
        stage.leap(hours=7)
    assert steps(ann)["t2"] == "failed"
    assert tags(ann) == ["bad", "never"]
    assert stage.deliveries(ann)[-1].detail == "RuntimeError: the ledger is full"


def test_an_action_of_a_plugin_skips_its_text_too(stage: Stage) -> None:
    message = template("By hand")

    def act(context: ActionContext) -> Outcome:
        return context.send_text(message, "recorder")

    given = current_host().get("recorder").contributions
    sends = next(one for one in given.actions if one.key == "recorder.send_text")
    own = replace(sends, key="recorder.act", run=act, run_many=None, sends="")
    given.actions[:] = [*given.actions, own]
    source, (ann,) = stage.cast(1)
    listed(stage, ann)
    config = {"message_id": message}
    stage.play(event("act", "recorder.act", config=config), *asking("act"), source=source)
    stage.turn()
    assert (steps(ann)["act"], step(ann, "act").reason) == ("failed", "dnc")
    assert tags(ann) == ["bad", "never"]


def test_what_an_action_says_of_a_text_that_it_queued_does_not_lose_it(stage: Stage) -> None:
    message = template("By hand")

    def act(context: ActionContext) -> Outcome:
        context.send_text(message, "recorder")
        return Outcome(Result.DONE, "on its way")

    given = current_host().get("recorder").contributions
    sends = next(one for one in given.actions if one.key == "recorder.send_text")
    own = replace(sends, key="recorder.act", run=act, run_many=None, sends="")
    given.actions[:] = [*given.actions, own]
    source, (ann,) = stage.cast(1)
    config = {"message_id": message}
    stage.play(event("act", "recorder.act", config=config), *asking("act"), source=source)
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    stage.turn()
    assert tags(ann) == ["got"]


def test_the_ledger_and_the_timeline_say_why_she_did_not_get_it(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    no_number(stage, ann)
    stage.play(text("t1"), source=source)
    stage.turn()
    (skipped,) = stage.deliveries(ann)
    assert (skipped.status, skipped.reason, skipped.number) == ("skipped", "no_number", "")
    assert skipped.final_at == stage.now
    entries = timeline(db.session.get_one(Contact, ann), limit=10)
    told = [entry for entry in entries if entry.kind == "text"]
    assert [entry.title for entry in told] == ["Text was skipped"]
    assert "The contact has no mobile number." in told[0].details.values()
    assert [one.status for one in stage.deliveries(bob)] == ["accepted"]
    assert len(stage.texts) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_simulation_plays_it_as_the_server_does(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    add = event("out", "core.add_dnc", "t1", timing=after(1, "hours"))
    events = [text("t1"), add, text("t2", "out"), *asking("t2")]
    campaign = stage.play(*events, source=source)
    with transaction() as session:
        session.execute(delete(CampaignStep))
    found = simulate(read_simulation(description(campaign, [ann], days=1)))
    done = steps_of(found, ann)
    assert "there done no" in done
    assert "lost done yes" in done
