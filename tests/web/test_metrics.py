"""Metrics: who may read them, that they tell the truth, and that no scrape counts a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from heliograph.broadcasts.models import Broadcast
from heliograph.channel import Failure, FailureKind, InboundText, Sent, Status, StatusReport
from heliograph.checkup import look_over
from heliograph.checkup.gauges import read_gauges
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.calls import CallOutcome, Released
from heliograph.deliveries.counting import count_calls
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.pace import hold_sender
from heliograph.deliveries.reports import receive_status
from heliograph.figures import refresh_figures
from heliograph.host import Job
from heliograph.installation import settings_of
from heliograph.jobs.runs import run_job
from heliograph.meters import EXTENSION, Meters, current_meters, read_meters
from heliograph.replies.inbox import receive_reply
from heliograph.web.metric_families import Families
from tests.crowd import make_crowd
from tests.visitor import Visitor, sign_in
from tests.web.test_speed import SCAN, explained, fill_small_tables, recorded

Crowd = Callable[..., Any]
Send = Callable[..., Any]
SENDER = "+15005550006"
ROOT = Path(__file__).parent.parent.parent
TOKEN = "a token of the tests"


def with_token(app: Flask, token: str) -> None:
    settings = replace(settings_of(app), metrics_token=token)
    app.extensions["heliograph_settings"] = settings


def scrape(app: Flask) -> dict[str, float]:
    """Each sample by its name and labels, such as `heliograph_texts_queued{kind="single"}`."""
    with_token(app, TOKEN)
    answer = Visitor(app).get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200, answer.text
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            found[name.removeprefix("heliograph_")] = sample.value
    return found


def test_metrics_are_for_admins_and_for_who_has_the_token(app: Flask) -> None:
    nobody, admin = Visitor(app), sign_in(app)
    assert nobody.get("/metrics").status_code == 404
    assert sign_in(app, "marketer").get("/metrics").status_code == 404
    assert nobody.get("/metrics", Authorization="Bearer ").status_code == 404
    assert admin.get("/metrics").status_code == 200
    with_token(app, TOKEN)
    for given in ("", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer \xe9"):
        refused = nobody.get("/metrics", **({"Authorization": given} if given else {}))
        assert (refused.status_code, "heliograph_" in refused.text) == (401, False)
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert nobody.get("/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert admin.get("/metrics").status_code == 200


def test_a_scraper_that_knows_openmetrics_gets_it(app: Flask) -> None:
    admin = sign_in(app)
    plain = admin.get("/metrics", Accept="text/plain")
    assert plain.content_type.startswith("text/plain; version=")
    modern = admin.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert modern.content_type.startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


def test_each_metric_is_in_the_manual_and_nothing_else_is(app: Flask) -> None:
    manual = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(heliograph_\w+)` \| (.*?) \| (.+) \|$", manual, re.MULTILINE)
    documented = {name.removesuffix("_total"): words for name, _, words in rows}
    assert {one.name: one.documentation for one in Families().collect()} == documented
    alerts = (ROOT / "docs" / "how-to" / "operate.md").read_text()
    named = {re.sub("_(total|bucket)$", "", name) for name in re.findall(r"heliograph_\w+", alerts)}
    assert named <= documented.keys()


def test_an_empty_installation_has_its_zeros(app: Flask) -> None:
    found = scrape(app)
    assert found['texts_queued{kind="broadcast"}'] == 0
    assert found["texts_unknown"] == 0
    assert found['broadcasts_stalled{obstacle="nobody"}'] == 0
    assert [name for name in found if name.startswith("info{")]


def test_the_queue_and_what_is_stuck_are_told(
    sending: Flask, crowd: Crowd, send: Send, desk: Any
) -> None:
    message, _ = crowd(6)
    desk.failures = [Failure(FailureKind.TRANSIENT, "Busy.", retry_after=3600)]
    send(limit=1)
    queue_text(message.id, number="+33699999999", contact=None, provider="recorder", source="test")
    waiting = db.session.scalars(
        db.select(Delivery.id).where(Delivery.attempted_at.is_(None)).order_by(Delivery.id)
    ).all()
    now = utcnow()
    with transaction() as session:
        unknown, flying, lost = (session.get_one(Delivery, one) for one in waiting[:3])
        unknown.status = "unknown"
        flying.status = lost.status = "sending"
        flying.attempted_at = lost.attempted_at = now
        flying.lease_until, lost.lease_until = now + timedelta(seconds=60), now
    hold_sender("recorder", SENDER, now + timedelta(hours=1), "Slow down.")
    receive_status("recorder", StatusReport("elsewhere", Status.DELIVERED))
    with time_machine.travel(now + timedelta(seconds=30), tick=True):
        found = scrape(sending)
    assert found['texts_queued{kind="broadcast"}'] == 2
    assert found['texts_queued{kind="single"}'] == 1
    assert 30 <= found['oldest_due_text_seconds{kind="single"}'] < 600
    assert (found["texts_in_flight"], found["texts_unanswered"]) == (1, 1)
    assert (found["texts_unknown"], found["reports_unmatched"]) == (1, 1)
    assert found[f'sender_held{{provider="recorder",sender="{SENDER}"}}'] == 1
    assert found['broadcasts{status="running"}'] == 1
    assert found['broadcasts_stalled{obstacle="held"}'] == 1


def test_a_long_queue_is_taken_from_the_kept_counts(
    sending: Flask, crowd: Crowd, send: Send, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(9)
    send(limit=1)
    kept = {"by_status": {"queued": 8_000_000, "accepted": 1}}
    with transaction() as session:
        session.execute(db.update(Broadcast).values(counts=kept))
    assert read_gauges().queued["broadcast"] == 8
    monkeypatch.setattr("heliograph.checkup.gauges.MANY", 3)
    assert read_gauges().queued["broadcast"] == 8_000_000
    with transaction() as session:
        session.execute(db.update(Broadcast).values(counts=None))
    assert read_gauges().queued["broadcast"] == 4  # more than three: nobody counted yet


def test_calls_are_counted_for_the_whole_installation(
    sending: Flask, crowd: Crowd, send: Send, desk: Any
) -> None:
    crowd(4)
    desk.by_number["+33612000001"] = Failure(FailureKind.UNREACHABLE, "Off.")
    desk.delay = 0.04
    send()
    current_meters().store()
    db.session.rollback()
    with sending.app_context():  # another process, which counted a call of its own
        sending.extensions[EXTENSION] = Meters()
        count_calls("recorder", [CallOutcome(1, "c", Sent("x"), 7.0)])
        count_calls("recorder", [CallOutcome(1, "c", Released(), 1.0)])
    found = scrape(sending)
    assert found['provider_calls_total{outcome="accepted",provider="recorder"}'] == 4
    assert found['provider_calls_total{outcome="unreachable",provider="recorder"}'] == 1
    name = "provider_call_seconds"
    assert found[f'{name}_bucket{{le="0.025",provider="recorder"}}'] == 0
    assert found[f'{name}_bucket{{le="5",provider="recorder"}}'] == 4
    assert found[f'{name}_bucket{{le="10",provider="recorder"}}'] == 5
    assert found[f'{name}_bucket{{le="+Inf",provider="recorder"}}'] == 5
    assert found[f'{name}_count{{provider="recorder"}}'] == 5
    assert found[f'{name}_sum{{provider="recorder"}}'] >= 7.12


def test_callbacks_reports_and_replies_are_counted(
    sending: Flask, crowd: Crowd, send: Send, desk: Any
) -> None:
    crowd(1)
    send()
    given = db.session.scalars(db.select(Delivery.provider_id)).one()
    for _ in range(2):
        receive_status("recorder", StatusReport(given, Status.DELIVERED))
    receive_reply("recorder", InboundText("1", "+33612000000", text="STOP"))
    receive_reply("recorder", InboundText("2", "+33612000000", text="What?"))
    client = sending.test_client()
    with sending.app_context():
        assert client.post("/mautic/sms/twilio/status", data={}).status_code == 503
    refresh_figures()
    found = scrape(sending)
    assert found['reports_total{provider="recorder",status="delivered"}'] == 1
    assert found['replies_total{opt="out",provider="recorder"}'] == 1
    assert found['replies_total{opt="text",provider="recorder"}'] == 1
    assert found['callbacks_total{code="503",provider="twilio"}'] == 1
    assert found['today{figure="delivered"}'] == 1
    assert found['today{figure="opt_outs"}'] == 1


def test_jobs_are_told(sending: Flask) -> None:
    def fail() -> str | None:
        raise ZeroDivisionError

    begun = utcnow().timestamp()
    run_job(sending, Job("broadcasts.start", 2, lambda: None))
    run_job(sending, Job("imports.run", 2, fail))
    found = scrape(sending)
    assert found['job_started_timestamp_seconds{job="broadcasts.start"}'] >= begun - 1
    assert found['job_failing{job="broadcasts.start"}'] == 0
    assert found['job_failing{job="imports.run"}'] == 1
    assert found['job_seconds{job="imports.run"}'] >= 0


def test_counts_wait_while_the_database_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    meters = current_meters()
    meters.add("calls", "twilio", {"accepted": 2})
    with transaction() as session:
        session.execute(text("ALTER TABLE meters RENAME TO away"))
    meters.store()
    with transaction() as session:
        session.execute(text("ALTER TABLE away RENAME TO meters"))
    assert read_meters() == []
    meters.add("calls", "twilio", {"accepted": 3})
    meters.store()
    meters.store()
    assert [(one.label, one.value) for one in read_meters()] == [("accepted", 5)]


def test_a_process_without_a_clock_stores_when_it_is_asked_again(app: Flask) -> None:
    client = app.test_client()
    post = lambda: client.post("/mautic/sms/simulator/status", data={})  # noqa: E731
    with app.app_context():
        post()
        assert read_meters() == []
        current_meters()._stored_at -= 60
        post()
        (meter,) = read_meters()
    assert (meter.name, meter.provider, meter.value) == ("callbacks", "simulator", 2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_scrape_and_no_doctor_reads_a_large_table(make_app: Callable[..., Flask]) -> None:
    app = make_app(default_region="FR")
    with app.app_context():
        make_crowd(30_000, 60_000)
        fill_small_tables()
        db.session.execute(
            text(
                "UPDATE broadcasts SET status = 'running', planned_at = now(), started_at = now(),"
                " provider = 'simulator', sender = 'x' WHERE id IN (SELECT id FROM broadcasts"
                " ORDER BY id LIMIT 3)"
            )
        )
        db.session.commit()
        with recorded() as statements:
            scrape(app)
            list(look_over())
        plans = [(one, explained(one, given)) for one, given in statements]
    assert len(plans) > 20
    scans = [f"{one}\n{plan}" for one, plan in plans if SCAN.search(plan)]
    assert not scans, "\n\n".join(scans)
