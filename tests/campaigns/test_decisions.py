"""Decisions: taken at once by what contacts do, by the path no when the wait is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from heliograph import clock
from heliograph.channel import Failure, FailureKind, Status
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.dnc import MANUAL, add_dnc
from heliograph.dnc_many import add_many
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, replies, steps, tags, template, text


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
    assert (tags(ann), tags(bob), tags(cid)) == (["got"], ["bad", "unsure"], [])
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


def test_a_stop_of_somebody_who_is_on_the_list_is_noticed(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    with clock.at(stage.now - timedelta(days=1)):
        for one in (ann, bob):
            add_dnc(db.session.get_one(Contact, one).mobile or "", reason=MANUAL)
    stage.play(
        event("out", "core.opted_out"),
        event("why", "core.on_dnc", "out", path="yes", config={"reason": "unsubscribed"}),
        tag("gone", "why", path="yes"),
        tag("other", "why", path="no"),
        source=source,
    )
    stage.turn()
    stage.leap(minutes=1)
    stage.reply(ann, "STOP")
    stage.turn()
    assert (tags(ann), tags(bob)) == (["gone"], [])


def click(stage: Stage, contact_id: int, url: str, kind: str = "person") -> None:
    """The contact opens a link of its last text."""
    from heliograph.links.clicks import NewClick, store_clicks  # noqa: PLC0415
    from heliograph.links.models import Link  # noqa: PLC0415

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


def test_a_decision_that_breaks_keeps_nobody_elses_signal(stage: Stage, caplog: Any) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from heliograph.host import current_host  # noqa: PLC0415

    source, (ann, bob) = stage.cast(2)
    stage.play(event("out", "core.opted_out"), tag("gone", "out", path="yes"), source=source)
    asked = {"to": "any", "opt_words": True}
    stage.play(replies("ask", config=asked), tag("heard", "ask", path="yes"), source=source)
    stage.turn()
    given = next(part for part in current_host().built_in() if part.name == "core").contributions
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
