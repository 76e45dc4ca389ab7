"""A process that sends one planned broadcast and measures itself (see scene.py)."""

from __future__ import annotations

import json
import resource
import sys
import time

from benchmarks.bare_client import used
from heliograph import create_app
from heliograph.broadcasts.run import Options, send_one
from heliograph.deliveries.loop import DeliveryLoop


def main() -> None:
    app = create_app()
    with app.app_context():
        loop = DeliveryLoop(app)
        print("ready", flush=True)
        sys.stdin.readline()
        before = memory()
        begun, cpu = time.perf_counter(), used()
        tally = send_one(loop, int(sys.argv[1]), Options(limit=int(sys.argv[2]) or None), None)
        taken, cpu = time.perf_counter() - begun, used() - cpu
        loop.stop()
    result = {
        "texts": tally.accepted,
        "seconds": taken,
        "rate": tally.accepted / taken,
        "cpu": cpu / max(tally.accepted, 1) * 1e6,
        "memory": memory() - before,
    }
    print(json.dumps(result), flush=True)


def memory() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
