"""Killed with -9 while a job runs: the next process goes on with it within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func

from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.imports import create_import, pending, runner
from heliograph.imports.models import FINISHED, UNDONE, Import
from heliograph.imports.undo import begin_undo
from heliograph.jobs import clock, register
from heliograph.jobs.models import JobRun
from heliograph.segments import count_members, create_segment, refresh
from tests.deliveries import lives
from tests.deliveries.nursery import Nursery, end, environment_of
from tests.fixtures import add_people, busy

SECONDS_TO_DIE = 30
SECONDS = 8.0  # until another process has taken over; a lease alone would be 30
ROWS, BATCH = 450, 100
PLACES: dict[str, lives.Place] = {
    "segments.refresh": (refresh, "refresh_segment", "after"),
    "imports.run": (runner, "store_records", "after"),
    "undoing": (pending, "undo_import", "before"),
    "deliveries.match": (register, "match_waiting_reports", "after"),
    "figures.refresh": (register, "refresh_figures", "after"),
}


def live(environment: dict[str, str], step: str, countdown: int) -> None:
    """A server whose jobs come often; it dies the *countdown*th time that it is at *step*.

    They run whether there is anything to do or not.
    """
    runner.BATCH = BATCH
    often = register.all_jobs
    clock.all_jobs = lambda: [
        replace(job, every=min(job.every, 0.5), wanted=None) for job in often()
    ]
    if step:
        lives.lay(PLACES[step], lives.fuse(countdown))
    lives.live(environment, "", 0)


def die(app: Flask, nursery: Nursery, step: str, countdown: int = 1) -> None:
    process = nursery.begin(live, environment_of(app), step, countdown)
    process.join(SECONDS_TO_DIE * busy())
    assert end(process), f"it did not come to {step}"


def wait_for(what: Callable[[], bool]) -> float:
    """How many seconds it took."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < SECONDS * busy(), "nobody went on with it"
        time.sleep(0.1)
    return time.monotonic() - begun


def run_of(key: str) -> JobRun:
    db.session.rollback()
    return db.session.get_one(JobRun, key, populate_existing=True)


def has_ended(key: str, since: datetime) -> bool:
    ended = run_of(key).finished_at
    return ended is not None and ended > since


@pytest.mark.parametrize("key", ["segments.refresh", "deliveries.match", "figures.refresh"])
def test_a_job_that_was_killed_runs_again_at_once(app: Flask, nursery: Nursery, key: str) -> None:
    add_people(5)
    filters = {"field": "first_name", "operator": "starts_with", "value": "Ann"}
    segments = [create_segment(name, filters).id for name in ("one", "two")]
    die(app, nursery, key)
    left = run_of(key)
    assert left.lease_until is not None  # it had no time to give its lease back
    assert left.lease_until > utcnow()
    since = utcnow()
    second = nursery.begin(live, environment_of(app))
    try:
        wait_for(lambda: has_ended(key, since))
        if key == "segments.refresh":
            assert [count_members(segment) for segment in segments] == [5, 5]
    finally:
        end(second)


def uploaded(folder: Path) -> int:
    file = folder / "people.csv"
    rows = [f"+33612{number:06}" for number in range(ROWS)]
    file.write_text("mobile\n" + "\n".join(rows) + "\n")
    return create_import(file, filename="people.csv").id


def state_of(import_id: int) -> Import:
    db.session.rollback()
    return db.session.get_one(Import, import_id, populate_existing=True)


def test_an_import_that_was_running_goes_on_and_imports_nobody_twice(
    app: Flask, nursery: Nursery, tmp_path: Path
) -> None:
    import_id = uploaded(tmp_path)
    die(app, nursery, "imports.run", countdown=3)
    half = state_of(import_id)
    assert (half.status, half.rows_done) == ("running", 2 * BATCH)
    second = nursery.begin(live, environment_of(app))
    try:
        wait_for(lambda: state_of(import_id).status == FINISHED)
    finally:
        end(second)
    done = state_of(import_id)
    assert (done.rows_done, done.created, done.updated, done.rejected) == (ROWS, ROWS, 0, 0)
    assert db.session.scalar(db.select(func.count()).select_from(Contact)) == ROWS


def test_an_undoing_that_was_running_goes_on(app: Flask, nursery: Nursery, tmp_path: Path) -> None:
    import_id = uploaded(tmp_path)
    runner.run_import(import_id)
    begin_undo(import_id)
    die(app, nursery, "undoing")
    second = nursery.begin(live, environment_of(app))
    try:
        wait_for(lambda: state_of(import_id).status == UNDONE)
    finally:
        end(second)
    assert db.session.scalar(db.select(func.count()).select_from(Contact)) == 0
