"""Sending a broadcast: speed, processor time, processes, claims and memory.

python -m benchmarks.delivery [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import text

from benchmarks import bare_client
from benchmarks.counterpart import NUMBER, Counterpart, counterpart
from benchmarks.figures import Figures, at_least, figure, print_figures
from benchmarks.scene import TEXT, Scene, crowd, scene
from heliograph.db import db
from heliograph.deliveries.claim import Scope, claim_texts
from tests.databases import Postgres

LATENCY, SLOW = 0.05, 0.4
IN_FLIGHT, FEW_IN_FLIGHT = 200, 50


@dataclass(frozen=True)
class Bound:
    """So many calls in flight, so many seconds each: no client in the world sends faster."""

    in_flight: int
    latency: float
    bar: float
    with_cpu: bool = False

    @property
    def rate(self) -> float:
        return self.in_flight / self.latency

    @property
    def words(self) -> str:
        return f"{self.in_flight} in flight, {self.latency * 1000:.0f} ms"


# what a real account gets, and what shows the cost of each text
BOUNDS = (Bound(100, 0.15, 0.95), Bound(IN_FLIGHT, LATENCY, 0.50, with_cpu=True))


@contextmanager
def installation(
    url: str, server: Postgres | None, name: str, connections: int = IN_FLIGHT
) -> Iterator[Scene]:
    """A scene on SQLite, or on a database of its own on *server*."""
    database = server.create(name) if server else ""
    with scene(url, database_url=database, connections=connections) as made:
        yield made
    if server:
        server.drop(name)


def send(made: Scene, segment_id: int, processes: int = 1) -> dict[str, float]:
    """Plan a broadcast, send it with so many processes; what they measured, together."""
    broadcast_id = made.begin_broadcast(segment_id)
    runs = [made.sender(broadcast_id) for _ in range(processes)]
    for run in runs:
        run.ready()
    for run in runs:
        run.go()
    results = [run.result() for run in runs]
    texts = sum(result["texts"] for result in results)
    return {
        "texts": texts,
        "rate": texts / max(result["seconds"] for result in results),
        "cpu": results[0]["cpu"],
        "memory": max(result["memory"] for result in results),
    }


def speed(seconds: float, rounds: int) -> Figures:
    """End to end on both databases against what the latency lets through, in turn."""
    figures: Figures = {}
    for bound in BOUNDS:
        figures |= against(bound, round(bound.rate * seconds), rounds)
    return figures


def against(bound: Bound, texts: int, rounds: int) -> Figures:
    rates: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    cpu: list[float] = []
    bare: list[float] = []
    with (
        counterpart(bound.latency) as network,
        Postgres.start() as server,
        installation(network.url, None, "", bound.in_flight) as small,
        installation(network.url, server, "bench_speed", bound.in_flight) as large,
    ):
        scenes = {"SQLite": small, "PostgreSQL": large}
        segments = {}
        for name, made in scenes.items():
            with made.app.app_context():
                segments[name] = crowd(texts)
        for _ in range(rounds):
            bare.append(bare_client.measure(network.port, texts, bound.in_flight).cpu)
            for name, made in scenes.items():
                with made.app.app_context():
                    result = send(made, segments[name])
                assert result["texts"] == texts, result
                rates[name].append(result["rate"])
                if name == "SQLite":
                    cpu.append(result["cpu"])
    ours, least = statistics.median(cpu), statistics.median(bare)
    tell("bare aiohttp loop", least, "µs a text")
    tell("processor time", ours, "µs a text")
    figures: Figures = {}
    for name, found in rates.items():
        tell(name, statistics.median(found), f"texts/s of {bound.rate:.0f}")
        share = statistics.median(found) / bound.rate
        figures |= at_least(f"broadcast on {name} / {bound.words}", share, bound.bar)
    if bound.with_cpu:
        figures |= figure("CPU of a text / bare aiohttp POST loop", ours / least, 2.2)
    return figures


def processes(seconds: float) -> Figures:
    """Two and four processes against one: the latency is the limit, not the cores."""
    rates = {}
    with counterpart(SLOW) as network, Postgres.start() as server:
        for count in (1, 2, 4):
            texts = round(FEW_IN_FLIGHT / SLOW * seconds) * count
            with installation(network.url, server, f"bench_{count}", FEW_IN_FLIGHT) as made:
                result = send(made, crowd(texts), count)
            assert result["texts"] == texts, result
            rates[count] = result["rate"]
            tell(f"{count} processes", result["rate"], "texts/s")
    return {
        **at_least("two processes / one", rates[2] / rates[1], 1.9),
        **at_least("four processes / one", rates[4] / rates[1], 3.6),
    }


def claims(rows: int, rounds: int) -> Figures:
    """Seconds of a claim with many rows pending against few, in turn, on PostgreSQL."""
    few = 10_000
    taken: dict[int, list[float]] = {few: [], rows: []}
    with Postgres.start() as server, installation("http://127.0.0.1:9", server, "claims") as made:
        broadcasts = {count: made.begin_broadcast(crowd(count, f"c{count}")) for count in taken}
        db.session.execute(text("ANALYZE deliveries"))
        db.session.commit()
        for _ in range(rounds):
            for count, broadcast_id in broadcasts.items():
                begun = time.perf_counter()
                found = claim_texts(Scope("twilio", NUMBER, broadcast_id=broadcast_id), 400)
                taken[count].append(time.perf_counter() - begun)
                assert len(found.texts) == 400
    middle = {count: statistics.median(times) for count, times in taken.items()}
    return figure(f"claim with {rows:,} pending / {few:,}", middle[rows] / middle[few], 1.2)


def links(rounds: int) -> Figures:
    """Seconds of a claim of texts with a link against texts without, in turn, on SQLite."""
    taken: dict[str, list[float]] = {TEXT: [], f"{TEXT} https://shop.example/sale": []}
    with installation("http://127.0.0.1:9", None, "") as made:
        segment_id = crowd(400 * rounds)
        broadcasts = {words: made.begin_broadcast(segment_id, words) for words in taken}
        for _ in range(rounds):
            for words, broadcast_id in broadcasts.items():
                begun = time.perf_counter()
                found = claim_texts(Scope("twilio", NUMBER, broadcast_id=broadcast_id), 400)
                taken[words].append(time.perf_counter() - begun)
                assert len(found.texts) == 400
    without, with_link = (statistics.median(times) for times in taken.values())
    return figure("claim of texts with a link / without", with_link / without, 1.5)


def memory(rows: int, network: Counterpart) -> Figures:
    """Peak memory of a process that sends from a large broadcast against a small one."""
    peak = {}
    for count in (10_000, rows):
        with installation(network.url, None, "") as made:
            broadcast_id = made.begin_broadcast(crowd(count))
            run = made.sender(broadcast_id, limit=10_000)
            run.ready()
            run.go()
            peak[count] = run.result()["memory"]
    more = peak[rows] - peak[10_000]
    return figure(f"memory: MB more with {rows:,} recipients than with 10,000", more, 50)


def tell(what: str, value: float, unit: str) -> None:
    print(f"{what:20} {value:9.1f} {unit}", file=sys.stderr)


def measure(*, quick: bool = False) -> Figures:
    figures: Figures = {}
    figures |= speed(10, 1) if quick else speed(20, 3)
    figures |= processes(14 if quick else 20)
    figures |= links(10 if quick else 30)
    figures |= claims(100_000 if quick else 1_000_000, 9)
    with counterpart(LATENCY) as network:
        figures |= memory(100_000 if quick else 1_000_000, network)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one round")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
