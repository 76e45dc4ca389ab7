"""Whose reply is it: of the text that went out last, of the campaign, and STOP of nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select

from heliograph import clock
from heliograph.campaigns.builtin.decisions import Replies
from heliograph.db import db, dialect_name, transaction
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.went import last_text_to
from heliograph.dnc import UNSUBSCRIBED, add_dnc
from heliograph.host import current_host
from heliograph.links.clicks import NewClick, store_clicks
from heliograph.links.models import Link
from heliograph.replies.models import Reply
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.rehearsal import after as later
from tests.campaigns.rehearsal import description, doing, steps_of
from tests.campaigns.stage import (
    MONDAY,
    PROVIDER,
    Stage,
    mobile,
    replies,
    step,
    steps,
    tags,
    template,
    text,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = "+33612345678"


def texted(minutes: float, *, took: float | None = 0.0, **values: Any) -> int:
    """A text handed over so many minutes past noon, and taken *took* minutes later."""
    begun = NOON + timedelta(minutes=minutes)
    taken = None if took is None else begun + timedelta(minutes=took)
    given = {"source": "broadcast", "number": NUMBER, "provider": PROVIDER, "recipient_id": 1}
    given |= {"status": "accepted" if taken else "sending"}
    given |= {"attempted_at": begun, "accepted_at": taken}
    with transaction() as session:
        row = Delivery(**(given | values))
        session.add(row)
        session.flush()
        return row.id


def belongs_to() -> int | None:
    row = last_text_to(NUMBER)
    db.session.rollback()
    return None if row is None else row.id


def test_a_reply_belongs_to_what_went_out_last_not_to_what_was_queued_last(stage: Stage) -> None:
    last = texted(10)
    texted(5)
    assert belongs_to() == last
    texted(0, status="queued", attempted_at=None, accepted_at=None)
    for status in ("failed", "skipped", "cancelled", "unknown", "queued"):
        texted(20, status=status)
    texted(30, number="+33612345679")
    assert belongs_to() == last


def test_when_the_provider_took_it_decides_where_two_were_handed_over_at_once(
    stage: Stage,
) -> None:
    slow = texted(10, took=1)
    texted(10.5, took=0)
    assert belongs_to() == slow


def test_a_text_that_is_still_being_sent_counts_from_when_it_was_handed_over(
    stage: Stage,
) -> None:
    texted(10)
    sending = texted(11, took=None)
    assert belongs_to() == sending


def test_an_answer_that_was_found_much_later_makes_no_text_younger(stage: Stage) -> None:
    texted(10, took=60)
    last = texted(20)
    assert belongs_to() == last


def test_texts_to_staff_never_count_however_many(stage: Stage) -> None:
    mine = texted(1)
    for minutes in (2, 3, 4):
        texted(minutes, source="campaign", recipient_id=None)
    assert belongs_to() == mine
    test = texted(5, source="test", recipient_id=None)
    assert belongs_to() == test


def test_finding_it_is_one_short_look_up(stage: Stage) -> None:
    if dialect_name() != "sqlite":
        pytest.skip("a small table is always scanned there")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: object) -> None:
        asked.append((statement, given))

    sql_event.listen(db.engine, "before_cursor_execute", note)
    belongs_to()
    sql_event.remove(db.engine, "before_cursor_execute", note)
    ((statement, given),) = [one for one in asked if "deliveries" in one[0]]
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
    steps_taken = [row[3] for row in plan]
    assert any("ix_deliveries_number (number=? AND attempted_at>?)" in one for one in steps_taken)
    assert not any("TEMP B-TREE" in one for one in steps_taken), steps_taken


def test_texts_that_overtake_each_other_keep_their_replies(stage: Stage) -> None:
    stage.now = MONDAY.replace(hour=11, minute=30)
    source, (ann,) = stage.cast(1, timezone="UTC")
    other, _ = stage.cast(1)
    late = {"begin": "10:00", "end": "12:00"}
    ask = replies("ask", "a", config={"to": "last"})
    stage.outage = True
    stage.play(text("a", timing=late), ask, tag("yes", "ask", path="yes"), source=source)
    stage.turn()
    assert steps(ann)["a"] == "sending"
    stage.leap(hours=4)
    stage.outage = False
    stage.turn()
    stage.play(text("b"), source=source)
    stage.turn()
    stage.leap(hours=18, minutes=30)
    stage.turn()
    assert [words.split()[0] for _, number, words in stage.texts if number == mobile(ann)] == [
        "b",
        "a",
    ]
    stage.leap(minutes=30)
    stage.reply(ann, "YES")
    stage.turn()
    assert tags(ann) == ["yes"]
    assert other


def test_a_text_to_staff_in_between_takes_no_reply_away(stage: Stage) -> None:
    current_host().enable("recorder", default=True)
    source, (ann,) = stage.cast(1)
    staff = {"number": mobile(ann), "text": "Call"}
    stage.play(
        text("t1"),
        event("tell", "core.text_staff", "t1", config=staff),
        replies("ask", "tell", config={"to": "last"}),
        tag("yes", "ask", path="yes"),
        source=source,
    )
    stage.turn()
    assert len(stage.texts) == 2
    stage.leap(minutes=1)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["yes"]


# -- any text of this campaign ------------------------------------------------


def asked(key: str, parent: str | None, **config: Any) -> list[dict[str, Any]]:
    """A decision on replies, and whether it was taken, in tags."""
    return [
        replies(key, parent, config=config),
        tag(f"{key}-yes", key, path="yes"),
        tag(f"{key}-no", key, path="no"),
    ]


def broadcast_to(stage: Stage, contact_id: int) -> None:
    """A text of a broadcast goes out to the contact."""
    with transaction() as session:
        session.add(
            Delivery(
                source="broadcast",
                number=mobile(contact_id),
                contact_id=contact_id,
                recipient_id=contact_id,
                provider=PROVIDER,
                status="delivered",
                attempted_at=stage.now,
                accepted_at=stage.now,
            )
        )


def test_an_answer_decides_each_campaign_that_had_texted_before(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    silent, _ = stage.cast(1)
    stage.play(text("t1"), *asked("one", "t1"), *asked("strict", "t1", to="last"), source=source)
    stage.turn()
    stage.leap(hours=1)
    stage.play(text("v1"), *asked("two", "v1"), source=source)
    stage.turn()
    stage.leap(hours=1)
    broadcast_to(stage, ann)
    stage.play(*asked("none", None), *asked("whole", None, to="any"), source=source)
    stage.turn()
    stage.leap(hours=1)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["one-yes", "two-yes", "whole-yes"]
    stage.leap(days=4)
    stage.turn()
    assert tags(ann) == ["none-no", "one-yes", "strict-no", "two-yes", "whole-yes"]
    assert tags(bob) == ["none-no", "one-no", "strict-no", "two-no", "whole-no"]
    assert silent


def test_it_is_what_a_new_decision_asks(stage: Stage) -> None:
    assert Replies().to == "campaign"


def test_an_answer_before_the_decision_was_reached_counts_though_another_text_came_between(
    stage: Stage,
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("t1"),
        tag("a", "t1", timing=after(1)),
        *asked("one", "a"),
        *asked("loose", "a", to="any"),
        source=source,
    )
    stage.turn()
    stage.leap(hours=1)
    stage.play(text("v1"), source=source)
    stage.turn()
    stage.leap(hours=1)
    stage.reply(ann, "early")
    stage.leap(days=1)
    stage.turn()
    assert tags(ann) == ["a", "one-yes"]
    assert steps(ann)["loose"] == "open"


def test_an_answer_to_the_campaign_before_the_text_before_does_not_count(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("t1"), text("t2", "t1", timing=after(1)), *asked("one", "t2"), source=source)
    stage.turn()
    stage.leap(hours=1)
    stage.reply(ann, "to the first")
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["one"] == "open"


def test_a_decision_counts_each_reply_once(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("t1"),
        replies("ask", "t1"),
        tag("yes", "ask", path="yes"),
        event("again", "core.jump", "yes", config={"event": "ask"}),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(ann, "once")
    stage.turn()
    assert (step(ann, "ask").rotation, steps(ann)["ask 2"]) == (2, "open")


def test_a_campaign_that_was_texting_before_a_restart_is_still_the_one_that_is_answered(
    stage: Stage,
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("t1"),
        tag("a", "t1", timing=after(1)),
        event("again", "core.jump", "a", config={"event": "late"}),
        replies("late", "t1", config={"wait_amount": 1, "wait_unit": "hours"}),
        tag("yes", "late", path="yes"),
        source=source,
    )
    stage.turn()
    stage.leap(days=1)
    stage.turn()
    assert steps(ann)["late 2"] == "open"
    broadcast_to(stage, ann)
    stage.leap(minutes=1)
    stage.reply(ann, "yes")
    stage.turn()
    assert tags(ann) == ["a", "yes"]


@pytest.mark.parametrize(("to", "seen"), [("campaign", True), ("last", False), ("any", True)])
def test_a_click_on_any_text_of_the_campaign_counts(stage: Stage, to: str, seen: bool) -> None:
    source, (ann,) = stage.cast(1)
    message = template("See https://example.com/a")
    stage.play(
        text("t1", message=message),
        text("t2", "t1"),
        event("see", "core.clicks", "t2", config={"to": to}),
        tag("seen", "see", path="yes"),
        source=source,
    )
    # a campaign that did not send the link
    stage.play(
        text("v1"),
        event("other", "core.clicks", "v1"),
        tag("wrong", "other", path="yes"),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    link = db.session.scalars(select(Link.id).where(Link.message_id == message)).one()
    first = next(one for one in stage.deliveries(ann) if one.message_id == message)
    store_clicks([NewClick(link, first.id, "person", "", stage.now)])
    stage.turn()
    assert tags(ann) == (["seen"] if seen else [])


# -- STOP, START and HELP -----------------------------------------------------

REPLY = {"how": "any"}


@pytest.mark.parametrize(
    ("said", "config", "counts"),
    [
        ("STOP", REPLY, False),
        ("HELP", REPLY, False),
        ("START", REPLY, False),
        ("stop it please, I mean it", REPLY, True),
        ("STOP", REPLY | {"opt_words": True}, True),
        ("HELP", REPLY | {"opt_words": True}, True),
        ("STOP", {"how": "words", "words": ["YES", "stop"]}, True),
        ("STOP", {"how": "words", "words": ["YES"]}, False),
        ("Info!", {"how": "words", "words": ["info"]}, True),
        ("STOP", {"how": "pattern", "pattern": "STOP*"}, True),
        ("STOP", {"how": "pattern", "pattern": "*"}, False),
        ("STOP", {"how": "pattern", "pattern": "S*"}, False),
        ("STOP", {"how": "pattern", "pattern": "S*", "opt_words": True}, True),
        ("STOP", {"how": "regex", "regex": r"^(yes|stop)\b"}, True),
        ("STOP", {"how": "regex", "regex": r".*"}, False),
        ("stop", {"how": "regex", "regex": r"^[a-z]+$"}, False),
    ],
)
def test_stop_start_and_help_are_no_replies_unless_asked_for(
    stage: Stage, said: str, config: dict[str, Any], counts: bool
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(text("t1"), *asked("one", "t1", **config), source=source)
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(ann, said)
    stage.turn()
    assert tags(ann) == (["one-yes"] if counts else [])


def test_yes_of_somebody_who_is_out_opts_in_and_is_no_answer_unless_asked_for(
    stage: Stage,
) -> None:
    source, (ann,) = stage.cast(1)
    words = {"how": "words", "words": ["yes"]}
    stage.play(text("t1"), *asked("any", "t1"), *asked("word", "t1", **words), source=source)
    stage.turn()
    stage.leap(minutes=1)
    with clock.at(stage.now):
        add_dnc(mobile(ann), reason=UNSUBSCRIBED)
    stage.reply(ann, "YES")
    stage.turn()
    assert db.session.scalars(select(Reply.opt)).one() == "in"
    assert tags(ann) == ["word-yes"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_simulation_takes_replies_as_the_server_does(stage: Stage) -> None:
    from heliograph.campaigns.simulation import read_simulation, simulate  # noqa: PLC0415
    from tests.campaigns.drawing import drafted  # noqa: PLC0415

    source, (ann, bob) = stage.cast(2)
    campaign = drafted(
        text("t1"), text("t2", "t1"), *asked("one", "t1"), *asked("none", None), source=source
    )
    said = doing("answer", ann, at=later(hours=1), text="yes")
    stopped = doing("answer", bob, at=later(hours=1), text="STOP")
    found = simulate(read_simulation(description(campaign, [ann, bob], said, stopped, days=1)))
    assert "one done yes" in steps_of(found, ann)
    # the campaign had texted before this reply, too
    assert "none done yes" in steps_of(found, ann)
    assert "one done yes" not in steps_of(found, bob)
