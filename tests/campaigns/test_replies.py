"""Replies: the path yes at once, the path no when the wait is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from heliograph import clock
from heliograph.channel import InboundText
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.replies.inbox import receive_reply
from heliograph.signals import SignalRow
from tests.campaigns.drawing import event, tag
from tests.campaigns.stage import MONDAY, Stage, members, replies, step, steps, tags, text


def two_ways(key: str = "ask") -> list[dict[str, Any]]:
    return [tag("yes", key, path="yes"), tag("no", key, path="no")]


def test_a_reply_takes_the_path_yes_at_once(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(text("hello"), replies("ask", "hello"), *two_ways(), source=source)
    stage.turn()
    assert steps(ann) == {"hello": "done", "ask": "open"}
    stage.leap(hours=1)
    stage.reply(ann, "Hello you")
    stage.turn()
    assert tags(ann) == ["yes"]
    assert tags(bob) == []
    assert db.session.scalar(select(func.count()).select_from(SignalRow)) == 0


def test_without_a_reply_the_path_no_is_taken_when_the_wait_is_over(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("hello"), replies("ask", "hello"), *two_ways(), source=source)
    stage.turn()
    stage.leap(days=2, hours=23)
    stage.turn()
    assert tags(ann) == []
    stage.leap(hours=1)
    stage.turn()
    assert tags(ann) == ["no"]
    stage.reply(ann, "Too late")
    stage.turn()
    assert tags(ann) == ["no"]


def test_a_wait_of_nothing_waits_for_ever(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        replies("ask", "hello", config={"wait_amount": 0}),
        tag("yes", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    assert step(ann, "ask").due_at is None
    stage.leap(days=900)
    stage.turn()
    assert steps(ann)["ask"] == "open"
    stage.reply(ann, "At last")
    stage.turn()
    assert tags(ann) == ["yes"]


def test_the_wait_is_counted_on_the_contacts_calendar(stage: Stage) -> None:
    stage.now = MONDAY.replace(month=3, day=28)
    source, people = stage.cast(2)
    with transaction() as session:
        for contact_id, zone in zip(people, ("Europe/Paris", "Asia/Tokyo"), strict=True):
            session.get_one(Contact, contact_id).timezone = zone
    config = {"wait_amount": 1, "wait_unit": "days"}
    stage.play(text("hello"), replies("ask", "hello", config=config), source=source)
    stage.turn()
    ends = [step(one, "ask").due_at for one in people]
    # the night in which the clocks go forward in Paris
    assert [str(end - stage.now) for end in ends if end] == ["23:00:00", "1 day, 0:00:00"]


def test_a_reply_that_came_before_the_decision_was_written_counts(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"), tag("sent", "hello"), replies("ask", "sent"), *two_ways(), source=source
    )
    with clock.at(stage.now):
        from heliograph.campaigns.engine import Engine  # noqa: PLC0415
        from heliograph.campaigns.membership import rebuild  # noqa: PLC0415

        rebuild(1)
        Engine().run()
        stage.send()
    # the phone answers before anybody looked at what became of the text
    stage.reply(ann, "Right away")
    stage.turn()
    assert tags(ann) == ["sent", "yes"]


def test_a_reply_to_an_older_text_does_not_count_as_one_to_the_last(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(
        text("one"),
        replies("first", "one", config={"wait_amount": 1}),
        text("two", "first", path="no"),
        replies("ask", "two"),
        *two_ways(),
        source=source,
    )
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["ask"] == "open"
    older = stage.deliveries(ann)[0]
    with clock.at(stage.now), transaction() as session:
        # the provider says that it answers the first text
        receive_reply("recorder", InboundText("X1", older.number, "+1", "old"))
    from heliograph.replies.models import Reply  # noqa: PLC0415

    assert db.session.scalars(select(Reply)).one().delivery_id == stage.deliveries(ann)[1].id
    stage.turn()
    assert tags(ann) == ["yes"]
    assert steps(bob)["ask"] == "open"
    assert session is not None


def test_to_any_text_a_reply_counts_without_one_of_ours(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(replies("last"), replies("any", config={"to": "any"}), source=source)
    stage.turn()
    stage.reply(ann, "Hello there")
    stage.turn()
    assert steps(ann) == {"last": "open", "any": "done yes"}


def test_what_was_replied_long_before_does_not_count(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.reply(ann, "I am early")
    stage.leap(hours=1)
    stage.play(tag("a"), replies("ask", "a", config={"to": "any"}), source=source)
    stage.turn()
    assert steps(ann) == {"a": "done", "ask": "open"}


def test_one_reply_is_not_counted_twice_when_a_jump_comes_back(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        replies("ask", "hello"),
        tag("yes", "ask", path="yes"),
        event("again", "core.jump", "yes", config={"event": "ask"}),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(ann, "one")
    stage.turn()
    assert steps(ann) == {
        "hello": "done",
        "ask": "done yes",
        "yes": "done",
        "again": "done",
        "ask 2": "open",
    }
    stage.leap(minutes=1)
    stage.reply(ann, "two")
    stage.turn()
    assert steps(ann)["ask 2"] == "done yes"
    assert steps(ann)["ask 3"] == "open"


def test_an_unknown_number_decides_nothing(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(replies("ask", config={"to": "any"}), source=source)
    stage.turn()
    receive_reply("recorder", InboundText("X2", "+14155550199", "+1", "hello"))
    stage.turn()
    assert steps(ann) == {"ask": "open"}
    assert db.session.scalar(select(func.count()).select_from(SignalRow)) == 0


def test_who_has_left_decides_nothing(stage: Stage) -> None:
    from heliograph.segments import remove_members  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    campaign = stage.play(replies("ask", config={"to": "any"}), *two_ways(), source=source)
    stage.turn()
    remove_members(source, [ann])
    stage.turn()
    stage.reply(ann, "hello")
    stage.turn()
    assert steps(ann) == {"ask": "cancelled"}
    assert members(campaign) == {"left": 1}
