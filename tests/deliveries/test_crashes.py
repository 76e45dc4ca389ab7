"""Killed with -9 again and again: each recipient gets one text all the same.

make test ARGS="tests/deliveries/test_crashes.py --deaths 500"   # a longer run
"""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from flask import Flask

from tests.counterpart import Counterpart
from tests.counterpart.connection import ready_broadcast
from tests.deliveries.lives import STEPS, live
from tests.deliveries.nursery import Nursery, end, environment_of
from tests.fixtures import statuses

EACH = 25  # texts for each death
SECONDS_TO_DIE = 8
SECONDS_TO_END = 60


@pytest.mark.timeout(3600)
def test_whatever_dies_each_contact_gets_one_text(
    app: Flask, counterpart: Counterpart, nursery: Nursery, deaths: int
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
    last = nursery.begin(live, environment)
    until = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < until and statuses(broadcast_id) != {"accepted": EACH * deaths}:
        time.sleep(0.3)
    end(last)
    assert statuses(broadcast_id) == {"accepted": EACH * deaths}
    texts = Counter(text.to for text in counterpart.texts)
    assert len(texts) == EACH * deaths
    assert set(texts.values()) == {1}


def one_life(
    nursery: Nursery, environment: dict[str, str], step: str, chance: random.Random
) -> bool:
    """A process that dies; True when it died at its step, not of our impatience."""
    texts = chance.randint(1, 8) if step in ("during call", "after answer") else 1
    process = nursery.begin(live, environment, step, texts)
    process.join(chance.uniform(0.5, 2) if step == "whenever" else SECONDS_TO_DIE)
    return end(process)
