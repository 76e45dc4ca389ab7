"""Killed with -9 again and again: each recipient gets one text all the same.

make test ARGS="tests/deliveries/test_crashes.py --deaths 500"   # a longer run
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from core.db import db, utcnow
from core.host import current_host
from core.installation import settings_of
from core.messages import create_message
from core.segments import add_members, create_segment
from tests.counterpart import Counterpart
from tests.counterpart.fast import Fast
from tests.deliveries.lives import STEPS, live
from tests.fixtures import add_people, statuses

EACH = 25  # texts for each death
SECONDS_TO_DIE = 8
SECONDS_TO_END = 60


@pytest.fixture(scope="module")
def nursery() -> Iterator[Any]:
    """Forks processes off one that has everything imported, so that lives begin fast."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.deliveries.lives"])
    return context


@pytest.mark.timeout(3600)
def test_whatever_dies_each_contact_gets_one_text(
    app: Flask, counterpart: Counterpart, nursery: Any, deaths: int
) -> None:
    environment = environment_of(app)
    chance = random.Random(20261123)
    broadcast_id = ready_broadcast(counterpart, EACH * deaths)
    counterpart.latency = 0.03
    died = Counter[str]()
    for number in range(deaths):
        step = (*STEPS, "whenever")[number % (len(STEPS) + 1)]
        died[step] += one_life(nursery, environment, step, chance)
    assert min(died[step] for step in STEPS) >= deaths // 8, died
    last = nursery.Process(target=live, args=(environment, "", 0), daemon=True)
    last.start()
    end = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < end and statuses(broadcast_id) != {"accepted": EACH * deaths}:
        time.sleep(0.3)
    last.kill()
    last.join()
    assert statuses(broadcast_id) == {"accepted": EACH * deaths}
    texts = Counter(text.to for text in counterpart.texts)
    assert len(texts) == EACH * deaths
    assert set(texts.values()) == {1}


def one_life(nursery: Any, environment: dict[str, str], step: str, chance: random.Random) -> bool:
    """A process that dies; True when it died at its step, not of our impatience."""
    texts = chance.randint(1, 8) if step in ("during call", "after answer") else 1
    process = nursery.Process(target=live, args=(environment, step, texts), daemon=True)
    process.start()
    process.join(chance.uniform(0.5, 2) if step == "whenever" else SECONDS_TO_DIE)
    by_itself = not process.is_alive()
    process.kill()
    process.join()
    return by_itself


def ready_broadcast(counterpart: Counterpart, count: int) -> int:
    """A scheduled broadcast through Twilio to *count* contacts."""
    connect(counterpart)
    segment = create_segment("everybody")
    add_members(segment.id, add_people(count))
    made = create_message(name="Crash", text="Hi", segments=[segment.id], publish_up=utcnow())
    db.session.rollback()
    return made.id


def connect(counterpart: Counterpart | Fast, **changes: str) -> None:
    given = {
        "account_sid": counterpart.account_sid,
        "auth_token": counterpart.auth_token,
        "from_number": counterpart.number,
        "api_base_url": counterpart.url,
        "connections": "4",
    }
    current_host().configure("twilio", given | changes)
    current_host().enable("twilio")


def environment_of(app: Flask) -> dict[str, str]:
    settings = settings_of(app)
    return {
        "HELIOGRAPH_DATA_DIR": str(settings.data_dir),
        "HELIOGRAPH_DATABASE_URL": settings.database_url,
        "HELIOGRAPH_SECRET_KEY": settings.secret_key,
    }
