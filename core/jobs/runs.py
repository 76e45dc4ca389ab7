"""Running one job: never twice at once, with its result written down."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Sequence
from datetime import timedelta

from flask import Flask, g
from sqlalchemy import or_, select, update

from core.db import change_rows, db, insert_new, transaction, utcnow
from core.errors import NotFound
from core.host import Job, current_host
from core.host.guard import guarded
from core.jobs.models import JobRun
from core.jobs.register import all_jobs, owner_of

log = logging.getLogger(__name__)

# A process that died in a job keeps others from it for this long at most.
LEASE = timedelta(minutes=10)


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
            return None
        if not take(job):
            return "another process is running it"
        begun = time.monotonic()
        try:
            result = checked(guarded(job.run))
        except Exception as error:
            finish(job, begun, "", "".join(traceback.format_exception(error)))
            if forced:
                raise
            log.exception("job %s failed", job.key, extra={"job": job.key, "plugin": owner})
            return None
        if result or not job.shared:
            finish(job, begun, result or "", "")
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


def take(job: Job) -> bool:
    """Claim the job by compare-and-swap; a shared one needs no claim."""
    if job.shared:
        return True
    now = utcnow()
    free = or_(JobRun.lease_until.is_(None), JobRun.lease_until < now)
    with transaction():
        insert_new(JobRun, [{"key": job.key, "result": "", "error": ""}])
        taken = change_rows(
            update(JobRun)
            .where(JobRun.key == job.key, free)
            .values(lease_until=now + LEASE, started_at=now)
        )
        return bool(taken)


def finish(job: Job, begun: float, result: str, error: str) -> None:
    started: dict[str, object] = {}
    with transaction():
        if job.shared:
            insert_new(JobRun, [{"key": job.key, "result": "", "error": ""}])
            started["started_at"] = utcnow() - timedelta(seconds=time.monotonic() - begun)
        change_rows(
            update(JobRun)
            .where(JobRun.key == job.key)
            .values(
                lease_until=None,
                finished_at=utcnow(),
                seconds=time.monotonic() - begun,
                result=result,
                error=error,
                **started,
            )
        )


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
