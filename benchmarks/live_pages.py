"""Pages of a server that sends a large broadcast to the simulator, against an idle one.

python -m benchmarks.live_pages [--quick]
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from benchmarks.callbacks import serving
from benchmarks.figures import Figures, figure, print_figures
from benchmarks.scene import Scene, crowd, scene
from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.db import db, utcnow
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.users import create_user

NOBODY = "http://127.0.0.1:9"
EMAIL, PASSWORD = "ann@example.com", "four words make one"
PAGES = ("/", "/broadcasts/", "/broadcasts/{0}", "/broadcasts/{0}/progress", "/contacts/")
PAUSE = 0.05  # between two visits of the one visitor
IDLE_VISITS = 200


class Visitor:
    """Somebody who is signed in and looks around."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        form = self._session.get(f"{self._base}/login", timeout=60).text
        token = re.search(r'name="csrf-token" content="([^"]+)"', form)
        assert token is not None
        given = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1]}
        answer = self._session.post(f"{self._base}/login", given, timeout=60)
        assert answer.ok, answer.text[:500]

    def seconds(self, path: str) -> float:
        begun = time.perf_counter()
        answer = self._session.get(self._base + path, timeout=60)
        taken = time.perf_counter() - begun
        assert answer.status_code == 200, path
        return taken

    def look_around(self, broadcast_id: int, go_on: Callable[[int], bool]) -> list[float]:
        """Seconds of each visit, page after page, as long as *go_on* says so."""
        taken: list[float] = []
        while go_on(len(taken)):
            for page in PAGES:
                taken.append(self.seconds(page.format(broadcast_id)))
                time.sleep(PAUSE)
        return taken


def broadcast_to(count: int, name: str) -> int:
    segment_id = crowd(count, name)
    made = create_message(name=name, text="Hello", segments=[segment_id], publish_up=utcnow())
    db.session.rollback()
    return made.id


def status(broadcast_id: int) -> str:
    found = get_broadcast(broadcast_id).status
    db.session.rollback()
    return found


def wait_until_finished(broadcast_id: int) -> None:
    while status(broadcast_id) != "finished":
        time.sleep(0.2)


def ready(made: Scene) -> None:
    host = current_host()
    host.disable("twilio")
    host.enable("simulator", default=True)
    create_user(EMAIL, PASSWORD, role="admin", first_name="Ann")
    made.environment.update(HELIOGRAPH_SCHEDULER="on", HELIOGRAPH_PUBLIC_URL="")


def measure(*, quick: bool = False) -> Figures:
    texts = 10_000 if quick else 100_000
    heliograph = str(Path(sys.executable).parent / "heliograph")
    with scene(NOBODY) as made:
        ready(made)
        first = broadcast_to(1000, "few")
        db.session.rollback()
        with serving([heliograph, "serve", "--port"], made.environment) as port:
            visitor = Visitor(port)
            wait_until_finished(first)
            visitor.look_around(first, lambda visits: visits < 30)  # fills caches
            idle = visitor.look_around(first, lambda visits: visits < IDLE_VISITS)
            begun = time.perf_counter()
            second = broadcast_to(texts, "many")
            busy = visitor.look_around(second, lambda _visits: status(second) != "finished")
            seconds = time.perf_counter() - begun
    calm, p95 = percentile(idle), percentile(busy)
    print(
        f"pages: p95 {calm * 1000:.0f} ms idle, {p95 * 1000:.0f} ms ({len(busy)} visits) while "
        f"{texts:,} texts went out in {seconds:.0f} s",
        file=sys.stderr,
    )
    return figure(f"p95 of pages while {texts:,} texts go out / idle", p95 / calm, 3.0)


def percentile(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the texts")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
