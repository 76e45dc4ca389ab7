from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask

from core.broadcasts.counts import count_broadcast
from core.broadcasts.run import Options, send_due
from core.contacts.models import Contact
from core.db import db, transaction, utcnow
from core.deliveries.loop import DeliveryLoop
from core.deliveries.models import Delivery, Sender
from core.deliveries.pace import parts_free, take_slots
from core.deliveries.rules import parse_frequency_cap, parse_quiet_hours
from core.errors import BadInput
from core.host import current_host
from core.messages import create_message
from core.segments import add_members, create_segment
from tests.fixtures import SAMPLES, add_people

PARIS = ZoneInfo("Europe/Paris")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "until"), [(20, None), (21, 8 + 24), (23, 8 + 24), (3, 8), (8, None), (12, None)]
)
def test_quiet_hours_pass_midnight(hour: int, until: int | None) -> None:
    quiet = parse_quiet_hours("21:00-08:00")
    assert quiet is not None
    expected = None if until is None else at(0) + timedelta(hours=until)
    assert quiet.until(at(hour), PARIS) == expected


def test_quiet_hours_within_a_day() -> None:
    quiet = parse_quiet_hours("12:00-14:00")
    assert quiet is not None
    assert quiet.until(at(13), PARIS) == at(14)
    assert quiet.until(at(14), PARIS) is None


@pytest.mark.parametrize("value", ["21-8", "25:00-08:00", "night"])
def test_bad_quiet_hours_are_named(value: str) -> None:
    with pytest.raises(BadInput, match="HELIOGRAPH_QUIET_HOURS"):
        parse_quiet_hours(value)


@pytest.mark.parametrize("value", ["3", "0/7d", "3/7", "x/yd"])
def test_a_bad_cap_is_named(value: str) -> None:
    with pytest.raises(BadInput, match="HELIOGRAPH_FREQUENCY_CAP"):
        parse_frequency_cap(value)


def recorder(app: Flask) -> None:
    current_host().configure("recorder", {"required": "yes"})
    current_host().enable("recorder")


def message(ids: list[int], name: str) -> int:
    segment = create_segment(name)
    add_members(segment.id, ids)
    made = create_message(name=name, text="Hi", segments=[segment.id], publish_up=utcnow())
    return made.id


def test_texts_wait_for_the_end_of_quiet_hours(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(plugin_dirs=str(SAMPLES), quiet_hours="21:00-08:00", timezone="Europe/Paris")
    monkeypatch.setattr("core.broadcasts.run.PATIENCE", 0.5)
    with app.app_context(), time_machine.travel(at(22), tick=True):
        recorder(app)
        early, late = add_people(2)
        with transaction() as session:
            session.get_one(Contact, late).timezone = "America/New_York"
        broadcast = message([early, late], "night")
        loop = DeliveryLoop(app)
        send_due(loop, Options())
        loop.stop()
        rows = {
            row.contact_id: row
            for row in db.session.scalars(
                db.select(Delivery).where(Delivery.broadcast_id == broadcast)
            )
        }
        assert rows[late].status == "accepted"  # it is afternoon there
        assert (rows[early].status, rows[early].reason) == ("queued", "quiet")
        assert rows[early].not_before == at(8) + timedelta(days=1)


def test_a_number_gets_no_more_than_its_share(make_app: Callable[..., Flask]) -> None:
    app = make_app(plugin_dirs=str(SAMPLES), frequency_cap="2/7d")
    with app.app_context():
        recorder(app)
        ids = add_people(1)
        loop = DeliveryLoop(app)
        broadcasts = []
        for name in ("one", "two", "three"):
            broadcasts.append(message(ids, name))
            send_due(loop, Options())
        loop.stop()
        assert count_broadcast(broadcasts[1]).by_status == {"accepted": 1}
        assert count_broadcast(broadcasts[2]).skipped == {"frequency_cap": 1}


def test_slots_keep_the_pace_and_long_texts_take_more() -> None:
    now = utcnow()
    sender = Sender(provider="x", sender="y")
    assert parts_free(sender, 0, now) is None
    assert parts_free(sender, 10, now) == 20
    assert take_slots(sender, 10, [1, 3, 1], now) == pytest.approx([0.0, 0.1, 0.4])
    assert sender.next_free_at == now + timedelta(seconds=0.5)
    assert parts_free(sender, 10, now + timedelta(seconds=10)) == 20
    sender.next_free_at = now + timedelta(seconds=3)
    assert parts_free(sender, 10, now) == 0
