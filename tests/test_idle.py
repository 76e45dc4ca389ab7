"""A server with nothing to do writes nothing, but that it has looked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from heliograph.db import db
from heliograph.figures import DailyFigure, refresh_figures
from heliograph.host import current_host
from heliograph.jobs.models import JobRun
from heliograph.jobs.register import all_jobs
from heliograph.jobs.runs import LOOKED, SAY_SO, run_job
from heliograph.replies.models import Reply

SOON = 600  # seconds; what runs less often writes down each run


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that change something, meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().split()[0].upper() in ("INSERT", "UPDATE", "DELETE", "COPY"):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def run_all(app: Flask) -> None:
    for job in all_jobs():
        if job.every < SOON:
            run_job(app, job)


def test_jobs_that_find_nothing_write_once_a_minute_that_they_looked(sending: Flask) -> None:
    current_host().enable("simulator")
    run_all(sending)  # the figures of the first days
    with writes() as found:
        for _ in range(3):
            run_all(sending)
    assert found == []
    sending.extensions[LOOKED].written_at -= SAY_SO.total_seconds()
    with writes() as found:
        run_all(sending)
        assert [words.split()[2] for words in found if words.startswith("INSERT")] == ["job_runs"]
        assert len(found) == 2
    soon = {job.key for job in all_jobs() if job.every < SOON}
    assert soon <= set(db.session.scalars(select(JobRun.key)))


def test_figures_are_written_for_the_day_that_changed_alone(sending: Flask) -> None:
    refresh_figures()
    with writes() as found:
        refresh_figures()
    assert found == []
    with db.session.begin_nested():
        reply = {"provider": "recorder", "provider_id": "IN1", "number": "+33612345678"}
        db.session.add(Reply(**reply, text="Hi"))
    db.session.commit()
    with writes() as found:
        refresh_figures()
    assert len(found) == 2  # that day's old figures go, its new ones come
    days = select(DailyFigure.day).where(DailyFigure.name == "replies", DailyFigure.count == 1)
    assert len(db.session.scalars(days).all()) == 1
