"""Planning a broadcast against a bare INSERT … SELECT of the same rows."""

from __future__ import annotations

import argparse
import json
import statistics
import time

from sqlalchemy import text

from benchmarks.figures import Figures, figure, installation, print_figures
from core.broadcasts.lifecycle import begin
from core.broadcasts.plan import plan_broadcast
from core.db import db, utcnow
from core.dnc import MANUAL, add_dnc
from core.host import current_host
from core.messages import create_message
from core.segments import create_segment

ROUNDS = 3
BARE = """
INSERT INTO deliveries (source, source_id, broadcast_id, message_id, recipient_id, contact_id,
    number, provider, sender, encoding, parts, status, reason, detail, error_code, attempts,
    currency, created_at)
SELECT 'broadcast', :id, :id, :id, c.id, c.id, c.mobile, 'simulator', 'x', '', 0, 'queued', '',
    '', '', 0, '', '2026-01-01 00:00:00.000000'
FROM contacts c JOIN segment_members m ON m.contact_id = c.id WHERE m.segment_id = :segment
"""


def people(count: int, segment_id: int) -> None:
    connection = db.session.connection()
    rows = [(f"+336{number:08}", f"Ann{number}") for number in range(count)]
    connection.exec_driver_sql(
        "INSERT INTO contacts (mobile, number_status, first_name, last_name, email, company, city,"
        " country, locale, timezone, custom, created_at, updated_at) VALUES (?, 'ok', ?, '', '',"
        " '', '', 'FR', '', '', '{}', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
        rows,
    )
    connection.exec_driver_sql(
        "INSERT INTO segment_members (segment_id, contact_id, origin, added_at)"
        f" SELECT {segment_id}, id, 'hand', '2026-01-01 00:00:00' FROM contacts"
    )
    db.session.commit()


def message(segment_id: int) -> int:
    made = create_message(name="Bench", text="Hi", segments=[segment_id], publish_up=utcnow())
    return made.id


def empty() -> None:
    db.session.execute(text("DELETE FROM deliveries"))
    db.session.execute(text("DELETE FROM broadcast_skips"))
    db.session.commit()


def ours(segment_id: int) -> float:
    broadcast = begin(message(segment_id))
    begun = time.perf_counter()
    plan_broadcast(broadcast.id)
    return time.perf_counter() - begun


def bare(segment_id: int) -> float:
    broadcast = begin(message(segment_id))
    begun = time.perf_counter()
    db.session.execute(text(BARE), {"id": broadcast.id, "segment": segment_id})
    db.session.commit()
    return time.perf_counter() - begun


def measure(count: int = 200_000) -> Figures:
    """Interleaved rounds on SQLite; the ratio of the medians."""
    with installation():
        current_host().enable("simulator")
        segment_id = create_segment("everybody").id
        people(count, segment_id)
        for number in range(0, count, max(1, count // 100)):  # one in a hundred is out
            add_dnc(f"+336{number:08}", reason=MANUAL)
        times: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(ROUNDS):
            times["ours"].append(ours(segment_id))
            empty()
            times["bare"].append(bare(segment_id))
            empty()
    ratio = statistics.median(times["ours"]) / statistics.median(times["bare"])
    return figure(f"plan {count:,} / bare INSERT SELECT", ratio, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=200_000)
    options = parser.parse_args()
    figures = measure(options.rows)
    if options.json:
        print(json.dumps(figures))
        return
    print_figures(figures)


if __name__ == "__main__":
    main()
