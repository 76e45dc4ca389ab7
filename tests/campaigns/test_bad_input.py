"""The list of bad input: each is refused, or survived, and says what is to be mended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph import clock
from heliograph.campaigns import NotReady, edit_campaign, get_campaign, publish, save_draft
from heliograph.campaigns.library import check_draft
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.errors import BadInput
from tests.campaigns.drawing import after, drafted, event, tag
from tests.campaigns.stage import MONDAY, Stage, members, replies, step, steps, tags

ASK = event("ask", "core.replies", name="Ask", config={"wait_amount": 3})


@pytest.mark.parametrize(
    ("bad", "words", "mend"),
    [
        ([tag("a", "b", "x"), tag("b", "a", "x")], "'Bad' is its own ancestor", "by a jump"),
        ([tag("a"), tag("a", "a")], "'Bad' has the same key.*two parents", "another key"),
        ([tag("a", "lost")], "'Bad' hangs on 'lost'", "or delete it"),
        ([event("a", "acme.fax")], "'Bad' is of the type 'acme.fax'", "Install its plugin again"),
        ([tag("a", timing=after(99_999))], "'Bad' cannot be timed: amount 99999", "Use 0 to 3660"),
        ([tag("a", timing={"weekdays": [9]})], "'Bad' cannot be timed: weekdays", "0 for Monday"),
        (
            [tag("a", timing={"begin": "9:00", "end": "09:00"})],
            "'Bad' cannot be timed: end 09:00 leaves no time at all",
            "leave both out",
        ),
        (
            [ASK | {"config": {"wait_amount": 10**30}}],
            "'Bad' has a value that does not fit: the wait is out of range: 3660 days at most",
            "Open its form",
        ),
        ([event("a", "core.split", config={"weight_a": 10**30})], "'Bad' .* Share of A", "closes"),
    ],
)
def test_what_cannot_be_is_not_published_and_names_the_event_and_the_mend(
    app: Flask, bad: list[dict[str, Any]], words: str, mend: str
) -> None:
    bad[-1]["name"] = "Bad"
    campaign = drafted(*bad)
    with pytest.raises(NotReady) as caught:
        publish(campaign)
    (found,) = [one for one in caught.value.findings if "'Bad'" in one.words]
    assert re.search(words, found.words), found
    assert re.search(mend, found.mend), found
    assert found.event == bad[-1]["key"]


def test_a_campaign_whose_start_is_past_begins_at_once(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), source=source, publish_up=MONDAY - timedelta(days=400))
    stage.turn()
    assert tags(ann) == ["a"]
    assert members(campaign) == {"finished": 1}


def test_an_event_whose_date_is_past_happens_at_once_and_is_warned_of(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    past = {"mode": "date", "date": "2020-01-01T10:00"}
    campaign = stage.play(tag("a", timing=past), source=source)
    (finding,) = check_draft(campaign)
    assert (finding.level, finding.event) == ("warning", "a")
    assert "Choose a later date" in finding.mend
    stage.turn()
    assert tags(ann) == ["a"]


def test_a_campaign_that_is_over_says_so_when_it_is_published(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), source=source, publish_down=MONDAY - timedelta(days=1))
    with clock.at(stage.now):
        (finding,) = check_draft(campaign)
    assert (finding.level, finding.event) == ("warning", "")
    assert "has ended" in finding.words
    assert "Settings" in finding.mend
    stage.turn()
    assert (members(campaign), tags(ann)) == ({}, [])
    with clock.at(stage.now):
        edit_campaign(campaign, publish_down=None)
    stage.turn()
    assert tags(ann) == ["a"]


def draw_anew(stage: Stage, campaign: int, *events: dict[str, Any], **canvas: Any) -> None:
    """Change what is drawn, and publish it."""
    found = get_campaign(campaign)
    drawn = {"sources": found.draft["sources"], "events": list(events)} | canvas
    with clock.at(stage.now):
        save_draft(campaign, drawn, seen=found.draft_version)
        publish(campaign)


def test_who_is_past_an_event_does_not_go_back_to_what_is_added_there(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=source)
    stage.turn()
    draw_anew(
        stage, campaign, tag("a"), tag("new", "a"), tag("b", "new", timing=after(1)), tag("c", "b")
    )
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["a", "b", "c"]
    draw_anew(stage, campaign, tag("a"), tag("b", "a"), tag("c", "b"), tag("d", "c"))
    stage.turn()
    assert tags(ann) == ["a", "b", "c"]
    assert members(campaign) == {"finished": 1}


def test_an_event_that_is_moved_takes_its_contacts_along(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"), tag("b", "a", timing=after(2)), tag("c", "b"), tag("d"), source=source
    )
    stage.turn()
    draw_anew(stage, campaign, tag("a"), tag("d"), tag("b", "d", timing=after(9)), tag("e", "b"))
    stage.leap(days=2)
    stage.turn()
    assert tags(ann) == ["a", "b", "d", "e"]


def test_a_decision_that_is_deleted_lets_go_by_yes_before_no(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        replies("ask", config={"to": "any"}),
        tag("no", "ask", path="no"),
        tag("yes", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    assert steps(ann) == {"ask": "open"}
    draw_anew(stage, campaign, tag("no"), tag("yes"))
    stage.reply(ann, "too late")
    stage.turn()
    assert tags(ann) == ["yes"]
    assert step(ann, "ask").detail == "The event was deleted."
    assert members(campaign) == {"finished": 1}


def test_a_source_that_is_taken_off_takes_its_contacts_out(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    other, (bob,) = stage.cast(1)
    events = [tag("a"), tag("b", "a", timing=after(1))]
    campaign = stage.play(*events, source=source)
    draw_anew(stage, campaign, *events, sources=[source, other])
    stage.turn()
    draw_anew(stage, campaign, *events, sources=[other])
    stage.leap(days=1)
    stage.turn()
    assert (tags(ann), tags(bob)) == (["a"], ["a", "b"])
    assert members(campaign) == {"left": 1, "finished": 1}
    assert step(ann, "b").detail == "The contact left the segment."


def test_the_plugin_of_an_event_goes_and_its_contacts_go_on_when_it_is_deleted(
    stage: Stage,
) -> None:
    from heliograph.campaigns.models import CampaignEvent  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), tag("b", "a"), source=source)
    with transaction() as session:
        session.query(CampaignEvent).filter_by(campaign_id=campaign, key="a").update(
            {"type": "acme.fax"}
        )
    stage.turn()
    assert steps(ann) == {"a": "waiting"}
    draw_anew(stage, campaign, tag("b"))
    stage.turn()
    assert tags(ann) == ["b"]


def test_a_zone_that_is_given_later_counts_from_the_next_event_on(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    ten = {"hour": "10:00"}
    stage.play(
        tag("a", timing=ten), tag("b", "a", timing=ten), source=source, timezone="Asia/Tokyo"
    )
    stage.turn()
    with transaction() as session:
        session.get_one(Contact, ann).timezone = "Europe/Paris"
    assert step(ann, "a").due_at == MONDAY.replace(hour=1) + timedelta(days=1)
    stage.leap(hours=14)
    stage.turn()
    db.session.rollback()
    assert step(ann, "b").due_at == MONDAY.replace(hour=9) + timedelta(days=1)


def adding(stage: Stage, to: int, waits: int = 0, **facts: Any) -> tuple[int, dict[str, Any]]:
    """A campaign that adds to *to*, not published, and its canvas."""
    source, _ = stage.cast(1)
    wait = tag("wait", timing=after(waits) if waits else {})
    move = event("on", "core.change_campaigns", "wait", name="On", config={"add_to": [to]})
    campaign = drafted(wait, move, source=source, **facts)
    return campaign, {"sources": [source], "events": [wait, move]}


@pytest.mark.parametrize(
    ("waits", "restart", "ends"), [(0, True, False), (1, True, True), (0, False, True)]
)
def test_campaigns_that_add_to_each_other_for_ever_are_refused(
    stage: Stage, waits: int, restart: bool, ends: bool
) -> None:
    first, drawn = adding(stage, 1, waits, allow_restart=True)
    second, _ = adding(stage, first, allow_restart=restart)
    drawn["events"][1]["config"] = {"add_to": [second]}
    save_draft(first, drawn, seen=1)
    publish(second)
    if ends:
        publish(first)
        return
    with pytest.raises(NotReady) as caught:
        publish(first)
    (found,) = caught.value.findings
    assert (found.event, found.level) == ("on", "error")
    assert "'On' adds to a campaign that leads back here with no delay" in found.words
    assert "Let an event wait" in found.mend
    edit_campaign(first, allow_restart=False)
    publish(first)
    with pytest.raises(BadInput, match="allow_restart: would never end: 'On'"):
        edit_campaign(first, allow_restart=True)


def test_a_campaign_that_takes_out_and_adds_again_is_refused(stage: Stage) -> None:
    source, _ = stage.cast(1)
    campaign = drafted(tag("a"), source=source, allow_restart=True)
    again = {"add_to": [campaign], "remove_from": [campaign]}
    events = [event("on", "core.change_campaigns", name="On", config=again)]
    save_draft(campaign, {"sources": [source], "events": events}, seen=1)
    with pytest.raises(NotReady, match="leads back here with no delay"):
        publish(campaign)
