"""Members go through a campaign: each event once, in time, by the right path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from heliograph import clock
from heliograph.campaigns.models import CampaignStep
from heliograph.contacts import merge_contacts
from heliograph.contacts.models import Contact
from heliograph.db import db, dialect_name, transaction
from heliograph.segments import add_members, remove_members
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import MONDAY, Stage, members, replies, steps, tags, text


def test_a_member_goes_through_all_events(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(text("hello"), tag("greeted", "hello"), source=source)
    stage.turn()
    assert [(number, words) for _, number, words in stage.texts] == [
        (db.session.get_one(Contact, ann).mobile, "hello Ann0")
    ]
    assert steps(ann) == {"hello": "done", "greeted": "done"}
    assert tags(ann) == ["greeted"]
    assert members(campaign) == {"finished": 1}


def test_nothing_happens_twice(stage: Stage) -> None:
    source, people = stage.cast(30)
    stage.play(text("hello"), source=source)
    for _ in range(3):
        stage.turn()
        stage.leap(days=1)
    assert len(stage.texts) == len(people)


def test_an_interval_is_waited_for(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(tag("a"), tag("b", "a", timing=after(3)), source=source)
    stage.turn()
    assert steps(ann) == {"a": "done", "b": "waiting"}
    stage.leap(days=2, hours=23)
    stage.turn()
    assert tags(ann) == ["a"]
    stage.leap(hours=1)
    stage.turn()
    assert tags(ann) == ["a", "b"]


def test_each_contact_has_its_own_morning(stage: Stage) -> None:
    source, people = stage.cast(4)
    zones = ("Europe/Paris", "America/New_York", "", "Nowhere/Land")
    with transaction() as session:
        for contact_id, zone in zip(people, zones, strict=True):
            session.get_one(Contact, contact_id).timezone = zone
    events = [text("hello", timing={"hour": "10:00"})]
    stage.play(*events, source=source, timezone="Asia/Tokyo")
    for _ in range(25):
        stage.turn()
        stage.leap(hours=1)
    numbers = [db.session.get_one(Contact, one).mobile for one in people]
    when = {number: at for at, number, _ in stage.texts}
    assert [when[number] for number in numbers] == [
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        datetime(2026, 11, 23, 15, tzinfo=UTC),
        # no zone, and one that no system knows: the campaign's
        datetime(2026, 11, 24, 1, tzinfo=UTC),
        datetime(2026, 11, 24, 1, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        # forward: a day has 23 hours, ten o'clock stays ten o'clock
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 8, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 9, tzinfo=UTC)),
    ],
)
def test_ten_is_ten_when_the_clocks_change(
    stage: Stage, base: datetime, expected: datetime
) -> None:
    stage.now = base
    source, _ = stage.cast(1, timezone="Europe/Paris")
    stage.play(text("hello", timing=after(1, hour="10:00")), source=source)
    for _ in range(26):
        stage.turn()
        stage.leap(hours=1)
    assert [at for at, _, _ in stage.texts] == [expected]


def test_branches_run_side_by_side_and_the_last_one_finishes(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(
        tag("a"),
        tag("b", "a", timing=after(1)),
        tag("c", "a", timing=after(2)),
        tag("root"),
        source=source,
    )
    stage.turn()
    assert tags(ann) == ["a", "root"]
    stage.wait(days=1)
    assert members(campaign) == {"active": 1}
    stage.wait(days=1)
    assert tags(ann) == ["a", "b", "c", "root"]
    assert members(campaign) == {"finished": 1}


def test_a_condition_sends_each_contact_its_way(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    with transaction() as session:
        session.get_one(Contact, ann).city = "Paris"
    config = {"field": "city", "operator": "is", "value": "paris"}
    stage.play(
        event("look", "core.field_value", config=config),
        tag("yes", "look", path="yes"),
        tag("no", "look", path="no"),
        source=source,
    )
    stage.turn()
    assert (tags(ann), tags(bob)) == (["yes"], ["no"])
    assert steps(ann)["look"] == "done yes"


def test_late_joiners_join_and_leavers_leave(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = stage.play(tag("a"), text("b", "a", timing=after(1)), source=source)
    stage.turn()
    _, (cid,) = stage.cast(1)
    add_members(source, [cid])
    remove_members(source, [bob])
    stage.wait(days=1)
    assert steps(ann) == {"a": "done", "b": "done"}
    assert steps(bob) == {"a": "done", "b": "cancelled"}
    assert steps(cid) == {"a": "done", "b": "waiting"}
    assert members(campaign) == {"finished": 1, "left": 1, "active": 1}
    assert len(stage.texts) == 1


def test_who_leaves_is_not_sent_what_is_already_queued(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.outage = True
    stage.play(text("hello"), source=source)
    stage.turn()
    assert steps(ann) == {"hello": "sending"}
    remove_members(source, [ann])
    stage.turn()
    stage.outage = False
    stage.turn()
    assert steps(ann) == {"hello": "cancelled"}
    assert [one.status for one in stage.deliveries(ann)] == ["cancelled"]
    assert not stage.texts


def test_who_comes_back_begins_anew_only_where_it_is_allowed(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    once = stage.play(tag("once"), source=source)
    again = stage.play(tag("again"), text("hello", "again"), source=source, allow_restart=True)
    stage.turn()
    remove_members(source, [ann])
    stage.turn()
    add_members(source, [ann])
    stage.turn()
    assert steps(ann) == {
        "once": "done",
        "again": "done",
        "hello": "done",
        "again 2": "done",
        "hello 2": "done",
    }
    assert members(once) == {"left": 1}
    assert members(again) == {"finished": 1}
    assert len(stage.texts) == 2


def test_a_deleted_contact_leaves_nothing_behind(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = stage.play(tag("a"), tag("b", "a", timing=after(1)), source=source)
    stage.turn()
    with transaction() as session:
        session.delete(session.get_one(Contact, ann))
    stage.wait(days=1)
    assert not members(campaign)
    assert db.session.scalar(select(func.count()).select_from(CampaignStep)) == 0


def test_of_two_who_are_merged_one_goes_on(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    campaign = stage.play(tag("a"), text("b", "a", timing=after(1)), source=source)
    stage.turn()
    _, (dan,) = stage.cast(1)
    with clock.at(stage.now):
        merge_contacts(ann, bob)
        merge_contacts(dan, cid)
        add_members(source, [dan])
    stage.wait(days=1)
    kept = {"a 0": "done", "b 0": "cancelled"}  # what the merged one had done, and its end
    assert steps(ann) == {"a": "done", "b": "done"} | kept
    # one who was in it nowhere takes over
    assert steps(dan) == {"a": "done", "b": "done"}
    assert len(stage.texts) == 2
    assert members(campaign) == {"finished": 2}


def test_every_hot_query_goes_by_an_index(stage: Stage) -> None:
    if dialect_name() != "sqlite":
        pytest.skip("a small table is always scanned there")
    source, (ann, _) = stage.cast(2)
    stage.play(text("hello"), replies("ask", "hello"), tag("no", "ask", path="no"), source=source)
    plans: set[str] = set()

    def explain(connection: Any, _cursor: Any, statement: str, given: Any, *_: object) -> None:
        if statement.lstrip("WITH ").startswith(("SELECT", "UPDATE", "INSERT")):
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.update(row[3] for row in cursor.fetchall())

    listen(db.engine, "before_cursor_execute", explain)
    try:
        stage.turn()
        stage.reply(ann, "yes")
        stage.leap(days=3)
        stage.turn()
    finally:
        remove(db.engine, "before_cursor_execute", explain)
    big = ("campaign_steps", "campaign_members", "deliveries", "contacts", "replies")
    scanned = {plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in big}
    assert {plan for plan in scanned if "USING" not in plan} == set(), scanned
    assert any("ix_campaign_steps_timed" in plan for plan in plans)
    assert any("ix_deliveries_news" in plan for plan in plans)


def test_many_go_through_in_batches(stage: Stage) -> None:
    source, _ = stage.cast(1300)
    campaign = stage.play(
        event("split", "core.split", config={"weight_a": 1, "weight_b": 3}),
        tag("a", "split", path="a"),
        tag("b", "split", path="b", timing={"hour": "13:00"}),
        source=source,
    )
    stage.turn()
    stage.wait(hours=1)
    assert members(campaign) == {"finished": 1300}
    count = select(CampaignStep.path, func.count()).group_by(CampaignStep.path)
    found = dict(db.session.execute(count.where(CampaignStep.path != "")).all())
    assert 250 < found["a"] < 400
    assert found["a"] + found["b"] == 1300


def test_the_same_contact_is_drawn_the_same_lot(stage: Stage) -> None:
    from heliograph.campaigns.builtin.split import drawn  # noqa: PLC0415

    lots = {drawn((1, 1, 0, 0, 0), 7, 3, 1) for _ in range(5)}
    assert len(lots) == 1
    others = [drawn((1, 1, 0, 0, 0), 7, 3, rotation) for rotation in range(1, 50)]
    assert set(others) == {"a", "b"}


def test_the_story_of_the_issue(stage: Stage) -> None:
    """Text, reply YES* in three days: tag and thanks, else a reminder next weekday at ten."""
    source, people = stage.cast(3)
    zones = ("Europe/Paris", "America/New_York", "Asia/Tokyo")
    with transaction() as session:
        for contact_id, zone in zip(people, zones, strict=True):
            session.get_one(Contact, contact_id).timezone = zone
    campaign = stage.play(
        text("offer"),
        replies("ask", "offer", config={"how": "pattern", "pattern": "YES*"}),
        tag("interested", "ask", path="yes"),
        text("thanks", "interested"),
        text(
            "reminder",
            "ask",
            path="no",
            timing=after(1, hour="10:00", weekdays=[0, 1, 2, 3, 4]),
        ),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=10)
    stage.reply(people[0], "yes please")
    stage.reply(people[1], "maybe")
    stage.turn()
    assert steps(people[0])["ask"] == "done yes"
    assert steps(people[1])["ask"] == "open"
    stage.leap(minutes=50)
    for _ in range(24 * 4 + 6):
        stage.leap(hours=1)
        stage.turn()
    sent = {number: [] for number in (db.session.get_one(Contact, i).mobile for i in people)}
    for at, number, words in stage.texts:
        sent[number].append((at, words.split()[0]))
    first, second, third = sent.values()
    assert [words for _, words in first] == ["offer", "thanks"]
    assert first[1][0] == MONDAY.replace(minute=10)
    # three days end on Thursday, so the next weekday is Friday
    assert second[1:] == [(datetime(2026, 11, 27, 15, tzinfo=UTC), "reminder")]
    assert third[1:] == [(datetime(2026, 11, 27, 1, tzinfo=UTC), "reminder")]
    assert members(campaign) == {"finished": 3}
