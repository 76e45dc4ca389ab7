"""A server in a world of its own: a file says how late it is there, what fails, when it dies.

The process is `heliograph serve` with its real web, clock and delivery loop. What is
changed in it, at one seam each: what time it is, how its phones answer, where it dies,
and that it waits less.

python -m tests.campaigns.world FILE serve --demo --port 8000
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from heliograph import clock, db

ROOT = Path(__file__).parent.parent.parent
BEFORE_DEATH = 4  # texts that go out


class World:
    """What a test does with it. `now` is the time that the server sees, UTC."""

    def __init__(self, folder: Path, environment: dict[str, str], port: int) -> None:
        self._file = folder / "world.json"
        self._environment = environment | {"PYTHONPATH": str(ROOT)}
        self._port = port
        self._state: dict[str, Any] = {"ahead": 0.0, "outage": False, "dies": ""}
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"http://127.0.0.1:{port}"
        self._change()

    def _change(self, **change: Any) -> None:
        self._state |= change
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(self._state))
        new.replace(self._file)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._state["ahead"])

    def leap(self, moment: datetime) -> None:
        """Let it be *moment* there; time goes on from then."""
        self._change(ahead=(moment - datetime.now(UTC)).total_seconds())

    def outage(self, on: bool) -> None:
        """The provider refuses even numbers, and gives no clear answer for odd ones."""
        self._change(outage=on)

    def dies(self, step: str) -> None:
        """The server kills itself when it comes to *step*: texting, or thanking."""
        self._change(dies=step)

    def start(self) -> None:
        """Start the server, which will not die by itself; see `answers`."""
        self._change(dies="")
        arguments = ["serve", "--demo", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.world", str(self._file), *arguments],
            env=self._environment,
            start_new_session=True,
        )

    @property
    def is_dead(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """Kill -9 the server and each process of it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def enter(path: Path) -> None:
    """Have this process live in the world that *path* describes."""

    def world() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    clock.now = lambda: datetime.now(UTC) + timedelta(seconds=world()["ahead"])
    db.database_now = db.utcnow  # before anything has it: PostgreSQL's clock cannot be set
    # now the rest may be imported
    from heliograph.campaigns import sending  # noqa: PLC0415
    from heliograph.deliveries import carrier, loop  # noqa: PLC0415
    from tests.deliveries import lives  # noqa: PLC0415

    lives.hurry()
    loop.LEASE, carrier.REST_SECONDS = 0.5, 1.0
    change_phones(world)

    def thanks() -> None:
        if world()["dies"] == "thanking":
            die()

    sending.queue_texts = lives.around(sending.queue_texts, before=thanks)


def change_phones(world: Callable[[], dict[str, Any]]) -> None:
    """Give the simulated network its outages."""
    from heliograph.channel import Failure, FailureKind  # noqa: PLC0415
    from heliograph.plugins.simulator.provider import Simulator  # noqa: PLC0415

    sent, send, find = itertools.count(), Simulator.send, Simulator.find

    def sends(self: Any, text: Any) -> Any:
        if world()["outage"]:
            if int(text.to[-1]) % 2:
                raise TimeoutError("nobody answers")
            raise Failure(FailureKind.TRANSIENT, "Our network is down.")
        if world()["dies"] == "texting" and next(sent) >= BEFORE_DEATH:
            time.sleep(0.3)  # those before are on their phones by now
            die()
        return send(self, text)

    def finds(self: Any, text: Any) -> Any:
        if world()["outage"]:
            raise Failure(FailureKind.UNKNOWN_OUTCOME, "Our network is down.")
        return find(self, text)

    Simulator.send, Simulator.find = sends, finds  # type: ignore[method-assign]


def die() -> None:
    """Kill -9 this server, its master too."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    enter(Path(sys.argv[1]))
    from heliograph.cli import main

    main(sys.argv[2:])
