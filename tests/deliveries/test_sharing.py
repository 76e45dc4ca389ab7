"""Several processes send one broadcast together: no text twice, none left out."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from multiprocessing.connection import Connection

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import begin, get_broadcast
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.broadcasts.run import Options, send_one
from heliograph.db import db, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from tests.counterpart.connection import connect
from tests.counterpart.fast import fast_counterpart
from tests.deliveries.lives import make
from tests.deliveries.nursery import environment_of
from tests.fixtures import add_people, statuses

TEXTS = 10_000
LATENCY, LINES = 0.05, 40


def share(environment: dict[str, str], broadcast_id: int, pipe: Connection) -> None:
    """A process: say that it is ready, send from the broadcast, tell how many it sent."""
    app = make(environment)
    with app.app_context():
        loop = DeliveryLoop(app)
        pipe.send("ready")
        pipe.recv()
        tally = send_one(loop, broadcast_id, Options(), None)
        loop.stop()
    pipe.send(tally.accepted)


@pytest.mark.parametrize(
    ("database_url", "processes"), [("postgresql", 4), ("sqlite", 2)], indirect=["database_url"]
)
def test_processes_share_a_broadcast_exactly(app: Flask, processes: int) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.deliveries.lives", "tests.deliveries.test_sharing"])
    with fast_counterpart(LATENCY) as fast:
        connect(fast, connections=str(LINES))
        broadcast_id = planned()
        pipes = [context.Pipe() for _ in range(processes)]
        running = [
            context.Process(target=share, args=(environment_of(app), broadcast_id, end))
            for _, end in pipes
        ]
        for process in running:
            process.start()
        ours = [pipe for pipe, _ in pipes]
        assert [pipe.recv() for pipe in ours] == ["ready"] * processes
        for pipe in ours:
            pipe.send("go")
        sent = [pipe.recv() for pipe in ours]
        for process in running:
            process.join(60)
    assert sum(sent) == TEXTS, sent
    assert min(sent) > TEXTS // processes // 10, sent
    assert statuses(broadcast_id) == {"accepted": TEXTS}
    assert get_broadcast(broadcast_id).status == "finished"
    took = Counter(fast.numbers)
    assert len(took) == TEXTS
    assert set(took.values()) == {1}


def planned() -> int:
    segment = create_segment("everybody")
    add_members(segment.id, add_people(TEXTS))
    made = create_message(name="Shared", text="Hi", segments=[segment.id], publish_up=utcnow())
    begin(made.id)
    plan_broadcast(made.id)
    db.session.rollback()
    return made.id
