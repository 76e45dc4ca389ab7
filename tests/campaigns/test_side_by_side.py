"""Several processes at once: as threads with contexts of their own, each runs all jobs."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from heliograph import clock
from heliograph.campaigns import decisions, steps
from heliograph.campaigns.course import Courses
from heliograph.campaigns.decisions import read_since
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import CampaignStep
from heliograph.campaigns.react import react
from heliograph.contacts import merge_contacts
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.segments import remove_members
from heliograph.segments.models import SegmentMember
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, members, replies, tags, text

WORKERS = 4


def at_once(app: Flask, *works: Any) -> None:
    """Run *works*, each in a thread; raises what one of them raised."""
    faults: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Any) -> None:
        with app.app_context():
            gate.wait()
            try:
                work()
            except BaseException as error:
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def test_side_by_side_each_step_is_taken_once(stage: Stage, sending: Flask) -> None:
    source, people = stage.cast(400)
    campaign = stage.play(
        tag("a"),
        tag("b", "a"),
        tag("c", "a"),
        event("split", "core.split", "c"),
        tag("d", "split", path="a"),
        tag("e", "split", path="b"),
        text("hello"),
        source=source,
    )

    def work() -> None:
        rebuild(campaign)
        Engine(Scope(batch=30)).run()

    at_once(sending, *[work] * WORKERS)
    query = select(CampaignStep.event_id, func.count()).group_by(CampaignStep.event_id)
    counts = Counter(dict(db.session.execute(query).all()))
    assert sorted(counts.values())[-4:] == [400] * 4 or max(counts.values()) == 400
    assert sum(counts.values()) == 400 * 6
    texts = select(func.count(func.distinct(Delivery.source_id)), func.count()).select_from(
        Delivery
    )
    assert db.session.execute(texts).one() == (400, 400)
    stage.turn()
    assert members(campaign) == {"finished": len(people)}


def test_members_may_leave_while_they_are_taken_along(stage: Stage, sending: Flask) -> None:
    source, people = stage.cast(300)
    campaign = stage.play(tag("a"), tag("b", "a"), tag("c", "b"), text("d", "c"), source=source)
    rebuild(campaign)
    gone = people[::3]

    def leave() -> None:
        for begin in range(0, len(gone), 10):
            remove_members(source, gone[begin : begin + 10])
            rebuild(campaign)

    at_once(sending, leave, *[lambda: Engine(Scope(batch=20)).run()] * (WORKERS - 1))
    stage.turn()
    found = members(campaign)
    assert found["left"] == len(gone)
    assert found["finished"] == len(people) - len(gone)
    live = select(func.count()).where(CampaignStep.status.in_(("waiting", "sending", "open")))
    assert db.session.scalar(live) == 0


def test_a_reply_that_comes_while_its_decision_opens_is_not_lost(
    stage: Stage, sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, (ann,) = stage.cast(1)
    stage.play(
        text("hello"),
        replies("ask", "hello"),
        tag("glad", "ask", path="yes"),
        source=source,
    )
    looked, heard = threading.Event(), threading.Event()

    def look(*given: Any) -> Any:
        found = read_since(*given)
        looked.set()
        heard.wait(1)  # whoever hears it waits for us in vain, and must not have heard it
        return found

    def answer() -> None:
        assert looked.wait(60)
        stage.reply(ann, "Yes")
        with clock.at(stage.now):
            react(EventTypes(), Courses())
        heard.set()

    monkeypatch.setattr(decisions, "read_since", look)
    at_once(sending, stage.turn, answer)
    stage.turn()
    assert tags(ann) == ["glad"]


def test_a_merge_while_the_engine_is_at_work_loses_no_journey(
    stage: Stage, sending: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, people = stage.cast(24)
    winners, losers = people[:12], people[12:]
    campaign = stage.play(
        tag("a"), tag("b", "a", timing=after(1)), tag("c", "b"), tag("d", "c"), source=source
    )
    stage.turn()
    with transaction() as session:
        gone = SegmentMember.contact_id.in_(winners)
        session.execute(delete(SegmentMember).where(gone))
    stage.turn()
    assert members(campaign) == {"active": 12, "left": 12}
    stage.leap(days=1)
    lay_after = steps.lay_after

    def slowly(*given: Any, **more: Any) -> int:
        time.sleep(0.05)
        return lay_after(*given, **more)

    monkeypatch.setattr(steps, "lay_after", slowly)

    def engine() -> None:
        for _ in range(3):
            with clock.at(stage.now):
                Engine(Scope(batch=3)).run()

    def merge() -> None:
        for winner, loser in zip(winners, losers, strict=True):
            with clock.at(stage.now):
                merge_contacts(winner, loser)

    at_once(sending, engine, engine, merge)
    monkeypatch.undo()
    stage.turn()
    assert members(campaign) == {"finished": 12}
    for winner in winners:
        assert tags(winner) == ["a", "b", "c", "d"]
