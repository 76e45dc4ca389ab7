"""Who leaves the segment is out at once, and gets nothing more.

Who is back a moment later has left all the same.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from heliograph import clock
from heliograph.campaigns import publish, react, save_draft
from heliograph.campaigns.engine import Engine
from heliograph.campaigns.membership import add_by_hand, rebuild
from heliograph.campaigns.models import CampaignLeaver, CampaignMember
from heliograph.contacts import merge_contacts
from heliograph.db import db
from heliograph.deliveries.models import Delivery
from heliograph.segments import add_members, create_segment, refresh_segment, remove_members
from tests.campaigns.drawing import after, tag
from tests.campaigns.stage import Stage, tags, text


def step(stage: Stage) -> None:
    """As the jobs do that run each second: nobody goes through all members."""
    with clock.at(stage.now):
        while Engine().run().total + stage.send():
            pass
    db.session.rollback()
    db.session.expire_all()


def member(campaign: int, contact: int) -> tuple[str, int]:
    query = select(CampaignMember.status, CampaignMember.rotation).where(
        CampaignMember.campaign_id == campaign, CampaignMember.contact_id == contact
    )
    return tuple(db.session.execute(query).one())


def no_notes() -> bool:
    return db.session.scalar(select(CampaignLeaver.id).limit(1)) is None


def test_who_is_taken_out_of_the_segment_gets_no_text_that_is_due(stage: Stage) -> None:
    source, people = stage.cast(3)
    campaign = stage.play(tag("a"), text("later", "a", timing=after(1)), source=source)
    stage.turn()
    stage.leap(days=1)
    with clock.at(stage.now):
        remove_members(source, people[:1])
    step(stage)
    assert len(stage.texts) == 2
    assert [member(campaign, one)[0] for one in people] == ["left", "finished", "finished"]
    assert no_notes()


def test_a_text_in_the_queue_does_not_go_even_before_the_campaign_has_looked(stage: Stage) -> None:
    source, people = stage.cast(2)
    stage.play(text("hello"), source=source)
    stage.outage = True
    stage.turn()
    stage.outage = False
    stage.leap(hours=1)
    with clock.at(stage.now):
        remove_members(source, people[:1])
        stage.send()
    assert len(stage.texts) == 1
    gone = db.session.scalars(select(Delivery).where(Delivery.contact_id == people[0])).one()
    assert gone.status in ("skipped", "cancelled")


def test_no_step_is_taken_either_before_the_campaign_has_looked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, people = stage.cast(2)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=source)
    stage.turn()
    stage.leap(days=1)
    with clock.at(stage.now):
        remove_members(source, people[:1])
    with monkeypatch.context() as patch:
        patch.setattr(react, "let_leave", lambda: 0)
        step(stage)
    assert [tags(one) for one in people] == [["a"], ["a", "b"]]
    assert member(campaign, people[0]) == ("active", 1)
    step(stage)
    assert member(campaign, people[0]) == ("left", 1)
    assert no_notes()


def test_who_leaves_one_source_and_stays_in_another_goes_on(stage: Stage) -> None:
    source, people = stage.cast(1)
    other = create_segment("another").id
    add_members(other, people)
    events = [tag("a"), tag("b", "a", timing=after(1))]
    campaign = stage.play(*events, source=source)
    with clock.at(stage.now):
        save_draft(campaign, {"sources": [source, other], "events": events}, seen=1)
        publish(campaign)
    stage.turn()
    with clock.at(stage.now):
        remove_members(source, people)
        add_members(source, people)
    step(stage)
    assert member(campaign, people[0]) == ("active", 1)


@pytest.mark.parametrize(("restart", "expected"), [(True, ("active", 2)), (False, ("left", 1))])
def test_who_left_and_is_back_has_left_all_the_same(
    stage: Stage, restart: bool, expected: tuple[str, int]
) -> None:
    source, people = stage.cast(2)
    campaign = stage.play(
        tag("a"), tag("b", "a", timing=after(1)), source=source, allow_restart=restart
    )
    stage.turn()
    with clock.at(stage.now):
        remove_members(source, people[:1])
        add_members(source, people[:1])
    step(stage)
    assert member(campaign, people[0]) == expected
    assert member(campaign, people[1]) == ("active", 1)
    stage.turn()
    assert member(campaign, people[0]) == expected


def test_a_note_from_before_a_new_beginning_counts_for_nothing(stage: Stage) -> None:
    source, people = stage.cast(1)
    events = [tag("a"), tag("b", "a", timing=after(1))]
    campaign = stage.play(*events, source=source, allow_restart=True)
    stage.turn()
    stage.leap(minutes=5)
    with clock.at(stage.now):
        remove_members(source, people)
        rebuild(campaign)  # the round of all is quicker than the note
        add_members(source, people)
        rebuild(campaign)
    assert not no_notes()
    step(stage)
    assert member(campaign, people[0]) == ("active", 2)
    assert no_notes()


def test_whom_a_person_added_stays_when_the_segment_loses_it(stage: Stage) -> None:
    _, people = stage.cast(1)
    empty, _ = stage.cast(0)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=empty)
    with clock.at(stage.now):
        add_by_hand(campaign, people)
    stage.turn()
    with clock.at(stage.now):
        add_members(empty, people)
        remove_members(empty, people)
    step(stage)
    assert member(campaign, people[0]) == ("active", 1)


def test_a_merge_that_leaves_out_the_winner_takes_it_out(stage: Stage) -> None:
    _, people = stage.cast(2)
    filtered = create_segment(
        "named Ann", {"field": "first_name", "operator": "starts_with", "value": "Ann"}
    ).id
    refresh_segment(filtered)
    remove_members(filtered, people[1:])
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=filtered)
    stage.turn()
    assert member(campaign, people[0]) == ("active", 1)
    with clock.at(stage.now):
        merge_contacts(people[0], people[1])
    step(stage)
    assert member(campaign, people[0]) == ("left", 1)
