"""Killed with -9 again and again: each contact takes each step once all the same.

make test ARGS="tests/campaigns/test_crashes.py --deaths 200"   # a longer run
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.models import CampaignEvent, CampaignStep
from heliograph.channel import InboundText
from heliograph.contacts.models import contact_tags
from heliograph.db import db
from heliograph.messages import create_message
from heliograph.replies.inbox import receive_reply
from heliograph.segments import add_members, create_segment
from tests.campaigns.drawing import event, tag
from tests.campaigns.lives import STEPS, live
from tests.campaigns.receiver import Receiver, receiver
from tests.campaigns.stage import members
from tests.counterpart import Counterpart
from tests.counterpart.connection import connect
from tests.deliveries.nursery import Nursery, end, environment_of
from tests.fixtures import add_people

EACH = 6  # contacts for each death
SECONDS_TO_DIE = 10
SECONDS_TO_END = 90


@pytest.fixture
def hook() -> Iterator[str]:
    with receiver() as address:
        yield f"{address}/"


@pytest.mark.timeout(3600)
def test_whatever_dies_each_step_is_taken_once(
    make_app: Any, counterpart: Counterpart, nursery: Nursery, hook: str, deaths: int
) -> None:
    app: Flask = make_app(public_url="https://sms.example.com", webhook_private="1")
    with app.app_context():
        deaths = deaths // 2 + 2  # each takes longer than that of a sender
        count = EACH * deaths
        connect(counterpart)
        counterpart.latency = 0.02
        people = add_people(count)
        campaign, source = begin(hook)
        environment = environment_of(app) | {"HELIOGRAPH_WEBHOOK_PRIVATE": "1"}
        chance, died = random.Random(20261124), Counter[str]()
        answered: set[str] = set()
        for number in range(deaths):
            step = (*STEPS, "whenever")[number % (len(STEPS) + 1)]
            add_members(source, people[number * EACH : (number + 1) * EACH])
            died[step] += one_life(nursery, environment, step, chance, counterpart, answered)
        last = nursery.begin(live, environment)
        until = time.monotonic() + SECONDS_TO_END
        while time.monotonic() < until and members(campaign) != {"finished": count}:
            answer_all(counterpart, answered)
            db.session.rollback()
            time.sleep(0.3)
        end(last)
        db.session.rollback()
        assert members(campaign) == {"finished": count}, (died, taken(campaign))
        assert taken(campaign) == {
            ("hello", "done", ""): count,
            ("ask", "done", "yes"): count,
            ("tag", "done", ""): count,
            ("call", "done", ""): count,
        }
        texts = Counter(text.to for text in counterpart.texts)
        assert (len(texts), set(texts.values())) == (count, {1})
        tagged = select(func.count()).select_from(contact_tags)
        assert db.session.scalar(tagged) == count
        called = {body["contact"]["id"] for _, body in Receiver.took}
        assert called == set(people)
        # one who dies after the call and before its record calls again, with the same key
        again = len(Receiver.took) - len(
            {headers["idempotency-key"] for headers, _ in Receiver.took}
        )
        assert again <= 16 * deaths
        assert len({headers["idempotency-key"] for headers, _ in Receiver.took}) == count
    assert sum(died.values()) >= deaths * 2 // 3, died


def begin(hook: str) -> tuple[int, int]:
    """The campaign, and the segment that feeds it."""
    message = create_message(name="Hello", text="Hi {contactfield=firstname}").id
    source = create_segment("everybody").id
    made = create_campaign(name="Crash").id
    asked = {"wait_amount": 1, "wait_unit": "hours"}
    events = [
        event("hello", "twilio.send_text", config={"message_id": message}),
        event("ask", "core.replies", "hello", config=asked),
        tag("tag", "ask", path="yes"),
        event("call", "core.webhook", "tag", config={"url": hook}),
    ]
    save_draft(made, {"sources": [source], "events": events}, seen=0)
    publish(made)
    return made, source


def one_life(
    nursery: Nursery,
    environment: dict[str, str],
    step: str,
    chance: random.Random,
    counterpart: Counterpart,
    answered: set[str],
) -> bool:
    """A process that dies; True when it died at its step, not of our impatience."""
    process = nursery.begin(live, environment, step, 1)
    seconds = chance.uniform(1, 3) if step == "whenever" else SECONDS_TO_DIE
    until = time.monotonic() + seconds
    while process.is_alive() and time.monotonic() < until:
        answer_some(counterpart, answered, chance)
        time.sleep(0.1)
    return end(process) and step != "whenever"


def answer_some(counterpart: Counterpart, answered: set[str], chance: random.Random) -> None:
    """A few of those who got their text reply."""
    fresh = sorted({text.to for text in list(counterpart.texts)} - answered)
    for number in chance.sample(fresh, min(2, len(fresh))):
        answer(number)
        answered.add(number)


def answer_all(counterpart: Counterpart, answered: set[str]) -> None:
    for number in sorted({text.to for text in list(counterpart.texts)} - answered):
        answer(number)
        answered.add(number)


def answer(number: str) -> None:
    receive_reply("twilio", InboundText(f"R{number}", number, "+1", "yes"))


def taken(campaign_id: int) -> dict[tuple[str, str, str], int]:
    """How many steps there are of each event, by status and path."""
    query = (
        select(CampaignEvent.key, CampaignStep.status, CampaignStep.path, func.count())
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .where(CampaignStep.campaign_id == campaign_id)
        .group_by(CampaignEvent.key, CampaignStep.status, CampaignStep.path)
    )
    return {(key, status, path): n for key, status, path, n in db.session.execute(query)}
