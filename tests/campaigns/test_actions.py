"""Core's actions on contacts and their campaigns: what each does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.contacts.fields import add_custom_field
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.dnc import MANUAL, UNSUBSCRIBED, DncChange, add_dnc, find_dnc
from heliograph.segments import create_segment
from heliograph.segments.models import SegmentMember
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, members, mobile, replies, run, step, steps, tags, text


def field(contact_id: int, name: str) -> Any:
    contact = db.session.get_one(Contact, contact_id, populate_existing=True)
    return contact.custom.get(name) if name.startswith("my_") else getattr(contact, name)


def test_segments_are_changed(stage: Stage) -> None:
    one, two = create_segment("one").id, create_segment("two").id
    (ann,) = run(
        stage,
        event("a", "core.change_segments", config={"add": [one, two]}),
        event("b", "core.change_segments", "a", config={"remove": [two]}),
    )
    query = select(SegmentMember.segment_id).where(SegmentMember.contact_id == ann)
    assert one in db.session.scalars(query).all()
    assert two not in db.session.scalars(query).all()


def test_tags_are_put_on_and_taken_off(stage: Stage) -> None:
    (ann,) = run(
        stage,
        event("a", "core.change_tags", config={"add": ["x", "y"]}),
        event("b", "core.change_tags", "a", config={"add": ["z"], "remove": ["x"]}),
    )
    assert tags(ann) == ["y", "z"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "hello 'you'", "hello 'you'"),
        ("number", "12.5", 12.5),
        ("boolean", "yes", True),
        ("date", "today", "2026-11-23"),
        ("date", "now", "2026-11-23"),
        ("date", "+3 months", "2027-02-23"),
        ("datetime", "now", "2026-11-23T12:00:00+00:00"),
        ("datetime", "-2 hours", "2026-11-23T10:00:00+00:00"),
        ("text", "", None),
        ("number", "", None),
    ],
)
def test_a_custom_field_is_written_and_cleared(
    stage: Stage, kind: str, value: str, expected: Any
) -> None:
    add_custom_field("my_field", "My field", kind)
    add_custom_field("my_other", "Other")
    source, (ann,) = stage.cast(1, custom={"my_field": "old", "my_other": "kept"})
    config = {"field": "my_field", "value": value}
    stage.play(event("a", "core.change_field", config=config), source=source)
    stage.turn()
    assert field(ann, "my_field") == expected
    assert field(ann, "my_other") == "kept"


def test_a_standard_field_is_written(stage: Stage) -> None:
    (ann,) = run(
        stage, event("a", "core.change_field", config={"field": "country", "value": "France"})
    )
    assert field(ann, "country") == "FR"


def test_do_not_contact_is_set_and_lifted_but_never_against_an_opt_out(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    add_dnc(mobile(bob), reason=UNSUBSCRIBED)
    stage.play(event("a", "core.add_dnc", config={"comment": "why"}), source=source)
    stage.turn()
    assert [find_dnc(mobile(one)).reason for one in (ann, bob, cid)] == [  # type: ignore[union-attr]
        MANUAL,
        UNSUBSCRIBED,
        MANUAL,
    ]
    assert find_dnc(mobile(ann)).comment == "why"  # type: ignore[union-attr]
    stage.play(event("a", "core.remove_dnc"), source=source)
    stage.turn()
    db.session.expire_all()
    assert find_dnc(mobile(ann)) is None
    assert find_dnc(mobile(bob)) is not None
    stage.play(event("a", "core.remove_dnc", config={"opted_out_too": True}), source=source)
    stage.turn()
    db.session.expire_all()
    assert find_dnc(mobile(bob)).reason == UNSUBSCRIBED  # type: ignore[union-attr]
    changes = db.session.scalars(select(DncChange).where(DncChange.number == mobile(ann))).all()
    assert [(one.change, one.reason) for one in changes] == [("on", MANUAL), ("off", MANUAL)]


def test_a_contact_is_added_to_a_campaign_and_taken_out_of_it(stage: Stage) -> None:
    other = create_campaign(name="Other").id
    save_draft(other, {"events": [tag("there"), tag("later", "there", timing=after(1))]}, seen=0)
    source, (ann,) = stage.cast(1)
    stage.play(
        event("in", "core.change_campaigns", config={"add_to": [other]}),
        event(
            "out",
            "core.change_campaigns",
            "in",
            config={"remove_from": [other]},
            timing=after(1, "hours"),
        ),
        source=source,
    )
    publish(other)
    stage.turn()
    stage.turn()
    assert tags(ann) == ["there"]
    stage.leap(hours=1)
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["there"]
    assert members(other) == {"removed": 1}


def test_who_was_taken_out_is_not_brought_back_by_a_segment(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"), tag("b", "a", timing=after(1)), source=source, allow_restart=True
    )
    leaver = stage.play(
        event("out", "core.change_campaigns", config={"remove_from": [campaign]}), source=source
    )
    stage.turn()
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert members(campaign) == {"removed": 1}
    assert "b" not in tags(ann)
    assert members(leaver) == {"finished": 1}


def test_a_campaign_may_end_itself(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = create_campaign(name="Self").id
    events = [
        event("out", "core.change_campaigns", config={"remove_from": [campaign]}),
        tag("never", "out", timing=after(1)),
    ]
    save_draft(campaign, {"sources": [source], "events": events}, seen=0)
    publish(campaign)
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == []
    assert members(campaign) == {"removed": 1}
    assert steps(ann) == {"out": "done", "never": "cancelled"}


def test_a_jump_goes_round_until_the_contact_answers(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        text("hello"),
        replies("ask", "hello", config={"wait_amount": 1}),
        tag("yes", "ask", path="yes"),
        event("again", "core.jump", "ask", path="no", config={"event": "hello"}),
        source=source,
    )
    for _ in range(4):
        stage.turn()
        stage.leap(days=1)
    assert len(stage.texts) == 4
    assert steps(ann)["ask 3"] == "done no"
    stage.reply(ann, "stop asking")
    stage.turn()
    assert tags(ann) == ["yes"]
    assert members(campaign) == {"finished": 1}


def test_a_jump_to_an_event_that_is_gone_waits_and_says_so(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"),
        event("j", "core.jump", "a", config={"event": "b"}, timing=after(1)),
        tag("b", "a"),
        source=source,
    )
    stage.turn()
    from heliograph.campaigns.models import CampaignEvent  # noqa: PLC0415

    with transaction() as session:
        for row in session.scalars(select(CampaignEvent).where(CampaignEvent.key == "b")):
            row.deleted_at = stage.now
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["j"] == "waiting"
    assert "no event 'b'" in step(ann, "j").detail
    assert campaign
