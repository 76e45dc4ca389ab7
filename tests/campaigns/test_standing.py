"""Where everybody stands: counts, the contacts behind them, why, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from heliograph import clock
from heliograph.campaigns import get_campaign, publish, save_draft, unpublish
from heliograph.campaigns.explanation import Passage, why_here
from heliograph.campaigns.membership import add_by_hand, remove_contacts
from heliograph.campaigns.stages import count_stages, kept_stages, list_standing
from heliograph.cli import main
from heliograph.contacts import add_custom_field
from heliograph.contacts.models import Contact, CustomField
from heliograph.db import db, transaction
from heliograph.errors import BadInput, NotFound
from heliograph.host import current_host
from heliograph.segments import create_segment, remove_members
from heliograph.segments.models import Segment
from heliograph.timeline import timeline
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import MONDAY, Stage, replies, text


def told(stage: Stage, contact_id: int) -> Passage:
    with clock.at(stage.now):
        (found,) = why_here(contact_id)
    return found


def test_counts_say_who_waits_and_who_went_which_way(stage: Stage) -> None:
    source, people = stage.cast(5)
    with transaction() as session:
        session.get_one(Contact, people[4]).mobile = None
    campaign = stage.play(
        text("hello"),
        replies("ask", "hello"),
        tag("yes", "ask", path="yes"),
        tag("later", "ask", path="no", timing=after(1)),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(people[0], "yes")
    stage.turn()
    found = {stage_.key: stage_ for stage_ in count_stages(campaign)}
    assert (found["hello"].done, found["hello"].failed) == (4, 1)
    assert (found["ask"].waiting, found["ask"].done, found["ask"].paths) == (4, 1, {"yes": 1})
    assert (found["yes"].done, found["later"].waiting) == (1, 0)
    assert kept_stages(campaign) == kept_stages(campaign) == count_stages(campaign)


def test_the_contacts_behind_a_count_are_read_page_by_page(stage: Stage) -> None:
    source, people = stage.cast(7)
    campaign = stage.play(
        event("look", "core.split"),
        tag("a", "look", path="a"),
        tag("b", "look", path="b"),
        tag("c", "a", timing=after(1)),
        tag("d", "b", timing=after(1)),
        source=source,
    )
    stage.turn()
    seen, before = [], None
    while page := list_standing(campaign, "look", "done", before_id=before, limit=3):
        seen += [one.contact_id for one in page]
        before = page[-1].step_id
    assert sorted(seen) == people
    by_path = [len(list_standing(campaign, "look", "done", path=path)) for path in ("a", "b")]
    assert sum(by_path) == 7
    waiting = list_standing(campaign, "c") + list_standing(campaign, "d")  # type: ignore[operator]
    assert {one.due_at for one in waiting} == {stage.now + timedelta(days=1)}
    assert list_standing(campaign, "look", "failed") == []
    with pytest.raises(BadInput, match="group"):
        list_standing(campaign, "look", "dancing")
    with pytest.raises(NotFound, match="no event 'zzz'"):
        list_standing(campaign, "zzz")


def test_a_waiting_contact_is_explained(stage: Stage) -> None:
    source, (ann,) = stage.cast(1, timezone="Europe/Paris")
    stage.play(
        tag("first"),
        replies("ask", "first", config={"to": "any"}, timing=after(1)),
        tag("yes", "ask", path="yes", name="pleased"),
        text("no", "ask", path="no"),
        source=source,
    )
    stage.turn()
    passage = told(stage, ann)
    name = db.session.get_one(Segment, source).name
    assert passage.why == f"It is in the segment {name!r}."
    assert passage.zone == "Europe/Paris"
    (place,) = passage.places
    assert place.why == "It waits for its time: 2026-11-24 13:00 Europe/Paris."
    assert place.next == ["Yes: Change tags", "No: Send Text Message (recorder)"]
    stage.leap(days=1)
    stage.turn()
    (place,) = told(stage, ann).places
    assert place.why == "It waits for the contact until 2026-11-27 13:00 Europe/Paris."
    assert (place.key, place.event, place.status) == ("ask", "Replies", "open")


def parked(stage: Stage, campaign: int) -> None:
    current_host().disable("recorder")


def held(stage: Stage, campaign: int) -> None:
    unpublish(campaign)


def edited(stage: Stage, campaign: int) -> None:
    draft = get_campaign(campaign).draft
    save_draft(campaign, {"sources": draft["sources"], "events": [tag("a")]}, seen=1)
    publish(campaign)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (parked, "The plugin Recorder"),
        (held, "not published, so nothing happens"),
        (edited, "The event was deleted"),
    ],
)
def test_what_holds_a_contact_is_explained(stage: Stage, change: Any, words: str) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), text("hello", "a", timing=after(1)), source=source)
    stage.turn()
    change(stage, campaign)
    (place,) = told(stage, ann).places
    assert words in place.why


def test_a_text_on_its_way_explains_itself(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    stage.play(text("hello"), source=source)
    stage.turn()
    (place,) = told(stage, ann).places
    assert "It waits for its turn" in place.why


def test_who_is_out_is_explained(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=source)
    stage.turn()
    remove_members(source, [ann])
    with clock.at(stage.now):
        remove_contacts(campaign, [bob])
    stage.turn()
    assert "left with the segment" in told(stage, ann).why
    assert "was taken out" in told(stage, bob).why
    stage.leap(days=1)
    stage.turn()
    assert "came to the end" in told(stage, cid).why
    assert why_here(999_999) == []


def test_who_was_added_by_hand_is_explained_and_not_taken_out_by_segments(stage: Stage) -> None:
    source, _ = stage.cast(1)
    _, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=source)
    with clock.at(stage.now):
        assert add_by_hand(campaign, [ann, 999_999]) == 1
        assert add_by_hand(campaign, [ann]) == 0
    stage.turn()
    stage.turn()
    assert told(stage, ann).why == "A person added it."
    assert [one.key for one in told(stage, ann).places] == ["b"]


def test_the_timeline_tells_of_steps_with_their_reasons(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        tag("a"),
        replies("ask", "a"),
        text("bye", "ask", path="no", name="Goodbye"),
        source=source,
    )
    stage.turn()
    with transaction() as session:
        session.get_one(Contact, ann).mobile = None
    for _ in range(2):
        stage.leap(days=3)
        stage.turn()
    entries = timeline(db.session.get_one(Contact, ann), kinds=["campaign"])
    assert [(entry.title, entry.text) for entry in entries if entry.at == MONDAY] == [
        ("Campaign: done", "Change tags"),
        ("Joined a campaign", "Welcome"),
    ]
    failed = next(entry for entry in entries if entry.title == "Campaign: failed")
    assert failed.text == "Goodbye"
    assert failed.details["Why"] == "The contact has no mobile number."
    decided = next(entry for entry in entries if entry.details.get("Path") == "no")
    assert decided.details["Campaign"] == "Welcome"
    assert "Came through a campaign" in [entry.title for entry in entries]


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        (
            lambda vip: event("look", "core.in_segment", config={"segments": [vip]}),
            "It names a segment that was deleted.",
        ),
        (
            lambda vip: event("look", "core.change_segments", config={"add": [vip]}),
            "It names a segment that was deleted.",
        ),
        (
            lambda vip: event(
                "look",
                "core.field_value",
                config={"field": "segment", "operator": "has_any", "value": [vip]},
            ),
            "It names a segment that was deleted.",
        ),
        (
            lambda _: event("look", "core.change_field", config={"field": "plan", "value": "x"}),
            "It names a field that was deleted.",
        ),
    ],
)
def test_what_is_stuck_says_why_wherever_it_is_looked_at(
    stage: Stage,
    sending: Flask,
    monkeypatch: pytest.MonkeyPatch,
    drawn: Any,
    words: str,
) -> None:
    vip = create_segment("VIP").id
    add_custom_field("plan", "Plan")
    source, people = stage.cast(3)
    campaign = stage.play(drawn(vip), source=source)
    with transaction() as session:  # nobody may, but an older release let people do so
        session.execute(db.delete(Segment).where(Segment.id == vip))
        session.execute(db.delete(CustomField))
    stage.turn()
    (shown,) = count_stages(campaign)
    assert shown.waiting == 3
    assert shown.why.startswith(f"It failed for 3 contacts, who are tried again: {words}")
    why = told(stage, people[0]).places[0].why
    assert words in why
    assert "Choose another one in the builder, and publish." in why
    assert "filters" not in why
    assert "Run:" not in why
    (row,) = [one for one in list_standing(campaign, "look") if one.contact_id == people[0]]
    assert row.detail
    assert "Run:" not in row.detail
    monkeypatch.setattr("heliograph.cli.context.create_app", lambda: sending)
    shown_by_command = CliRunner().invoke(main, ["campaigns", "show", str(campaign)])
    assert f"look: {shown.why}" in shown_by_command.stdout
