"""Settings that are stored: who wins, who sees a change and when, what is refused."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select

from heliograph import stored_settings
from heliograph.broadcasts.run import Options, send_due
from heliograph.campaigns.course import Courses
from heliograph.campaigns.library import create_campaign
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.errors import BadInput, Changed, Conflict
from heliograph.host import current_host
from heliograph.installation import current_settings, current_zone, settings_of
from heliograph.messages import create_message
from heliograph.phone import parse_number
from heliograph.segments import add_members, create_segment
from heliograph.stored_settings import (
    DEFAULT,
    ENVIRONMENT,
    EXTENSION,
    FRESH_SECONDS,
    STORED,
    StoredSetting,
    change_settings,
    list_settings,
    settings_version,
    stored_values,
)
from tests.conftest import KEY
from tests.fixtures import SAMPLES, add_people

PARIS = ZoneInfo("Europe/Paris")


def store(app: Flask, **values: str) -> dict[str, tuple[str, str]]:
    return change_settings(settings_of(app), values)


def sources(app: Flask) -> dict[str, tuple[str, str]]:
    return {one.key.name: (one.value, one.source) for one in list_settings(settings_of(app))}


def test_what_is_stored_counts_at_once(app: Flask) -> None:
    assert (current_zone().key, current_settings().region) == ("UTC", "US")
    untouched = {"timezone": ("UTC", DEFAULT), "default_region": ("US", DEFAULT)}
    assert sources(app) == untouched | {"webhook_env": ("", DEFAULT)}
    assert store(app, timezone="europe/paris", default_region="fr") == {
        "timezone": ("UTC", "Europe/Paris"),
        "default_region": ("US", "FR"),
    }
    assert (current_zone(), current_settings().region) == (PARIS, "FR")
    assert parse_number("06 12 34 56 78", region=current_settings().region).e164 == "+33612345678"
    assert sources(app)["timezone"] == ("Europe/Paris", STORED)
    assert store(app, timezone="") == {"timezone": ("Europe/Paris", "UTC")}
    assert current_zone().key == "UTC"
    assert store(app, timezone="") == {}


def test_the_environment_wins_and_cannot_be_changed_here(
    app: Flask, make_app: Callable[..., Flask]
) -> None:
    store(app, timezone="Europe/Paris", default_region="FR")
    fixed = make_app(timezone="Asia/Tokyo")
    with fixed.app_context():
        assert (current_zone().key, current_settings().region) == ("Asia/Tokyo", "FR")
        assert sources(fixed)["timezone"] == ("Asia/Tokyo", ENVIRONMENT)
        with pytest.raises(Conflict, match="HELIOGRAPH_TIMEZONE is set to 'Asia/Tokyo'"):
            store(fixed, default_region="DE", timezone="UTC")
        assert current_settings().region == "FR"  # all or none


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("timezone", "Mars/Phobos", "timezone: 'Mars/Phobos' is not a time zone. Use an IANA"),
        ("timezone", "../etc/passwd", "is not a time zone"),
        ("timezone", "/etc/passwd", "is not a time zone"),
        ("timezone", "x" * 2000, "is not a time zone"),
        ("timezone", "Europe/\x00Paris", "is not a time zone"),
        ("default_region", "XX", "default_region: 'XX' is not a country. Use two letters"),
        ("default_region", "France", "default_region: 'France' is not a country"),
        ("default_region", "AQ", "is not a country"),  # one without phone numbers
        ("color", "red", "key: 'color' is no setting that is stored. Use one of timezone"),
    ],
)
def test_what_cannot_be_used_is_refused(app: Flask, key: str, value: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        change_settings(settings_of(app), {"default_region": "FR", key: value})
    assert words in refused.value.message
    assert stored_values() == {}


def test_a_form_of_before_another_change_is_refused(app: Flask) -> None:
    seen = settings_version()
    change_settings(settings_of(app), {"timezone": "Europe/Paris"}, seen=seen)
    with pytest.raises(Changed):
        change_settings(settings_of(app), {"timezone": "Asia/Tokyo"}, seen=seen)
    change_settings(settings_of(app), {"timezone": ""}, seen=settings_version())
    with pytest.raises(Changed):  # nothing is stored, as when that form was opened
        change_settings(settings_of(app), {"timezone": "Asia/Tokyo"}, seen=seen)
    assert stored_values()["timezone"] == ""


def test_of_two_admins_at_once_one_is_asked_again(app: Flask) -> None:
    for zones in (("Asia/Tokyo", "Europe/Paris"), ("Europe/Rome", "Asia/Dhaka")) * 5:
        seen = settings_version()
        db.session.rollback()
        stored = at_once(app, seen, zones)
        assert len(stored) == 1
        assert stored_values()["timezone"] == stored[0]


def at_once(app: Flask, seen: str, zones: tuple[str, ...]) -> list[str]:
    """Have each zone stored on a thread of its own; gives those that were."""
    gate, stored = threading.Barrier(len(zones)), []

    def change(zone: str) -> None:
        with app.app_context():
            gate.wait()
            with suppress(Changed):
                change_settings(settings_of(app), {"timezone": zone}, seen=seen)
                stored.append(zone)

    threads = [threading.Thread(target=change, args=(zone,)) for zone in zones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stored


def test_every_process_sees_a_change_within_seconds(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    """A process that never ends a request, as a job or the delivery loop."""
    script = (
        "import sys, time\n"
        "from heliograph import create_app\n"
        "from heliograph.installation import current_settings, current_zone\n"
        "with create_app().app_context():\n"
        "    end = time.monotonic() + 60\n"
        "    print(current_zone().key, current_settings().region, flush=True)\n"
        "    while current_zone().key == 'UTC' and time.monotonic() < end:\n"
        "        time.sleep(0.02)\n"
        "    print(current_zone().key, current_settings().region, time.time(), flush=True)\n"
    )
    environment = {
        "HELIOGRAPH_DATA_DIR": str(tmp_path),
        "HELIOGRAPH_DATABASE_URL": database_url,
        "HELIOGRAPH_SECRET_KEY": KEY,
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "UTC US\n"
        store(app, timezone="Europe/Paris", default_region="FR")
        changed = time.time()
        zone, region, at = other.stdout.readline().split()
    assert (zone, region) == ("Europe/Paris", "FR")
    assert float(at) - changed < FRESH_SECONDS + 5


def test_asking_often_costs_no_statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = 0.1
    monkeypatch.setattr(stored_settings, "FRESH_SECONDS", fresh)
    asked: list[str] = []
    current_settings()
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    until = time.monotonic() + 2.5 * fresh
    count = 0
    while time.monotonic() < until:
        current_zone()
        count += 1
    assert len([one for one in asked if "FROM settings" in one]) <= 4
    assert count > 100


def test_settings_are_there_while_the_database_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_settings, "FRESH_SECONDS", 0.0)  # each question reads them
    store(app, timezone="Europe/Paris")
    assert current_zone() == PARIS

    def away(*_: Any) -> None:
        raise db.engine.dialect.dbapi.OperationalError("gone")

    event.listen(db.engine, "before_cursor_execute", away)
    assert current_zone() == PARIS
    event.remove(db.engine, "before_cursor_execute", away)


def test_a_stored_zone_that_this_machine_does_not_know_is_left_out(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction() as session:
        session.add(StoredSetting(key="timezone", value="Mars/Phobos"))
        session.add(StoredSetting(key="of_a_newer_version", value="x"))
    assert current_zone().key == "UTC"
    assert "'Mars/Phobos' is not a time zone" in caplog.text
    assert sources(app)["timezone"] == ("UTC", DEFAULT)


def test_a_running_loop_takes_over_a_zone_that_another_process_stored(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quiet hours of contacts without a zone move; what waits already keeps its moment."""
    given = {"plugin_dirs": str(SAMPLES), "quiet_hours": "21:00-08:00"}
    app, other = make_app(**given), make_app(**given)
    monkeypatch.setattr("heliograph.broadcasts.run.PATIENCE", 0.5)
    evening = datetime(2026, 12, 1, 20, 30, tzinfo=UTC)  # half past nine in Paris
    with app.app_context(), time_machine.travel(evening, tick=True):
        current_host().configure("recorder", {"required": "yes"})
        current_host().enable("recorder")
        loop = DeliveryLoop(app)
        assert sent_to(0, loop) == ("accepted", None)
        with other.app_context():
            store(other, timezone="Europe/Paris")
        wait_for_the_change(app)
        morning = datetime(2026, 12, 2, 7, tzinfo=UTC)
        assert sent_to(1, loop) == ("queued", morning)
        with other.app_context():
            store(other, timezone="UTC")
        wait_for_the_change(app)
        assert sent_to(2, loop) == ("accepted", None)
        waits = select(Delivery.not_before).where(Delivery.status == "queued")
        assert db.session.scalars(waits).all() == [morning]
        loop.stop()


