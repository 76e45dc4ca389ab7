"""Server processes with a campaign in them, killed with -9 at a named step, or whenever.

Each is a real process with the real clock and delivery loop; it waits less than usual.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from heliograph.campaigns import batches, engine, kickoff, membership, outside, react, sending, work
from tests.deliveries import lives

PLACES: dict[str, lives.Place] = {
    "joining": (membership, "join", "after"),
    "kickoff": (kickoff, "lay_first", "after"),
    "in a step": (batches, "deal_with", "after"),
    "after a step": (engine, "run_batch", "after"),
    "queueing texts": (sending, "queue_texts", "after"),
    "settling texts": (sending, "settle_steps", "after"),
    "hearing": (react, "hear", "after"),
    "during a webhook": (outside, "run_one", "after"),
    "before its record": (outside, "record", "before"),
}
STEPS = (*PLACES, "after claim", "during call", "before record")
LEASE = timedelta(seconds=2)


def live(environment: dict[str, str], step: str, countdown: int) -> None:
    """The process: take members through until killed, by the fuse or from outside."""
    outside.LEASE = LEASE
    work.REBUILD_LEASE, work.REBUILD_EVERY = LEASE, timedelta(seconds=1)
    # small batches, so that a death meets others on their way
    work.INSIDE_SCOPE = replace(work.INSIDE_SCOPE, batch=7)
    if step in PLACES:
        lives.lay(PLACES[step], lives.fuse(countdown))
    lives.live(environment, step, countdown)
