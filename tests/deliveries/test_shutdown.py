"""SIGTERM in the middle of broadcasts: the end comes soon, nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.run import start_due
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from tests.counterpart import Counterpart
from tests.counterpart.connection import connect
from tests.deliveries.lives import live
from tests.deliveries.nursery import Nursery, end, environment_of
from tests.fixtures import a_number, add_people, busy, statuses
from tests.test_end_to_end import HELIOGRAPH, free_port, wait_until

BROADCASTS, PEOPLE, LINES = 3, 20, 12
SECONDS_TO_END = 10.0
SERVE = [str(HELIOGRAPH), "serve", "--port"]
WORKER = [str(HELIOGRAPH), "worker"]
GUNICORN = [*(sys.executable, "-m", "gunicorn", "wsgi:app", "--graceful-timeout", "9"), "-b"]


def ready_broadcasts() -> list[int]:
    found = []
    for at in range(BROADCASTS):
        segment = create_segment(f"part {at}")
        add_members(segment.id, add_people(PEOPLE, first=at * PEOPLE))
        made = create_message(name="Hi", text="Hi", segments=[segment.id], publish_up=utcnow())
        found.append(made.id)
    db.session.rollback()
    return found


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[[list[str]], subprocess.Popen[bytes]]]:
    """Starts a command on the installation under test."""
    kept = {name: value for name, value in os.environ.items() if "HELIOGRAPH" not in name}
    running = []

    def run(command: list[str]) -> subprocess.Popen[bytes]:
        where = {SERVE[-1]: [str(free_port())], GUNICORN[-1]: [f"127.0.0.1:{free_port()}"]}
        process = subprocess.Popen(
            [*command, *where.get(command[-1], [])], env=kept | environment_of(app)
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.wait()


def stop(process: subprocess.Popen[bytes]) -> float:
    """SIGTERM; how many seconds the process took to end well."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    return time.monotonic() - begun


def hanging_later() -> Callable[[str], str | None]:
    """No answer any more, before or after a text was taken, once each broadcast had one."""
    chance, answered = random.Random(4), set[int]()
    parts = {a_number(person): person // PEOPLE for person in range(BROADCASTS * PEOPLE)}

    def fault_of(number: str) -> str | None:
        if len(answered) == BROADCASTS:
            return chance.choice(("hang", "accept_and_hang"))
        answered.add(parts[number])
        return None

    return fault_of


@pytest.mark.parametrize(
    ("database_url", "command"),
    [("sqlite", SERVE), ("postgresql", WORKER)],
    indirect=["database_url"],
    ids=["serve on sqlite", "worker on postgresql"],
)
def test_a_server_whose_texts_hang_ends_soon_and_nobody_gets_two(
    app: Flask,
    counterpart: Counterpart,
    start: Callable[[list[str]], subprocess.Popen[bytes]],
    command: list[str],
) -> None:
    connect(counterpart, connections=str(LINES))
    broadcasts = ready_broadcasts()
    start_due()  # all of them: else the first may be answered before the last begins
    counterpart.latency = 0.5
    counterpart.fault_of, counterpart.hang_seconds = hanging_later(), 60
    process = start(command)
    wait_until(lambda: counterpart.hanging >= LINES, 60)
    assert stop(process) < SECONDS_TO_END * busy()
    counterpart.fault_of = None
    assert all("accepted" in statuses(one) for one in broadcasts)
    assert 0 < len(counterpart.texts) < BROADCASTS * PEOPLE

    again = Nursery().begin(live, environment_of(app))
    try:
        wait_until(lambda: all(statuses(one) == {"accepted": PEOPLE} for one in broadcasts), 90)
    finally:
        end(again)
    texts = Counter(text.to for text in counterpart.texts)
    assert len(texts) == BROADCASTS * PEOPLE
    assert set(texts.values()) == {1}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_in_flight_lands_and_is_recorded_under_plain_gunicorn(
    app: Flask,
    counterpart: Counterpart,
    start: Callable[[list[str]], subprocess.Popen[bytes]],
) -> None:
    connect(counterpart, connections=str(LINES))
    broadcasts = ready_broadcasts()
    counterpart.latency = 1.0
    process = start(GUNICORN)
    wait_until(lambda: len(counterpart.texts) >= LINES, 60)
    assert stop(process) < SECONDS_TO_END * busy()
    found: Counter[str] = sum((Counter(statuses(one)) for one in broadcasts), Counter())
    assert found == {
        "accepted": len(counterpart.texts),
        "queued": BROADCASTS * PEOPLE - len(counterpart.texts),
    }


def test_the_loop_ends_while_a_look_up_hangs(sending: Flask) -> None:
    current_host().enable("plodder")
    plodder = sys.modules["heliograph.plugins.plodder"].Plodder
    asked, never = threading.Event(), threading.Event()

    def hang(_provider: Any, _text: Any) -> list[Any]:
        asked.set()
        never.wait(60)
        return []

    past = utcnow()
    with transaction() as session:
        session.add(
            Delivery(
                source="test",
                number=a_number(1),
                provider="plodder",
                text="Hi",
                status="sending",
                attempted_at=past,
                lease_until=past,
            )
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plodder, "find", hang)
        patch.setattr(plodder, "timeout", 50.0)
        loop = DeliveryLoop(sending)
        looked_up = loop.recover_provider("plodder")
        assert asked.wait(30)
        begun = time.monotonic()
        loop.stop(3)
        assert time.monotonic() - begun < SECONDS_TO_END * busy()
        never.set()
    assert looked_up.done()
