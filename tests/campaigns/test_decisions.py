"""Decisions: taken at once by what contacts do, by the path no when the wait is over."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from core import clock
from core.campaigns.builtin.patterns import has_word, is_like, regex_matches
from core.channel import Failure, FailureKind, InboundText, Status
from core.contacts.models import Contact
from core.db import db, transaction
from core.dnc import MANUAL, add_dnc, add_many
from core.replies.inbox import receive_reply
from core.signals import SignalRow
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import (
    MONDAY,
    Stage,
    members,
    replies,
    step,
    steps,
    tags,
    template,
    text,
)


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
        from core.campaigns.engine import Engine  # noqa: PLC0415
        from core.campaigns.membership import rebuild  # noqa: PLC0415

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
    from core.replies.models import Reply  # noqa: PLC0415

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


def test_delivered_and_failed_follow_the_text_before(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    wait = {"wait_amount": 1}
    stage.play(
        text("hello"),
        event("there", "core.delivered", "hello", config=wait),
        tag("got", "there", path="yes"),
        tag("unsure", "there", path="no"),
        event("lost", "core.failed", "hello", config=wait),
        tag("bad", "lost", path="yes"),
        source=source,
    )
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    stage.report(bob, Status.UNDELIVERED, kind=FailureKind.UNREACHABLE)
    stage.turn()
    assert (tags(ann), tags(bob), tags(cid)) == (["got"], ["bad"], [])
    stage.leap(days=1)
    stage.turn()
    assert (tags(ann), tags(bob), tags(cid)) == (["got"], ["bad", "unsure"], ["unsure"])


def test_delivered_before_the_decision_is_written_counts(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        tag("later", "hello", timing=after(1)),
        event("there", "core.delivered", "later"),
        tag("got", "there", path="yes"),
        source=source,
    )
    stage.turn()
    stage.report(ann, Status.DELIVERED)
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["got", "later"]


@pytest.mark.parametrize("many", [False, True])
def test_an_opt_out_is_noticed_whoever_made_it(stage: Stage, many: bool) -> None:
    source, (ann, bob) = stage.cast(2)
    stage.play(event("out", "core.opted_out"), tag("gone", "out", path="yes"), source=source)
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(ann, "STOP")
    number = db.session.get_one(Contact, bob).mobile or ""
    with clock.at(stage.now):
        if many:
            add_many([number], reason=MANUAL)
        else:
            add_dnc(number, reason=MANUAL)
    stage.turn()
    assert (tags(ann), tags(bob)) == (["gone"], ["gone"])


def click(stage: Stage, contact_id: int, url: str, kind: str = "person") -> None:
    """The contact opens a link of its last text."""
    from core.links.clicks import NewClick, store_clicks  # noqa: PLC0415
    from core.links.models import Link  # noqa: PLC0415

    delivery = stage.deliveries(contact_id)[-1]
    mine = (Link.message_id == delivery.message_id, Link.url == url)
    link = db.session.scalars(select(Link.id).where(*mine)).one()
    store_clicks([NewClick(link, delivery.id, kind, "", stage.now)])


def test_a_click_takes_the_path_yes(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    message = template("See https://example.com/shop and https://example.com/help")
    stage.play(
        text("hello", message=message),
        event("any", "core.clicks", "hello", config={"wait_amount": 1}),
        tag("clicked", "any", path="yes"),
        event("shop", "core.clicks", "hello", config={"address": "*/SHOP"}),
        tag("bought", "shop", path="yes"),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    click(stage, ann, "https://example.com/shop")
    click(stage, bob, "https://example.com/help")
    click(stage, cid, "https://example.com/shop", "robot")
    stage.turn()
    assert tags(ann) == ["bought", "clicked"]
    assert tags(bob) == ["clicked"]
    assert tags(cid) == []


def test_a_click_before_the_decision_is_written_counts(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    message = template("See https://example.com/shop")
    stage.play(
        text("hello", message=message),
        event("ask", "core.clicks", "hello", timing=after(1)),
        tag("clicked", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    click(stage, ann, "https://example.com/shop")
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["clicked"]


def test_an_unknown_number_decides_nothing(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(replies("ask", config={"to": "any"}), source=source)
    stage.turn()
    receive_reply("recorder", InboundText("X2", "+14155550199", "+1", "hello"))
    stage.turn()
    assert steps(ann) == {"ask": "open"}
    assert db.session.scalar(select(func.count()).select_from(SignalRow)) == 0


def test_who_has_left_decides_nothing(stage: Stage) -> None:
    from core.segments import remove_members  # noqa: PLC0415

    source, (ann,) = stage.cast(1)
    campaign = stage.play(replies("ask", config={"to": "any"}), *two_ways(), source=source)
    stage.turn()
    remove_members(source, [ann])
    stage.turn()
    stage.reply(ann, "hello")
    stage.turn()
    assert steps(ann) == {"ask": "cancelled"}
    assert members(campaign) == {"left": 1}


@pytest.mark.parametrize(
    ("reply", "pattern", "fits"),
    [
        ("YES", "yes", True),
        (" Yes! ", "YES", False),
        ("Yes please", "YES*", True),
        ("oh yes", "YES*", False),
        ("oh yes!", "*YES*", True),
        ("oh  yes\nplease", "oh yes*please", True),
        ("ab", "a*b", True),
        ("a", "a*a", False),
        ("anything", "*", True),
        ("a[b]?", "a[b]?", True),
        ("axb", "a?b", False),
        ("ＹＥＳ", "yes", True),
        ("straße", "STRASSE", True),
        ("yes or no", "yes * no", True),
        ("x" * 5000 + "y", "*" + "x*" * 100 + "z", False),
    ],
)
def test_a_pattern_is_the_whole_reply(reply: str, pattern: str, fits: bool) -> None:
    assert is_like(reply, pattern) is fits


@pytest.mark.parametrize(
    ("reply", "word", "fits"),
    [
        ("Yes, please", "yes", True),
        ("yesterday", "yes", False),
        ("I say YES!", "yes", True),
        ("call me back today", "call me", True),
        ("call and me", "call me", False),
        ("👍 great", "👍", True),
        ("oui", "", False),
    ],
)
def test_a_word_is_found_as_a_whole_word(reply: str, word: str, fits: bool) -> None:
    assert has_word(reply, word) is fits


def test_a_slow_expression_gives_up_in_time() -> None:
    assert regex_matches(r"^\d{4}$", "1234")
    assert regex_matches("YES|oui", "ah, Oui")
    assert not regex_matches(r"(\w+\s?)+\d$", "word " * 300 + "!")


def test_a_decision_that_breaks_keeps_nobody_elses_signal(stage: Stage, caplog: Any) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from core.host import current_host  # noqa: PLC0415

    source, (ann, bob) = stage.cast(2)
    stage.play(event("out", "core.opted_out"), tag("gone", "out", path="yes"), source=source)
    stage.play(replies("ask", config={"to": "any"}), tag("heard", "ask", path="yes"), source=source)
    stage.turn()
    given = current_host().built_in()[0].contributions
    sound = list(given.decisions)

    def broken(_config: Any, _signal: Any) -> bool:
        raise RuntimeError("no")

    given.decisions[:] = [
        replace(one, matches=broken) if one.key == "core.opted_out" else one for one in sound
    ]
    stage.leap(minutes=1)
    stage.reply(ann, "STOP")
    stage.turn()
    given.decisions[:] = sound
    assert tags(ann) == ["heard"]
    assert steps(ann)["out"] == "open"
    assert "core.opted_out failed" in caplog.text
    assert tags(bob) == []


def test_a_text_that_the_provider_refuses_tells_the_decision(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    number = db.session.get_one(Contact, ann).mobile
    stage.failing[number or ""] = Failure(FailureKind.UNREACHABLE, "nobody there")
    stage.play(
        text("hello"),
        event("lost", "core.failed", "hello"),
        tag("bad", "lost", path="yes"),
        source=source,
    )
    stage.turn()
    assert steps(ann)["hello"] == "failed"
    assert tags(ann) == ["bad"]
