"""Planning a broadcast against a bare INSERT … SELECT of the same rows."""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from sqlalchemy import text

from benchmarks.figures import Figures, figure, print_figures
from benchmarks.scene import crowd, scene
from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.db import db, dialect_name, utcnow
from heliograph.messages import create_message
from tests.databases import Postgres

NOBODY = "http://127.0.0.1:9"
BARE = """
INSERT INTO deliveries (source, source_id, broadcast_id, message_id, recipient_id, contact_id,
    number, provider, sender, encoding, parts, status, reason, detail, error_code, attempts,
    currency, created_at)
SELECT 'broadcast', :id, :id, :id, c.id, c.id, c.mobile, 'twilio', 'x', '', 0, 'queued', '',
    '', '', 0, '', '2026-01-01 00:00:00.000000'
FROM contacts c JOIN segment_members m ON m.contact_id = c.id WHERE m.segment_id = :segment
"""
ONE_IN_A_HUNDRED_IS_OUT = """
INSERT INTO dnc (channel, number, reason, comment, source, created_at)
SELECT 'sms', mobile, 'manual', '', '', created_at FROM contacts WHERE id % 100 = 0
"""


def message(segment_id: int) -> int:
    made = create_message(name="Bench", text="Hi", segments=[segment_id], publish_up=utcnow())
    return begin(made.id).id


def empty() -> None:
    """No rows, and none that are dead either: each round begins alike."""
    if dialect_name() == "postgresql":
        db.session.execute(text("TRUNCATE deliveries, broadcast_skips CASCADE"))
    else:
        db.session.execute(text("DELETE FROM deliveries"))
        db.session.execute(text("DELETE FROM broadcast_skips"))
    db.session.commit()


def ours(segment_id: int) -> float:
    broadcast_id = message(segment_id)
    begun = time.perf_counter()
    plan_broadcast(broadcast_id)
    return time.perf_counter() - begun


def bare(segment_id: int) -> float:
    broadcast_id = message(segment_id)
    begun = time.perf_counter()
    db.session.execute(text(BARE), {"id": broadcast_id, "segment": segment_id})
    db.session.commit()
    return time.perf_counter() - begun


def ratio(count: int, rounds: int, database_url: str) -> float:
    """Interleaved rounds; the ratio of the medians."""
    with scene(NOBODY, database_url=database_url):
        segment_id = crowd(count)
        db.session.execute(text(ONE_IN_A_HUNDRED_IS_OUT))
        db.session.commit()
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(rounds):
            for name, plan in (("ours", ours), ("bare", bare)):
                times[name].append(plan(segment_id))
                empty()
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"plan {count:,}: {middle}", file=sys.stderr)
    return middle["ours"] / middle["bare"]


def measure(*, quick: bool = False) -> Figures:
    rounds = 3 if quick else 5
    small, large = (50_000, 100_000) if quick else (200_000, 1_000_000)
    with Postgres.start() as server:
        on_postgres = ratio(large, rounds, server.create("bench_plan"))
        server.drop("bench_plan")
    return {
        **figure(f"plan {large:,} / INSERT SELECT, PostgreSQL", on_postgres, 1.5),
        **figure(f"plan {small:,} / INSERT SELECT, SQLite", ratio(small, rounds, ""), 2.0),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
