"""Running one job: never twice at once, with its result written down."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask, g
from sqlalchemy import select, update

from heliograph.db import change_rows, db, insert_new, transaction, utcnow
from heliograph.errors import NotFound
from heliograph.host import Job, current_host
from heliograph.host.guard import guarded
from heliograph.jobs.models import JobRun
from heliograph.jobs.register import all_jobs, owner_of
from heliograph.leases import give_back, kept, locked_row, take_lease

log = logging.getLogger(__name__)

SAY_SO = timedelta(minutes=1)  # a job that finds nothing to do tells that it has looked
LOOKED = "heliograph_looked"
NOBODY = ""  # owns the run of a shared job


def run_job(app: Flask, job: Job, *, forced: bool = False) -> str | None:
    """Run *job* unless another process does; returns its result.

    With *forced* (a person asked) an error is raised, else it is logged.
    """
    with app.app_context():
        owner = owner_of(job)
        if owner is not None and not current_host().is_enabled(owner):
            return None
        g.plugin = owner
        if not forced and job.wanted is not None and not is_wanted(job):
            note_look(app, job)
            return None
        mine = take(job)
        if mine is None:
            return "another process is running it"
        begun = time.monotonic()
        try:
            with kept(JobRun, job.key, mine) if mine else nullcontext():
                result = checked(guarded(job.run))
        except Exception as error:
            finish(job, mine, begun, "", "".join(traceback.format_exception(error)))
            if forced:
                raise
            log.exception("job %s failed", job.key, extra={"job": job.key, "plugin": owner})
            return None
        if result or not job.shared:
            finish(job, mine, begun, result or "", "")
        else:
            note_look(app, job)
        return result


def is_wanted(job: Job) -> bool:
    """Whether there is something to do; a job that cannot tell is run, and shows its error."""
    try:
        return job.wanted is None or bool(guarded(job.wanted))
    except Exception:
        log.exception("job %s cannot tell whether there is work", job.key, extra={"job": job.key})
        return True


def checked(result: object) -> str | None:
    """What a job answers is a line of words, or None."""
    return result if result is None else str(result)


def take(job: Job) -> str | None:
    """Claim the job; its owner, or None when another process runs it. A shared one has none."""
    if job.shared:
        return NOBODY
    with transaction() as session:
        row = locked_row(JobRun, job.key)
        if row is None:
            insert_new(JobRun, [new_row(job)])
            row = locked_row(JobRun, job.key)
        owner = take_lease(row)
        if owner is not None:
            row.started_at = utcnow()
        session.flush()
    return owner


def new_row(job: Job) -> dict[str, object]:
    return {"key": job.key, "result": "", "error": ""}


def finish(job: Job, owner: str, begun: float, result: str, error: str) -> None:
    seconds = time.monotonic() - begun
    values: dict[str, object] = {"seconds": seconds, "result": result, "error": error}
    values["finished_at"] = utcnow()
    if owner != NOBODY:
        give_back(JobRun, job.key, owner, **values)
        return
    started = utcnow() - timedelta(seconds=seconds)
    with transaction():
        insert_new(JobRun, [new_row(job)])
        run = update(JobRun).where(JobRun.key == job.key)
        change_rows(run.values(started_at=started, **values))


@dataclass(slots=True)
class Looks:
    """The jobs of this process that looked and found nothing, until that is written."""

    written_at: float = float("-inf")
    jobs: dict[str, Job] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def note_look(app: Flask, job: Job) -> None:
    """Say once a minute of all jobs together that they looked: else they would seem stuck."""
    looks: Looks = app.extensions.setdefault(LOOKED, Looks())
    now = time.monotonic()
    with looks.lock:
        looks.jobs[job.key] = job
        if now - looks.written_at < SAY_SO.total_seconds():
            return
        looks.written_at, jobs = now, list(looks.jobs.values())
        looks.jobs.clear()
    with transaction():
        insert_new(JobRun, [new_row(one) for one in jobs])
        own = update(JobRun).where(JobRun.key.in_([one.key for one in jobs]))
        change_rows(own.values(started_at=utcnow()))


def list_runs() -> list[tuple[Job, JobRun | None]]:
    """Each job with its last run."""
    runs = {run.key: run for run in db.session.scalars(select(JobRun))}
    return [(job, runs.get(job.key)) for job in all_jobs()]


def find_job(key: str) -> Job:
    """The job called *key*; raises NotFound with the names there are."""
    jobs: Sequence[Job] = all_jobs()
    for job in jobs:
        if job.key == key:
            return job
    raise NotFound(f"There is no job {key!r}. Jobs: {', '.join(job.key for job in jobs)}.")
