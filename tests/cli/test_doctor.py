"""The doctor finds what is stuck, says the mend, and exits with 1 only for what is broken."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from heliograph import leases
from heliograph.broadcasts.lifecycle import pause
from heliograph.channel import Failure, FailureKind, Status, StatusReport
from heliograph.checkup import BAD, NOTE, OK, Finding, look_over
from heliograph.checkup.database import look_at_database
from heliograph.checkup.machine import look_at_clock, look_at_disk
from heliograph.checkup.settings import look_at_address, look_at_way_out
from heliograph.db import db, dialect_name, transaction, utcnow
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.models import StatusReport as ReportRow
from heliograph.deliveries.pace import hold_sender
from heliograph.deliveries.reports import receive_status
from heliograph.host import Job, current_host
from heliograph.installation import current_settings
from heliograph.jobs import clock
from heliograph.jobs.lateness import look_at_jobs
from heliograph.jobs.models import JobRun
from heliograph.jobs.register import core_jobs
from heliograph.jobs.runs import run_job

Run = Callable[..., Any]
SENDER = "+15005550006"


def found(what: str) -> list[Finding]:
    """The findings about *what*, of all there are."""
    db.session.rollback()
    return [one for one in (*look_over(), *look_at_jobs()) if one.what.startswith(what)]


def change_texts(**values: Any) -> None:
    with transaction() as session:
        session.execute(db.update(Delivery).where(Delivery.status != "accepted").values(**values))


@pytest.fixture
def halfway(crowd: Any, send: Any, desk: Any) -> int:
    """A broadcast of three texts, one of which is out."""
    message, _ = crowd(3)
    send(limit=1)
    return int(message.id)


def test_a_sound_installation_is_no_error(run: Run, halfway: int) -> None:
    findings = run("doctor", "--json")
    assert {one["level"] for one in findings} <= {OK, NOTE}
    assert {one["mend"][:5] for one in findings if one["what"] == "jobs"} == {"Start"}
    words = run("doctor")
    assert "✓ database: " in words
    assert "· users: There are none yet. Run: heliograph user create" in words


def test_texts_that_nobody_asks_about_are_broken(run: Run, halfway: int) -> None:
    change_texts(status="sending", lease_until=utcnow() - timedelta(seconds=5))
    assert [one.level for one in found("texts without")] == [NOTE]
    change_texts(lease_until=utcnow() - timedelta(minutes=6))
    (finding,) = found("texts without")
    assert finding.text == "2 texts may have gone out, and no process asks the provider."
    assert "✗ texts without an answer: 2 texts" in run("doctor", code=1)


def test_unclear_texts_are_for_a_person_to_decide_on(run: Run, halfway: int) -> None:
    change_texts(status="unknown")
    (finding,) = found("unclear texts")
    assert finding.level == NOTE
    assert finding.text == "Nobody can tell whether 2 texts went out."
    assert finding.mend.endswith(f"heliograph broadcasts settle {halfway}")


def test_a_broadcast_that_nobody_sends_is_broken_and_a_waiting_one_is_not(
    run: Run, halfway: int
) -> None:
    hold_sender("recorder", SENDER, utcnow() + timedelta(hours=1), "The daily limit is reached.")
    assert [one.level for one in found("broadcast")] == [NOTE]
    assert "The daily limit is reached." in found(f"sender {SENDER} of recorder")[0].text
    run("doctor")
    with time_machine.travel(utcnow() + timedelta(hours=2), tick=True):
        (finding,) = found(f"broadcast {halfway}")
        assert (finding.level, "no process seems to send" in finding.text) == (BAD, True)
        run("doctor", code=1)
    current_host().disable("recorder")
    (finding,) = found(f"broadcast {halfway}")
    assert (finding.level, finding.mend) == (BAD, "Run: heliograph plugins enable recorder")
    pause(halfway)
    assert found("broadcast") == []


def test_a_broadcast_that_paused_itself_is_named(
    run: Run, crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(1)
    desk.failures = [Failure(FailureKind.ACCOUNT, "Wrong token.", code="20003")]
    send()
    (finding,) = found("broadcast")
    assert (finding.level, finding.text) == (NOTE, "It paused itself. Wrong token.")
    assert finding.mend.endswith(f"heliograph broadcasts resume {message.id}")


def test_a_text_that_somebody_waits_for_is_missed(halfway: int) -> None:
    queue_text(halfway, number="+33699999999", contact=None, provider="recorder", source="test")
    assert found("single texts") == []
    with time_machine.travel(utcnow() + timedelta(minutes=3), tick=True):
        (finding,) = found("single texts")
        assert (finding.level, finding.mend[:5]) == (BAD, "Start")
        hold_sender("recorder", SENDER, utcnow() + timedelta(hours=1), "Slow down.")
        (finding,) = found("single texts")
        assert (finding.level, "Slow down." in finding.text) == (NOTE, True)


def test_old_reports_of_unknown_texts_are_counted(halfway: int) -> None:
    receive_status("recorder", StatusReport("elsewhere", Status.DELIVERED))
    assert found("reports") == []
    with transaction() as session:
        session.execute(db.update(ReportRow).values(at=utcnow() - timedelta(days=2)))
    (finding,) = found("reports")
    assert finding.text == "1 status report, older than a day, fit no text that is here."


def test_jobs_that_are_late_are_named(sending: Flask) -> None:
    assert [one.text for one in found("job")] == ["None has run yet."]
    first, second = core_jobs()[:2]
    for job in (first, second):
        run_job(sending, job, forced=True)
    assert found("job") == []
    with time_machine.travel(utcnow() + timedelta(minutes=6), tick=True):
        (finding,) = found("job")
        assert (finding.level, finding.what) == (BAD, "jobs")
        assert "nothing is sent either" in finding.text
        run_job(sending, second, forced=True)
        (finding,) = found("job")
        assert (finding.level, finding.what) == (BAD, f"job {first.key}")
        with transaction() as session:  # it is at work, for long
            session.get_one(JobRun, first.key).lease_until = utcnow() + timedelta(minutes=4)
        assert found("job") == []


def test_a_job_that_finds_nothing_to_do_is_not_late(sending: Flask) -> None:
    worked = Job("campaigns.run", 1, lambda: "7 steps", shared=True)
    idle = Job("campaigns.run", 1, lambda: None, shared=True, wanted=lambda: False)
    other = core_jobs()[0]
    for job in (worked, other):
        run_job(sending, job, forced=True)
    with time_machine.travel(utcnow() + timedelta(minutes=31), tick=True):
        run_job(sending, other, forced=True)
        (finding,) = found("job")
        assert finding.what == "job campaigns.run"  # as if it had hung since
        run_job(sending, idle)
        assert found("job") == []


def test_a_job_that_does_not_end_is_named(sending: Flask) -> None:
    first = core_jobs()[0]
    run_job(sending, first)
    with transaction() as session:
        row = session.get_one(JobRun, first.key)
        row.started_at, row.lease_until = utcnow() - timedelta(hours=2), utcnow() + leases.LEASE
    (finding,) = found("job")
    assert (finding.level, "It has been at work since" in finding.text) == (NOTE, True)


def test_the_log_says_where_a_job_hangs(
    sending: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hang_here() -> None:
        begun.set()
        gate.wait(30)

    monkeypatch.setattr(clock, "AT_WORK", 0.0)
    ticking = clock.Clock(sending)
    thread = threading.Thread(target=lambda: ticking._run(Job("core.hangs", 60, hang_here)))
    thread.start()
    assert begun.wait(20)
    for _ in range(2):
        ticking._tell_of_hanging()
    gate.set()
    thread.join(20)
    (line,) = [one.getMessage() for one in caplog.records if "does not end" in one.getMessage()]
    assert "core.hangs" in line
    assert "hang_here" in line


def test_a_job_that_failed_is_broken(sending: Flask) -> None:
    def fail() -> str | None:
        raise ZeroDivisionError("by zero")

    run_job(sending, Job(core_jobs()[0].key, 2, fail))
    assert [(one.level, one.text) for one in found("job")] == [(BAD, "ZeroDivisionError: by zero")]


def test_a_full_disk_is_seen_before_it_is_full(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    for free, level in ((50 * 2**30, OK), (2**29, NOTE), (2**20, BAD)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: usage(0, 0, free))
        assert look_at_disk().level == level


def test_a_clock_that_was_set_back_is_seen(halfway: int) -> None:
    assert list(look_at_clock()) == []
    with time_machine.travel(utcnow() - timedelta(hours=1), tick=True):
        findings = list(look_at_clock())
    assert "yet to come" in findings[-1].text
    if dialect_name() == "postgresql":
        assert (findings[0].level, "apart from the database's" in findings[0].text) == (BAD, True)


def test_a_database_that_may_forget_is_broken(app: Flask) -> None:
    assert {one.level for one in look_at_database()} == {OK, NOTE}
    if dialect_name() == "sqlite":
        db.session.rollback()
        db.session.connection().connection.execute("COMMIT")  # a pragma waits for no transaction
        db.session.connection().connection.execute("PRAGMA synchronous=NORMAL")
        what, words = "SQLite safety", "synchronous is 1"
    else:
        db.session.execute(text("SET synchronous_commit = off"))
        what, words = "PostgreSQL synchronous_commit", "It is off"
    (finding,) = [one for one in look_at_database() if one.level == BAD]
    assert finding.what == what
    assert words in finding.text


@pytest.mark.parametrize(
    ("address", "level", "words"),
    [
        ("", NOTE, "not set"),
        ("https://sms.example.com/mautic", OK, "https://sms.example.com/mautic"),
        ("http://sms.example.com", NOTE, "not https"),
        ("https://", BAD, "names no host"),
        ("https://x.example/a/sms/twilio/callback", BAD, "not the address of Heliograph itself"),
        ("https://x.example/?a=1", BAD, "not the address of Heliograph itself"),
    ],
)
def test_the_public_address_has_the_right_shape(
    app: Flask, address: str, level: str, words: str
) -> None:
    first = next(look_at_address(address))
    assert first.level == level
    assert words in first.text
    if level == BAD and "x.example" in address:
        assert first.mend.endswith(("https://x.example/a.", "https://x.example."))


@pytest.mark.parametrize(
    ("address", "level"),
    [
        ("https://sms.example.com/mautic", OK),
        ("https://8.8.8.8", OK),
        ("http://localhost:8000", NOTE),
        ("https://10.0.0.3", NOTE),
        ("https://[::1]:8000", NOTE),
        ("https://intranet", NOTE),
    ],
)
def test_a_provider_must_reach_its_callbacks(app: Flask, address: str, level: str) -> None:
    current_host().upgrade_tables()
    current_host().enable("simulator")
    current_host().enable("twilio")
    db.session.rollback()
    findings = {one.what: one for one in look_at_address(address)}
    assert findings["callbacks of simulator"].level == OK
    assert findings["callbacks of twilio"].level == level
    assert f"{address}/sms/twilio/callback" in findings["callbacks of twilio"].text


def test_the_way_out_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hush@proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "socks5://me:hush@proxy.example:1080")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/company.pem")
    good, proxy, file = look_at_way_out()
    assert (good.level, good.text) == (
        OK,
        "https goes through http://proxy.example:3128 (HTTPS_PROXY)",
    )
    assert (proxy.level, proxy.text) == (BAD, "HTTP_PROXY is no address of an HTTP proxy.")
    assert file.level == BAD
    assert "SSL_CERT_FILE=/nowhere/company.pem cannot be read" in file.text
    assert "hush" not in f"{good}{proxy}{file}"


def test_quiet_hours_by_utc_are_worth_a_word(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = replace(current_settings(), quiet_hours="21:00-08:00", frequency_cap="often")
    monkeypatch.setitem(app.extensions, "heliograph_settings", given)
    assert found("time zone")[0].level == NOTE
    assert "often" in found("settings")[0].text
    monkeypatch.setitem(
        app.extensions, "heliograph_settings", replace(given, timezone="Europe/Paris")
    )
    assert [one.level for one in found("time zone")] == [OK]
