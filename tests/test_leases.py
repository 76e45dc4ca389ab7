"""Leases: short, kept while the work lasts, and free at once when who held them is dead."""

from __future__ import annotations

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph import leases
from heliograph.db import database_now, db, transaction, utcnow
from heliograph.host import Job
from heliograph.jobs.models import JobRun
from heliograph.jobs.runs import run_job
from heliograph.leases import kept, locked_row, take_lease
from heliograph.owners import is_alive, machine, new_owner, process_name
from tests.test_end_to_end import wait_until

LONG_AGO = datetime.min.replace(tzinfo=UTC)
KEY = "a.job"


def taken(owner: str | None, ends_in: float) -> str | None:
    """Who may take a lease that *owner* has for so many seconds more."""
    with transaction() as session:
        session.merge(
            JobRun(
                key=KEY,
                result="",
                error="",
                owner=owner,
                lease_until=database_now() + timedelta(seconds=ends_in),
            )
        )
        session.flush()
        return take_lease(locked_row(JobRun, KEY))


def dead_owner(signal: str = "kill") -> str:
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    process.start()
    owner = f"{process_name(process.pid or 0)}:x"
    assert is_alive(owner)
    process.kill()
    deadline = time.monotonic() + 5
    while is_alive(owner) and time.monotonic() < deadline:
        time.sleep(0.01)
    if signal == "buried":
        process.join()
    return owner


@pytest.mark.skipif(not machine(), reason="this system does not tell of other processes")
@pytest.mark.parametrize("when", ["kill", "buried"])
def test_the_lease_of_a_process_that_was_killed_is_free_at_once(app: Flask, when: str) -> None:
    assert taken(dead_owner(when), ends_in=30) is not None


def test_a_lease_of_this_process_outlasts_its_end_while_it_cannot_be_lengthened(app: Flask) -> None:
    assert taken(new_owner(), ends_in=30) is None
    if machine():  # on SQLite it may have held the write lock until now
        assert taken(new_owner(), ends_in=-60) is None
    assert taken(new_owner(), ends_in=-660) is not None


def test_of_another_machine_only_the_lease_tells(app: Flask) -> None:
    elsewhere = "another-boot/4026531836:1:123:abc"
    assert taken(elsewhere, ends_in=5) is None
    assert taken(elsewhere, ends_in=-1) is not None
    assert taken(None, ends_in=5) is None
    assert taken(None, ends_in=-1) is not None


def test_a_pid_that_another_process_has_by_now_is_no_sign_of_life() -> None:
    where, pid, began, _ = new_owner().split(":")
    assert is_alive(f"{where}:{pid}:{began}:x")
    if machine():
        assert is_alive(f"{where}:{pid}:{int(began) - 1}:x") is False


def test_a_lease_is_lengthened_while_the_work_lasts_and_no_longer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT", 0.05)
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=5))
    owner = taken(None, ends_in=-1)
    assert owner
    with kept(JobRun, KEY, owner):
        first = lease_until()
        wait_until(lambda: lease_until() > first, 20)
        second = lease_until()
        wait_until(lambda: lease_until() > second, 20)
        assert lease_until() > database_now()
    wait_until(lambda: "lease" not in {thread.name for thread in threading.enumerate()}, 20)


def lease_until() -> datetime:
    db.session.rollback()
    return db.session.scalars(db.select(JobRun.lease_until)).one() or LONG_AGO


def test_who_lost_a_lease_does_not_give_it_back(app: Flask) -> None:
    def lose() -> str:
        with transaction() as session:
            session.get_one(JobRun, KEY).owner = "another-boot/1:2:3:4"
        return "done"

    run_job(app, Job(KEY, 60, lose))
    row = db.session.get_one(JobRun, KEY, populate_existing=True)
    assert (row.owner, row.result) == ("another-boot/1:2:3:4", "")
    assert row.lease_until is not None


def test_an_exit_inside_the_work_frees_it_soon(app: Flask) -> None:
    def leave() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(app, Job(KEY, 60, leave))
    row = db.session.get_one(JobRun, KEY, populate_existing=True)
    assert row.owner is None
    assert row.lease_until is not None
    assert row.lease_until <= utcnow() + leases.LEASE


def test_a_job_runs_in_one_thread_at_a_time(app: Flask) -> None:
    begun, gate, results = threading.Event(), threading.Event(), []

    def wait() -> str:
        begun.set()
        assert gate.wait(20)
        return "done"

    first = threading.Thread(target=lambda: results.append(run_job(app, Job(KEY, 60, wait))))
    first.start()
    assert begun.wait(20)
    assert run_job(app, Job(KEY, 60, lambda: "twice")) == "another process is running it"
    gate.set()
    first.join(20)
    assert results == ["done"]
    assert run_job(app, Job(KEY, 60, lambda: "again")) == "again"
