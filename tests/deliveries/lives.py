"""Server processes that are killed with -9 at a named step, or whenever.

Each is a real process with the real clock and delivery loop. What is changed in
it: it waits less (leases, ticks), and it may carry a fuse at one step.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from flask import Flask

from heliograph import create_app
from heliograph.deliveries import claim, courier, outcome_writer, recovery
from heliograph.jobs import clock
from heliograph.settings import Settings

STEPS = (
    "before claim",
    "after claim",
    "during call",
    "after answer",
    "before record",
    "during look-up",
)
LEASE = 2.0
# a function of a module or class, and whether a life ends before it or after
Place = tuple[Any, str, Literal["before", "after"]]
PLACES: dict[str, Place] = {
    "before claim": (courier, "claim_texts", "before"),
    "after claim": (courier, "claim_texts", "after"),
    "before record": (outcome_writer, "record_outcomes", "before"),
}


def hurry() -> None:
    """Wait for nothing longer than a test can."""
    claim.LEASE = courier.LEASE = LEASE
    recovery.AGAIN_AFTER *= 0
    recovery.RECOVERY_LEASE = recovery.ANSWERS_WITHIN = timedelta(seconds=LEASE)
    recovery.ASK_AGAIN = timedelta(seconds=1)
    clock.SEND_EVERY = clock.RECOVER_EVERY = 0.2  # type: ignore[assignment]


def make(environment: dict[str, str]) -> Flask:
    return create_app(Settings.from_environment(environment))


def live(environment: dict[str, str], step: str, countdown: int) -> None:
    """The process: send until killed, by the fuse or from outside."""
    hurry()
    app = make(environment)
    provider = app.extensions["heliograph_plugins"].get("twilio").contributions.providers[0]
    provider.settles_after = 0.5
    light(provider, step, countdown)
    clock.start_clock(app)
    while True:
        time.sleep(1)


def light(provider: Any, step: str, countdown: int) -> None:
    """Kill this process the *countdown*th time it comes to *step*."""
    burn = fuse(countdown)
    if step in PLACES:
        lay(PLACES[step], burn)
    elif step == "during look-up":
        lay((provider, "find", "before"), burn)
    elif step in ("during call", "after answer"):
        provider.send = during(provider.send, burn, meanwhile=step == "during call")


def lay(place: Place, burn: Callable[[], None]) -> None:
    """Have *burn* called at this place."""
    owner, name, when = place
    setattr(owner, name, around(getattr(owner, name), **{when: burn}))


def fuse(countdown: int) -> Callable[[], None]:
    """What kills this process when it is called the *countdown*th time."""
    left = [countdown]

    def burn() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return burn


def around(
    function: Callable[..., Any],
    *,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], None] = lambda: None,
) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        before()
        result = function(*arguments, **named)
        after()
        return result

    return called


def during(
    send: Callable[..., Any], burn: Callable[[], None], *, meanwhile: bool
) -> Callable[..., Any]:
    async def sent(provider: Any, text: Any) -> Any:
        call = asyncio.ensure_future(send(provider, text))
        if meanwhile:  # the request is on its way, the answer is not
            await asyncio.sleep(random.uniform(0, 0.05))
            burn()
        answer = await call
        if not meanwhile:
            burn()
        return answer

    return sent
