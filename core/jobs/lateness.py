"""Jobs that did not run when they should have: no clock runs, or one job is stuck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from heliograph.checkup import BAD, NOTE, Finding
from heliograph.db import utcnow
from heliograph.host import Job, current_host
from heliograph.jobs.models import JobRun
from heliograph.jobs.register import owner_of
from heliograph.jobs.runs import list_runs

LEAST = timedelta(minutes=5)
LONG = timedelta(hours=1)
START = "Start heliograph serve, or heliograph worker, with HELIOGRAPH_SCHEDULER=on."


def look_at_jobs() -> Iterator[Finding]:
    """Those that failed, and those that are late."""
    runs = [(job, run) for job, run in list_runs() if is_on(job)]
    begun = {run.key: run.started_at for _, run in runs if run and run.started_at}
    if not begun:
        yield Finding(NOTE, "jobs", "None has run yet.", START)
        return
    late = [(job, run) for job, run in runs if is_late(job, run, utcnow())]
    if begun.keys() <= {job.key for job, _ in late}:
        newest = max(begun.values())
        words = f"None has run since {newest:%Y-%m-%d %H:%M} UTC: nothing is sent either."
        yield Finding(BAD, "jobs", words, START)
    else:
        yield from (late_finding(job, run) for job, run in late)
    yield from long_at_work(runs)
    for job, run in runs:
        if run is not None and run.error:
            yield Finding(BAD, f"job {job.key}", run.error.strip().splitlines()[-1])


def is_on(job: Job) -> bool:
    owner = owner_of(job)
    return owner is None or current_host().is_enabled(owner)


def is_late(job: Job, run: JobRun | None, now: datetime) -> bool:
    """Ten turns missed, five minutes at least; not while it is at work.

    One of core's that never ran is just beginning: they come with the server.
    """
    if run is None or run.started_at is None:
        return owner_of(job) is not None
    if run.lease_until is not None and run.lease_until > now:
        return False
    return now - run.started_at > max(10 * timedelta(seconds=job.every), LEAST)


def long_at_work(runs: Sequence[tuple[Job, JobRun | None]]) -> Iterator[Finding]:
    """Jobs that have begun and do not end, though their process says that they run."""
    now = utcnow()
    for job, run in runs:
        if run is None or run.started_at is None or run.lease_until is None:
            continue
        if run.lease_until > now and now - run.started_at > LONG:
            words = f"It has been at work since {run.started_at:%Y-%m-%d %H:%M} UTC."
            yield Finding(NOTE, f"job {job.key}", words, "If it hangs, its log says where.")


def late_finding(job: Job, run: JobRun | None) -> Finding:
    if run is None or run.started_at is None:
        words = "It has never run, though others do."
        return Finding(NOTE, f"job {job.key}", words, "Restart the server, if it is new.")
    words = f"It has not run since {run.started_at:%Y-%m-%d %H:%M} UTC, though others do."
    return Finding(BAD, f"job {job.key}", words, "Restart the server, and look at its log.")
