"""The clock: APScheduler ticks, the work itself is claimed in the database.

So any number of processes may run a clock. It is started after a fork and
stopped before the process ends.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import traceback
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from heliograph.broadcasts.run import keep_sending
from heliograph.campaigns.engine import ENDING
from heliograph.db import db, renew_turns
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.reconcile import silent_providers
from heliograph.garbage import collect_less_often
from heliograph.host import Job
from heliograph.installation import settings_of
from heliograph.jobs.register import all_jobs
from heliograph.jobs.runs import run_job
from heliograph.meters import STORE_EVERY, current_meters

log = logging.getLogger(__name__)

THREADS = 12
AT_WORK = 300.0  # seconds; a job that takes longer is named in the log, with the place
SEND_EVERY = 1
RECOVER_EVERY = 10
RECONCILE_EVERY = 60
STOP_SECONDS = 6.0


class Clock:
    """APScheduler and the delivery loop of one process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop: DeliveryLoop | None = None
        self._ending = threading.Lock()
        self._at_work: dict[str, tuple[float, int]] = {}  # since when, in which thread
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60},
            timezone="UTC",
        )

    def start(self) -> None:
        self._app.extensions[ENDING] = False
        self._loop = DeliveryLoop(self._app)
        with self._app.app_context():
            jobs = all_jobs()
        for job in jobs:
            run = partial(self._run, job)
            self._scheduler.add_job(run, "interval", seconds=job.every, id=job.key)
        self._scheduler.add_job(self._send, "interval", seconds=SEND_EVERY, id="deliveries.send")
        self._scheduler.add_job(
            self._recover, "interval", seconds=RECOVER_EVERY, id="deliveries.recover"
        )
        self._scheduler.add_job(
            self._reconcile, "interval", seconds=RECONCILE_EVERY, id="deliveries.reconcile"
        )
        self._scheduler.add_job(self._count, "interval", seconds=STORE_EVERY, id="meters.store")
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking, then let what is in flight land. Who comes second waits for the first."""
        with self._ending:
            if self._loop is None:
                return
            loop, self._loop = self._loop, None
            self._app.extensions[ENDING] = True
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            loop.stop(STOP_SECONDS)

    def _run(self, job: Job) -> None:
        self._at_work[job.key] = (time.monotonic(), threading.get_ident())
        try:
            run_job(self._app, job)
        finally:
            self._at_work.pop(job.key, None)

    def _tell_of_hanging(self) -> None:
        """Name jobs that do not end, each once: they do not begin again until they do."""
        now, frames = time.monotonic(), sys._current_frames()  # noqa: SLF001
        for key, (since, thread) in list(self._at_work.items()):
            if now - since > AT_WORK and thread in frames:
                where = "".join(traceback.format_stack(frames[thread]))
                words = "job %s has been at work for %.0f seconds, and does not end:\n%s"
                log.error(words, key, now - since, where, extra={"job": key})
                self._at_work[key] = (float("inf"), thread)

    def _send(self) -> None:
        loop = self._loop
        if loop is not None:
            with self._app.app_context():
                keep_sending(loop)

    def _recover(self) -> None:
        loop = self._loop
        if loop is not None:
            with self._app.app_context():
                loop.begin_recovery()

    def _count(self) -> None:
        self._tell_of_hanging()
        with self._app.app_context():
            current_meters().store()

    def _reconcile(self) -> None:
        loop = self._loop
        if loop is None:
            return
        with self._app.app_context():
            names = silent_providers()
        for name in names:
            loop.reconcile(name)


def start_clock(app: Flask) -> Clock | None:
    """Start the clock of this process, which serves from now on, unless it is switched off.

    Under `gunicorn --preload` it runs in the master, once.
    """
    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:  # a forked child must not share open connections
        os.register_at_fork(after_in_child=partial(engine.dispose, close=False))
    os.register_at_fork(after_in_child=partial(renew_turns, app))
    collect_less_often()
    if settings_of(app).scheduler == "off":
        return None
    clock = Clock(app)
    clock.start()
    owner = os.getpid()
    atexit.register(lambda: clock.stop() if os.getpid() == owner else None)
    return clock
