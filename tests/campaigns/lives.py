"""Server processes with a campaign in them, killed with -9 at a named step, or whenever.

Each is a real process with the real clock and delivery loop; it waits less than usual.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from core import create_app
from core.campaigns import batches, engine, kickoff, membership, outside, react, sending, work
from core.jobs import clock
from core.settings import Settings
from tests.deliveries import lives
from tests.deliveries.lives import around

OURS = (
    "joining",
    "kickoff",
    "in a step",
    "after a step",
    "queueing texts",
    "settling texts",
    "hearing",
    "during a webhook",
    "before its record",
)
STEPS = (*OURS, "after claim", "during call", "before record")
LEASE = timedelta(seconds=2)


def live(environment: dict[str, str], step: str, countdown: int) -> None:
    """The process: take members through until killed, by the fuse or from outside."""
    lives.hurry()
    outside.LEASE = LEASE
    work.REBUILD_LEASE, work.REBUILD_EVERY = LEASE, timedelta(seconds=1)
    # small batches, so that a death meets others on their way
    work.INSIDE_SCOPE = replace(work.INSIDE_SCOPE, batch=7)
    app = create_app(Settings.from_environment(environment))
    provider = app.extensions["heliograph_plugins"].get("twilio").contributions.providers[0]
    provider.settles_after = 0.5
    if step in OURS:
        light(step, countdown)
    else:
        lives.light(provider, step, countdown)
    clock.start_clock(app)
    while True:
        time.sleep(1)


def light(step: str, countdown: int) -> None:
    """Kill this process the *countdown*th time it comes to *step*."""
    burn = lives.fuse(countdown)
    if step == "joining":
        membership.join = around(membership.join, after=burn)
    elif step == "kickoff":
        kickoff.lay_first = around(kickoff.lay_first, after=burn)
    elif step == "in a step":
        batches.deal_with = around(batches.deal_with, after=burn)
    elif step == "after a step":
        engine.run_batch = around(engine.run_batch, after=burn)
    elif step == "queueing texts":
        sending.queue_texts = around(sending.queue_texts, after=burn)
    elif step == "settling texts":
        sending.settle_steps = around(sending.settle_steps, after=burn)
    elif step == "hearing":
        react.hear = around(react.hear, after=burn)
    elif step == "during a webhook":
        outside.run_one = around(outside.run_one, after=burn)
    elif step == "before its record":
        outside.record = around(outside.record, before=burn)
