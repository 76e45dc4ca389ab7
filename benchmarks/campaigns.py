"""Campaigns: the cost of a step at two sizes, against a bare loop, and how soon a reply counts.

python -m benchmarks.campaigns [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import func, select, text

from benchmarks.figures import Figures, at_least, figure, print_figures
from benchmarks.scene import crowd, scene
from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.engine import KICKOFF, SCHEDULED, Engine, Scope
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import CampaignMember, CampaignStep
from heliograph.channel import InboundText
from heliograph.contacts.models import Contact
from heliograph.db import db, dialect_name, transaction
from heliograph.jobs.clock import Clock
from heliograph.replies.inbox import receive_reply
from tests.databases import Postgres

CLAIM = {
    "sqlite": "UPDATE bare_steps SET status = 'running', claim = 'x' WHERE id IN (SELECT id FROM"
    " bare_steps WHERE event_id = 1 AND status = 'waiting' AND due_at <= '2100-01-01' ORDER BY"
    " due_at LIMIT 500) RETURNING id",
    "postgresql": "UPDATE bare_steps SET status = 'running', claim = 'x' WHERE id IN (SELECT id"
    " FROM bare_steps WHERE event_id = 1 AND status = 'waiting' AND due_at <= '2100-01-01'"
    " ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id",
}
DONE = "UPDATE bare_steps SET status = 'done', done_at = due_at, claim = NULL WHERE id IN ({ids})"


def campaign(segment_id: int, *events: dict[str, Any]) -> int:
    made = create_campaign(name="Bench")
    save_draft(made.id, {"sources": [segment_id], "events": list(events)}, seen=0)
    publish(made.id)
    return made.id


def one_step() -> list[dict[str, Any]]:
    """The step that is measured, and one that is laid by it and waits."""
    later = {"mode": "interval", "amount": 1, "unit": "days", "hour": "10:00"}
    return [
        {"key": "look", "kind": "condition", "type": "core.valid_mobile"},
        {
            "key": "tag",
            "kind": "action",
            "type": "core.change_tags",
            "parent": "look",
            "path": "yes",
            "config": {"add": ["x"]},
            "timing": later,
        },
    ]


def seconds_of_step(count: int, name: str) -> float:
    """Seconds that one step of *count* members takes."""
    made = campaign(crowd(count, name), *one_step())
    rebuild(made)
    Engine(Scope(only=made, phases=frozenset({KICKOFF}))).run()
    settled()
    engine = Engine(Scope(only=made, phases=frozenset({SCHEDULED})))
    begun = time.perf_counter()
    tally = engine.run()
    taken = time.perf_counter() - begun
    assert tally.steps == count, tally
    laid = select(func.count()).where(
        CampaignStep.campaign_id == made, CampaignStep.status == "waiting"
    )
    assert db.session.scalar(laid) == count
    db.session.rollback()
    return taken


def seconds_bare(count: int) -> float:
    """The same rows of a table like ours: claimed, then updated, and nothing else."""
    copy_table(count)
    settled()
    claim, done = text(CLAIM[dialect_name()]), 0
    begun = time.perf_counter()
    while True:
        with transaction() as session:
            ids = session.scalars(claim).all()
        if not ids:
            break
        with transaction() as session:
            listed = ",".join(map(str, ids))
            session.connection().exec_driver_sql(DONE.format(ids=listed))
        done += len(ids)
    taken = time.perf_counter() - begun
    assert done == count
    return taken


def copy_table(count: int) -> None:
    """`bare_steps`: the columns and indexes of steps, with *count* that are due."""
    with transaction() as session:
        session.execute(text("DROP TABLE IF EXISTS bare_steps"))
        if dialect_name() == "postgresql":
            session.execute(text("CREATE TABLE bare_steps (LIKE campaign_steps INCLUDING ALL)"))
        else:
            for (made,) in session.execute(
                text("SELECT sql FROM sqlite_master WHERE tbl_name = 'campaign_steps' AND sql > ''")
            ).all():
                copied = made.replace("campaign_steps", "bare_steps")
                session.connection().exec_driver_sql(copied)
        columns = (
            "id, campaign_id, event_id, contact_id, rotation, status, due_at, attempts, reason,"
            " detail, opened_at"
        )
        session.execute(
            text(
                f"INSERT INTO bare_steps ({columns}) SELECT row_number() OVER (ORDER BY id), 1, 1,"
                f" id, 1, 'waiting', created_at, 0, '', '', created_at FROM contacts LIMIT {count}"
            )
        )


def settled() -> None:
    """What the database would do meanwhile is done: statistics, and the log."""
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if dialect_name() == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def installation(server: Postgres | None, name: str) -> Iterator[Flask]:
    database = server.create(name) if server else ""
    with scene("http://127.0.0.1:9", database_url=database) as made:
        yield made.app
    if server:
        server.drop(name)


def steps(server: Postgres | None, few: int, many: int, rounds: int) -> Figures:
    """Cost at two sizes, in turn; and the bare loop over the larger."""
    kind = "PostgreSQL" if server else "SQLite"
    taken: dict[str, list[float]] = {"few": [], "many": [], "bare": []}
    for number in range(rounds):
        with installation(server, f"bench_steps_{number}"):
            taken["few"].append(seconds_of_step(few, "few") / few)
            taken["many"].append(seconds_of_step(many, "many") / many)
            taken["bare"].append(seconds_bare(many) / many)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    for name, each in middle.items():
        print(f"{kind:10} {name:6} {each * 1e6:8.1f} µs a contact", file=sys.stderr)
    return {
        **figure(
            f"step of {many:,} / {few:,} members, {kind}", middle["many"] / middle["few"], 1.2
        ),
        **at_least(f"speed of a step / bare loop, {kind}", middle["bare"] / middle["many"], 0.5),
    }


def reply_latency(server: Postgres | None, members: int, replies: int) -> Figures:
    """Seconds until the decision of a reply is taken, while *members* are processed."""
    kind = "PostgreSQL" if server else "SQLite"
    with installation(server, "bench_replies") as app:
        waits = [
            {
                "key": "ask",
                "kind": "decision",
                "type": "core.replies",
                "config": {"to": "any", "wait_amount": 3},
            }
        ]
        asked = campaign(crowd(replies, "asked"), *waits)
        rebuild(asked)
        Engine(Scope(only=asked)).run()
        busy = campaign(crowd(members, "busy"), *one_step())
        rebuild(busy)
        settled()
        clock = Clock(app)
        clock.start()
        latencies = [answer(asked, contact_id) for contact_id in people(asked)]
        left = select(func.count()).where(
            CampaignStep.campaign_id == busy,
            CampaignStep.event_id > 0,
            CampaignStep.status == "done",
        )
        done = db.session.scalar(left) or 0
        clock._scheduler.shutdown(wait=True)  # noqa: SLF001  jobs end before their database
        clock.stop()
        db.session.rollback()
    worst = max(latencies)
    print(
        f"{kind:10} replies: median {statistics.median(latencies):.3f} s, worst {worst:.3f} s,"
        f" {done:,} of {members:,} processed meanwhile",
        file=sys.stderr,
    )
    return figure(f"a reply's decision, s, with {members:,} under way, {kind}", worst, 1.0)


def people(campaign_id: int) -> list[int]:
    query = select(CampaignMember.contact_id).where(CampaignMember.campaign_id == campaign_id)
    return list(db.session.scalars(query))


def answer(campaign_id: int, contact_id: int) -> float:
    number = db.session.scalar(select(Contact.mobile).where(Contact.id == contact_id)) or ""
    db.session.rollback()
    begun = time.perf_counter()
    receive_reply("twilio", InboundText(f"R{contact_id}", number, "+1", "yes"))
    status = select(CampaignStep.status).where(
        CampaignStep.campaign_id == campaign_id, CampaignStep.contact_id == contact_id
    )
    while db.session.scalar(status) != "done":
        db.session.rollback()
        time.sleep(0.005)
        if time.perf_counter() - begun > 60:
            break
    db.session.rollback()
    return time.perf_counter() - begun


def measure(*, quick: bool = False) -> Figures:
    many, rounds = (20_000, 1) if quick else (100_000, 3)
    few = many // 10
    figures: Figures = {}
    with Postgres.start() as server:
        for database in (None, server):
            figures |= steps(database, few, many, rounds)
            figures |= reply_latency(database, many, 20)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the members, one round")
    print_figures(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
