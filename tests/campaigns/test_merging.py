"""Two contacts who are merged go on as one: no journey is lost, no text goes out twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from heliograph import clock
from heliograph.campaigns import edit_campaign
from heliograph.campaigns.explanation import why_here
from heliograph.campaigns.membership import add_by_hand, rebuild, remove_contacts
from heliograph.campaigns.models import LIVE, CampaignMember, CampaignStep
from heliograph.campaigns.stages import count_stages
from heliograph.contacts import merge_contacts
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.segments import add_members
from heliograph.segments.models import SegmentMember
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, mobile, replies, step, steps, tags, text
from tests.fixtures import add_people

STATES = ("new", "active", "finished", "left", "removed")
# what becomes of who stays (down) and who goes (across)
EXPECTED = {
    "new": ("new", "active", "new", "new", "removed"),
    "active": ("active", "active", "active", "active", "removed"),
    "finished": ("new", "active", "finished", "finished", "removed"),
    "left": ("new", "active", "finished", "left", "removed"),
    "removed": ("removed", "removed", "removed", "removed", "removed"),
}


def journey() -> list[dict[str, Any]]:
    return [text("t1"), text("t2", "t1", timing=after(1)), text("t3", "t2", timing=after(1))]


def bring(stage: Stage, campaign: int, source: int, ids: list[int], state: str) -> None:
    """Have contacts come into the campaign, and to *state*."""
    add_members(source, ids)
    if state == "new":
        with clock.at(stage.now):
            rebuild(campaign)
        return
    stage.turn()
    if state == "active":
        stage.leap(hours=12)
    if state == "finished":
        days_go_by(stage, 2)
    if state == "left":
        leave(source, ids)
        stage.turn()
    if state == "removed":
        with clock.at(stage.now):
            remove_contacts(campaign, ids)


def days_go_by(stage: Stage, count: int) -> None:
    stage.turn()
    for _ in range(count):
        stage.leap(days=1, minutes=1)
        stage.turn()


def leave(source: int, ids: list[int]) -> None:
    """As a filter lets them leave."""
    with transaction() as session:
        mine = SegmentMember.segment_id == source
        session.execute(delete(SegmentMember).where(mine, SegmentMember.contact_id.in_(ids)))


def live_steps(contact_id: int) -> list[int]:
    live = (CampaignStep.contact_id == contact_id, CampaignStep.status.in_(LIVE))
    return list(db.session.scalars(select(CampaignStep.id).where(*live)))


def test_of_each_pair_of_states_the_journey_goes_on_that_is_on_its_way(stage: Stage) -> None:
    source, _ = stage.cast(0)
    campaign = stage.play(*journey(), source=source)
    people = iter(add_people(50, first=990_000))
    pairs = {(one, other): (next(people), next(people)) for one in STATES for other in STATES}
    for state in ("finished", "left", "removed", "active", "new"):
        ids = [
            contact_id
            for states, both in pairs.items()
            for contact_id, is_in in zip(both, states, strict=True)
            if is_in == state
        ]
        bring(stage, campaign, source, ids, state)
    before = {one.key: one.done for one in count_stages(campaign)}
    sent = len(stage.texts)
    for pair in pairs.values():
        with clock.at(stage.now):
            merge_contacts(*pair)
    assert {one.key: one.done for one in count_stages(campaign)} == before
    for states, (winner, _) in pairs.items():
        expected = expected_of(*states)
        assert status_of(winner) == expected, states
        assert len(live_steps(winner)) == (1 if expected == "active" else 0), states
        (passage,) = why_here(winner)
        assert passage.rotation == 1, states
        assert not ("is in the" in passage.why and "left with the" in passage.why), passage.why
    days_go_by(stage, 3)
    for states, (winner, _) in pairs.items():
        expected = expected_of(*states)
        goes_on = expected in ("new", "active")
        assert status_of(winner) == ("finished" if goes_on else expected), states
        number = mobile(winner)
        texts = [words.split()[0] for _, to, words in stage.texts[sent:] if to == number]
        due = {"new": ["t1", "t2", "t3"], "active": ["t2", "t3"]}.get(expected, [])
        assert texts == due, states
    assert len(stage.texts) - sent == sum(
        {"new": 3, "active": 2}.get(expected_of(*states), 0) for states in pairs
    )


def expected_of(winner: str, loser: str) -> str:
    return EXPECTED[winner][STATES.index(loser)]


def status_of(contact_id: int) -> str:
    query = select(CampaignMember.status).where(CampaignMember.contact_id == contact_id)
    return db.session.scalars(query).one()


def test_the_everyday_merge_old_lead_without_a_number(stage: Stage) -> None:
    source, (old, new) = stage.cast(2)
    with transaction() as session:
        session.get_one(Contact, old).mobile = None
    stage.play(text("t1"), tag("a", "t1"), source=source)
    stage.turn()
    assert steps(old) == {"t1": "failed", "a": "done"}
    other, _ = stage.cast(1)
    campaign = stage.play(tag("b"), text("t2", "b", timing=after(1)), source=source)
    with transaction() as session:
        mine = CampaignMember.campaign_id == campaign
        session.execute(update(CampaignMember).where(mine).values(status="finished"))
    stage.turn()
    with transaction() as session:
        # the old one was through before the new one came in
        theirs = (CampaignStep.contact_id == old, CampaignStep.campaign_id == campaign)
        session.execute(delete(CampaignStep).where(*theirs, CampaignStep.status == "waiting"))
        over = update(CampaignMember).where(
            CampaignMember.campaign_id == campaign, CampaignMember.contact_id == old
        )
        session.execute(over.values(status="finished", ended_at=stage.now))
    number = mobile(new)
    with clock.at(stage.now):
        merge_contacts(old, new)
    stage.wait(days=1)
    assert [(where, words.split()[0]) for _, where, words in stage.texts] == [
        (number, "t1"),
        (number, "t2"),
    ]
    assert other


def test_a_queued_text_of_the_journey_that_goes_on_goes_to_the_number_that_is_left(
    stage: Stage,
) -> None:
    source, (ann, bob) = stage.cast(2)
    leave(source, [ann])
    stage.outage = True
    stage.play(text("t1"), source=source)
    stage.turn()
    assert steps(bob) == {"t1": "sending"}
    with clock.at(stage.now):
        merge_contacts(ann, bob)
    stage.outage = False
    stage.turn()
    assert [number for _, number, _ in stage.texts] == [mobile(ann)]
    assert steps(ann) == {"t1": "done"}


@pytest.mark.parametrize("has_number", [True, False])
def test_of_two_queued_texts_one_goes_out(stage: Stage, has_number: bool) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.outage = True
    stage.play(text("t1"), source=source)
    stage.turn()
    if not has_number:  # it takes the other's, and that one's text must not go as well
        with transaction() as session:
            number = session.get_one(Contact, ann).mobile
            session.get_one(Contact, ann).mobile = None
            session.flush()
            session.get_one(Contact, bob).mobile, bobs = number, mobile(bob)
            assert bobs
    with clock.at(stage.now):
        merge_contacts(ann, bob)
    stage.outage = False
    stage.turn()
    assert len(stage.texts) == 1
    query = select(Delivery.status).order_by(Delivery.id)
    assert list(db.session.scalars(query)) == ["accepted", "cancelled"]
    assert steps(ann) == {"t1 0": "cancelled", "t1": "done"}


def test_the_one_that_has_begun_goes_on_where_both_are_in_the_middle(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(*journey(), source=source)
    stage.turn()
    stage.leap(days=1)
    with clock.at(stage.now), transaction() as session:  # ann waits for t3, bob for t2
        ahead = CampaignStep.contact_id == bob, CampaignStep.status == "waiting"
        later = stage.now + timedelta(hours=5)
        session.execute(update(CampaignStep).where(*ahead).values(due_at=later))
    stage.turn()
    with clock.at(stage.now):
        merge_contacts(ann, bob)
    sent = len(stage.texts)
    days_go_by(stage, 2)
    assert [words.split()[0] for _, _, words in stage.texts[sent:]] == ["t3"]


def test_rounds_of_both_are_kept_and_the_next_one_has_a_number_of_its_own(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(
        tag("a"),
        tag("b", "a", timing=after(1)),
        event("again", "core.jump", "b", config={"event": "a"}),
        source=source,
    )
    stage.turn()
    leave(source, [ann])
    stage.wait(days=2)
    rounds = select(func.count()).select_from(CampaignStep)
    before = db.session.scalar(rounds.where(CampaignStep.status == "done"))
    with clock.at(stage.now):
        merge_contacts(ann, bob)
    assert db.session.scalar(rounds.where(CampaignStep.status == "done")) == before
    assert step(ann, "b").status == "waiting"
    stage.wait(days=2)
    member = db.session.scalars(select(CampaignMember)).one()
    assert (member.contact_id, member.status, member.rotation) == (ann, "active", 5)


def test_an_open_decision_goes_on_with_the_replies_of_the_one_that_is_left(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    leave(source, [ann])
    stage.play(text("t1"), replies("ask", "t1"), tag("yes", "ask", path="yes"), source=source)
    stage.turn()
    stage.leap(minutes=5)
    with clock.at(stage.now):
        merge_contacts(ann, bob)
    stage.leap(minutes=5)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["yes"]


def test_who_was_added_by_hand_after_the_other_was_taken_out_goes_on(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    leave(source, [bob, cid])
    campaign = stage.play(*journey(), source=source)
    stage.turn()
    with clock.at(stage.now):
        add_by_hand(campaign, [cid])
        stage.leap(hours=1)
    with clock.at(stage.now):
        remove_contacts(campaign, [ann])
        stage.leap(hours=1)
    with clock.at(stage.now):
        add_by_hand(campaign, [bob])
    stage.turn()
    with clock.at(stage.now):
        merge_contacts(ann, bob)  # bob was added after ann was taken out
    found = select(CampaignMember.status).where(CampaignMember.contact_id == ann)
    assert db.session.scalar(found) == "active"
    with clock.at(stage.now):
        remove_contacts(campaign, [ann])
        merge_contacts(ann, cid)  # cid was added before
    assert db.session.scalar(found) == "removed"
    assert live_steps(ann) == []


def test_who_left_and_is_back_hears_why_nothing_happens(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(*journey(), source=source)
    stage.turn()
    leave(source, [ann])
    stage.turn()
    (passage,) = why_here(ann)
    assert passage.why.endswith("It left with the segment, and takes no more steps.")
    add_members(source, [ann])
    (passage,) = why_here(ann)
    assert passage.why.endswith(
        "It had left, and the campaign lets nobody begin anew, so it takes no more steps."
    )
    edit_campaign(campaign, allow_restart=True)
    (passage,) = why_here(ann)
    assert passage.why.endswith("It had left, and begins anew in a moment.")