def test_an_engine_that_runs_takes_over_a_stored_zone(app: Flask) -> None:
    mine, own = (
        create_campaign(name="Mine").id,
        create_campaign(name="Own", timezone="Asia/Tokyo").id,
    )
    courses = Courses()
    assert courses.get(mine).zone.key == "UTC"
    store(app, timezone="Europe/Paris")
    assert (courses.get(mine).zone.key, courses.get(own).zone.key) == (PARIS.key, "Asia/Tokyo")


def sent_to(number: int, loop: DeliveryLoop) -> tuple[str, datetime | None]:
    """A broadcast to one more contact: what became of its text, and until when it waits."""
    ids = add_people(1, first=number)
    segment = create_segment(f"people {number}")
    add_members(segment.id, ids)
    made = create_message(
        name=f"Hi {number}", text="Hi", segments=[segment.id], publish_up=utcnow()
    )
    send_due(loop, Options(broadcast_id=made.id))
    query = select(Delivery.status, Delivery.not_before).where(Delivery.broadcast_id == made.id)
    row = db.session.execute(query).one()
    db.session.rollback()
    return row.status, row.not_before


def wait_for_the_change(app: Flask) -> None:
    """As long as a process may go on with what it has read."""
    app.extensions[EXTENSION] = app.extensions[EXTENSION]._replace(until=0.0)
