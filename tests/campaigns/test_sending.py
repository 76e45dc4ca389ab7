"""Texts of campaigns: one for each step, held, parked, failed, and never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from heliograph import clock
from heliograph.campaigns import edit_campaign, get_campaign, publish, save_draft, unpublish
from heliograph.campaigns.engine import why_parked
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import db, transaction
from heliograph.deliveries.explanation import explain
from heliograph.dnc import MANUAL, add_dnc
from heliograph.host import current_host
from heliograph.messages import edit_message
from tests.campaigns.drawing import after, tag
from tests.campaigns.stage import MONDAY, Stage, members, replies, step, steps, tags, template, text


def fail_ways(key: str = "hello") -> list[dict]:  # type: ignore[type-arg]
    return [tag("went", key), tag("lost", key, path="failed")]


@pytest.mark.parametrize("drawn", [True, False])
def test_who_cannot_be_texted_takes_the_path_failed_or_goes_on(stage: Stage, drawn: bool) -> None:
    source, (ann, bob, cid, dan) = stage.cast(4)
    with transaction() as session:
        session.get_one(Contact, bob).mobile = None
        session.get_one(Contact, cid).number_status = NUMBER_INVALID
    add_dnc(db.session.get_one(Contact, dan).mobile or "", reason=MANUAL)
    stage.play(text("hello"), *fail_ways()[: 2 if drawn else 1], source=source)
    stage.turn()
    assert len(stage.texts) == 1
    assert tags(ann) == ["went"]
    for contact_id, reason in ((bob, "no_number"), (cid, "invalid_number"), (dan, "dnc")):
        assert step(contact_id, "hello").status == "failed"
        assert step(contact_id, "hello").reason == reason
        assert step(contact_id, "hello").detail
        assert tags(contact_id) == (["lost"] if drawn else ["went"])
        (skipped,) = stage.deliveries(contact_id)
        assert (skipped.status, skipped.reason) == ("skipped", reason)


def test_a_text_that_fails_for_good_takes_the_path_failed(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    number = db.session.get_one(Contact, ann).mobile or ""
    stage.failing[number] = Failure(FailureKind.BAD_NUMBER, "not a phone")
    stage.play(text("hello"), *fail_ways(), source=source)
    stage.turn()
    assert (tags(ann), tags(bob)) == (["lost"], ["went"])
    assert step(ann, "hello").reason == "bad number" or "bad" in step(ann, "hello").reason
    assert step(ann, "hello").detail == "not a phone"


def test_an_outage_of_the_provider_skips_nobody(stage: Stage) -> None:
    source, people = stage.cast(5)
    for contact_id in people:
        number = db.session.get_one(Contact, contact_id).mobile or ""
        stage.failing[number] = Failure(FailureKind.TRANSIENT, "we are down")
    stage.play(text("hello"), *fail_ways(), source=source)
    stage.turn()
    assert {steps(one)["hello"] for one in people} == {"sending"}
    stage.leap(seconds=30)
    stage.failing.clear()
    stage.turn()
    assert len(stage.texts) == 5
    assert {tuple(tags(one)) for one in people} == {("went",)}


def test_an_outcome_that_nobody_knows_waits_for_a_person(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("hello"), *fail_ways(), source=source)
    stage.outage = True
    stage.turn()
    (delivery,) = stage.deliveries(ann)
    with transaction() as session:
        session.merge(delivery).status = "unknown"
    stage.turn()
    assert steps(ann) == {"hello": "sending"}
    with transaction() as session:
        session.merge(delivery).status = "sent"
    stage.turn()
    assert tags(ann) == ["went"]


def test_members_park_while_the_provider_is_off_and_go_on_by_themselves(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), text("hello", "a"), source=source)
    current_host().disable("recorder")
    stage.turn()
    assert steps(ann) == {"a": "done", "hello": "waiting"}
    stage.leap(days=30)
    stage.turn()
    assert steps(ann)["hello"] == "waiting"
    current_host().enable("recorder")
    stage.turn()
    assert [at for at, _, _ in stage.texts] == [MONDAY + timedelta(days=30)]
    assert members(campaign) == {"finished": 1}


def test_members_park_while_the_message_is_not_published(stage: Stage) -> None:
    from heliograph.campaigns.course import load_course  # noqa: PLC0415
    from heliograph.campaigns.events import EventTypes  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    message = template()
    campaign = stage.play(text("hello", message=message), source=source)
    edit_message(message, published=False)
    stage.turn()
    assert steps(ann) == {"hello": "waiting"}
    (stop,) = load_course(campaign).roots
    assert "is not published now" in why_parked(stop, EventTypes(), stage.now)
    edit_message(message, published=True)
    stage.turn()
    assert steps(ann) == {"hello": "done"}


def test_the_text_is_made_of_what_the_contact_is_when_it_is_sent(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("hello"), source=source)
    stage.outage = True
    stage.turn()
    with transaction() as session:
        session.get_one(Contact, ann).first_name = "Anna"
    stage.outage = False
    stage.turn()
    assert stage.texts[0][2] == "hello Anna"
    assert stage.deliveries(ann)[0].text == "hello Anna"


def test_an_unpublished_campaign_holds_everything(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), text("hello", "a", timing=after(1)), source=source)
    stage.turn()
    unpublish(campaign)
    stage.wait(days=2)
    assert steps(ann) == {"a": "done", "hello": "waiting"}
    assert not stage.texts


def test_a_hold_keeps_texts_back_that_are_queued_already(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    campaign = stage.play(text("hello"), source=source)
    stage.turn()
    with clock.at(stage.now):
        unpublish(campaign)
    stage.outage = False
    stage.turn()
    stage.leap(hours=1)
    stage.turn()
    assert not stage.texts
    with clock.at(stage.now):
        assert "its campaign is not published" in explain(stage.deliveries(ann)[0])
        publish(campaign)
    stage.turn()
    assert len(stage.texts) == 1


@pytest.mark.parametrize("late_hours", [24, 0, None])
@pytest.mark.parametrize("queued", [True, False])
def test_what_a_hold_made_stale_is_not_sent(
    stage: Stage, late_hours: int | None, queued: bool
) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = queued
    timing = {} if queued else {"timing": after(1)}
    campaign = stage.play(
        text("hello", **timing),
        tag("went", "hello"),
        tag("lost", "hello", path="failed"),
        source=source,
        late_hours=late_hours,
    )
    stage.turn()
    with clock.at(stage.now):
        unpublish(campaign)
    stage.leap(days=3)
    stage.outage = False
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    assert len(stage.texts) == (1 if late_hours is None else 0)
    assert steps(ann)["hello"] == ("done" if late_hours is None else "skipped")
    assert tags(ann) == ["went"]
    if late_hours is not None:
        assert step(ann, "hello").reason == "late"


def test_what_is_due_after_the_hold_is_sent(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(text("hello", timing=after(4)), source=source)
    stage.turn()
    with clock.at(stage.now):
        unpublish(campaign)
    stage.leap(days=3)
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    assert steps(ann) == {"hello": "waiting"}
    stage.leap(days=10)  # nobody at work: no hold
    stage.turn()
    assert len(stage.texts) == 1


def test_a_campaign_runs_between_its_dates_only(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    up, down = MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)
    campaign = stage.play(
        tag("a"),
        tag("b", "a", timing=after(1)),
        tag("c", "b", timing=after(1)),
        source=source,
        publish_up=up,
        publish_down=down,
    )
    stage.turn()
    assert steps(ann) == {}
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["a"]
    stage.leap(days=1)
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert steps(ann) == {"a": "done", "b": "done", "c": "waiting"}
    with clock.at(stage.now):
        edit_campaign(campaign, publish_down=down + timedelta(days=9))
    stage.turn()
    assert tags(ann) == ["a", "b", "c"]


def test_a_reply_to_a_held_campaign_is_not_lost(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        text("hello"), replies("ask", "hello"), tag("yes", "ask", path="yes"), source=source
    )
    stage.turn()
    unpublish(campaign)
    stage.leap(minutes=1)
    stage.reply(ann, "Yes")
    stage.leap(days=5)
    stage.turn()
    assert steps(ann) == {"hello": "done", "ask": "done yes", "yes": "waiting"}
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    assert tags(ann) == ["yes"]


def test_quiet_hours_hold_campaign_texts_in_the_contacts_zone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from flask import current_app  # noqa: PLC0415

    from heliograph.installation import current_settings  # noqa: PLC0415

    quiet = replace(current_settings(), quiet_hours="21:00-08:00")
    monkeypatch.setitem(current_app.extensions, "heliograph_settings", quiet)
    source, people = stage.cast(2)
    with transaction() as session:
        for contact_id, zone in zip(people, ("Europe/Paris", "Asia/Tokyo"), strict=True):
            session.get_one(Contact, contact_id).timezone = zone
    stage.play(text("hello"), tag("went", "hello"), source=source)
    stage.turn()  # 13:00 in Paris, 21:00 in Tokyo
    assert [len(tags(one)) for one in people] == [1, 0]
    with clock.at(stage.now):
        assert "quiet hours" in explain(stage.deliveries(people[1])[0])
    for _ in range(11):
        stage.leap(hours=1)
        stage.turn()
    assert [at for at, _, _ in stage.texts] == [MONDAY, MONDAY + timedelta(hours=11)]


def test_a_text_of_a_deleted_campaign_is_not_sent(stage: Stage) -> None:
    from heliograph.campaigns import delete_campaign  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    stage.outage = True
    campaign = stage.play(text("hello"), source=source)
    stage.turn()
    unpublish(campaign)
    delete_campaign(campaign)
    stage.outage = False
    stage.turn()
    assert not stage.texts
    assert [one.reason for one in stage.deliveries(ann)] == ["campaign_gone"]


def test_members_go_on_when_the_canvas_is_edited_under_them(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = stage.play(
        tag("a"),
        tag("wait", "a", timing=after(2)),
        tag("b", "wait", timing=after(1)),
        source=source,
    )
    stage.turn()
    draft = get_campaign(campaign).draft
    events = [tag("a", name="other"), tag("b", "a", timing=after(5)), tag("c", "b")]
    save_draft(campaign, {"sources": draft["sources"], "events": events}, seen=1)
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    # `wait` is gone: they go on at `b`, from now on as it is timed now
    assert steps(ann) == {"a": "done", "wait": "skipped", "b": "waiting"}
    assert step(ann, "b").due_at == stage.now + timedelta(days=5)
    stage.leap(days=5)
    stage.turn()
    assert tags(ann) == tags(bob) == ["a", "b", "c"]


def test_what_waits_keeps_its_time_when_the_timing_changes(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(2)), source=source)
    stage.turn()
    draft = get_campaign(campaign).draft
    events = [tag("a"), tag("b", "a", timing=after(9), name="new")]
    save_draft(campaign, {"sources": draft["sources"], "events": events}, seen=1)
    publish(campaign)
    stage.leap(days=2)
    stage.turn()
    assert tags(ann) == ["a", "new"]


def test_a_deleted_end_finishes_who_stands_there(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), replies("b", "a", config={"wait_amount": 0}), source=source)
    stage.turn()
    draft = get_campaign(campaign).draft
    save_draft(campaign, {"sources": draft["sources"], "events": [tag("a")]}, seen=1)
    publish(campaign)
    stage.turn()
    assert steps(ann) == {"a": "done", "b": "skipped"}
    assert members(campaign) == {"finished": 1}


def test_a_text_under_way_goes_on_where_its_event_was(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    campaign = stage.play(text("hello"), tag("b", "hello"), source=source)
    stage.turn()
    draft = get_campaign(campaign).draft
    save_draft(campaign, {"sources": draft["sources"], "events": [tag("b")]}, seen=1)
    publish(campaign)
    stage.outage = False
    stage.turn()
    assert steps(ann) == {"hello": "done", "b": "done"}
    assert len(stage.texts) == 1
