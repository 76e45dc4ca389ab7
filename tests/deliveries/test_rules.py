from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask

from heliograph.broadcasts.counts import count_broadcast
from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.broadcasts.run import Options, send_due
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.claim import Scope, claim_texts
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery, Sender
from heliograph.deliveries.pace import parts_free, take_slots
from heliograph.deliveries.rules import parse_frequency_cap, parse_quiet_hours
from heliograph.errors import BadInput
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
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
    monkeypatch.setattr("heliograph.broadcasts.run.PATIENCE", 0.5)
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


names = itertools.count()


def local(*given: int, zone: str = "Europe/Paris", fold: int = 0) -> datetime:
    return datetime(*given, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_an_end_that_the_clocks_leap_over_is_the_moment_after_the_leap() -> None:
    quiet = parse_quiet_hours("21:00-02:30")
    assert quiet is not None
    leap = datetime(2027, 3, 28, 1, tzinfo=UTC)  # 02:00 becomes 03:00 in Paris
    assert quiet.until(local(2027, 3, 27, 23), PARIS) == leap
    assert quiet.until(local(2027, 3, 28, 1, 59), PARIS) == leap
    assert quiet.until(leap, PARIS) is None


def test_an_end_that_comes_twice_is_over_the_first_time() -> None:
    quiet = parse_quiet_hours("21:00-02:30")
    assert quiet is not None
    first = local(2026, 10, 25, 2, 30)
    assert quiet.until(local(2026, 10, 25, 1), PARIS) == first
    assert quiet.until(first, PARIS) is None
    assert quiet.until(local(2026, 10, 25, 2, 10, fold=1), PARIS) is None


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe"])
@pytest.mark.parametrize("hours", ["21:00-08:00", "22:30-02:15", "01:00-02:30", "00:00-00:30"])
def test_no_text_is_held_into_the_past_or_for_more_than_a_day(zone: str, hours: str) -> None:
    quiet = parse_quiet_hours(hours)
    assert quiet is not None
    for day in ((2026, 10, 3), (2026, 10, 24), (2027, 3, 27), (2027, 4, 3), (2018, 11, 3)):
        moment = local(*day, zone=zone)
        for _ in range(4 * 48):
            over = quiet.until(moment, ZoneInfo(zone))
            assert over is None or moment < over <= moment + timedelta(hours=25)
            assert over is None or quiet.until(over, ZoneInfo(zone)) is None
            moment += timedelta(minutes=15)


# -- the frequency cap -----------------------------------------------------------


@pytest.fixture
def capped(make_app: Callable[..., Flask]) -> Iterator[int]:
    """A contact, on an installation where two texts in seven days are the most."""
    app = make_app(plugin_dirs=str(SAMPLES), frequency_cap="2/7d")
    with app.app_context():
        recorder(app)
        yield add_people(1)[0]


def had(contact: int, *statuses: str, source: str = "broadcast", days: float = 1) -> None:
    """Texts that the contact got so many days ago."""
    with transaction() as session:
        number = session.get_one(Contact, contact).mobile
        for status in statuses:
            session.add(
                Delivery(
                    source=source,
                    number=number,
                    provider="recorder",
                    status=status,
                    accepted_at=utcnow() - timedelta(days=days),
                )
            )


def planned(contact: int) -> dict[str, int]:
    """Who is left out of a broadcast when it is planned, by reason."""
    made = message([contact], f"planned {next(names)}")
    begin(made)
    plan_broadcast(made)
    return dict(count_broadcast(made).skipped)


def claimed(contact: int, meanwhile: Callable[[], None]) -> tuple[int, int]:
    """How many texts go and how many are skipped, where more came since the plan."""
    made = message([contact], "claimed")
    broadcast = begin(made)
    plan_broadcast(made)
    meanwhile()
    claims = claim_texts(Scope("recorder", broadcast.sender or "", broadcast_id=made), 10)
    return len(claims.texts), claims.skipped


FULL = [
    (("accepted", "accepted"), "broadcast"),
    (("delivered", "delivered"), "broadcast"),
    (("sent", "undelivered"), "broadcast"),
    (("delivered", "accepted"), "campaign"),
]
NOT_FULL = [
    (("delivered",), "broadcast"),
    (("delivered", "failed"), "broadcast"),
    (("delivered", "skipped", "cancelled"), "broadcast"),
    (("delivered", "delivered", "delivered"), "test"),
]


@pytest.mark.parametrize(("statuses", "source"), FULL)
def test_whoever_has_had_its_share_is_left_out_of_the_plan(
    capped: int, statuses: tuple[str, ...], source: str
) -> None:
    had(capped, *statuses, source=source)
    assert planned(capped) == {"frequency_cap": 1}


@pytest.mark.parametrize(("statuses", "source"), NOT_FULL)
def test_whoever_has_not_is_in_it(capped: int, statuses: tuple[str, ...], source: str) -> None:
    had(capped, *statuses, source=source)
    assert planned(capped) == {}


@pytest.mark.parametrize(("statuses", "source"), FULL)
def test_whoever_has_had_its_share_since_the_plan_gets_no_text(
    capped: int, statuses: tuple[str, ...], source: str
) -> None:
    assert claimed(capped, lambda: had(capped, *statuses, source=source)) == (0, 1)


@pytest.mark.parametrize(("statuses", "source"), NOT_FULL)
def test_whoever_has_not_gets_it(capped: int, statuses: tuple[str, ...], source: str) -> None:
    assert claimed(capped, lambda: had(capped, *statuses, source=source)) == (1, 0)


def test_what_is_older_than_the_days_does_not_count(capped: int) -> None:
    had(capped, "delivered", "delivered", "delivered", days=7.01)
    assert planned(capped) == {}
    had(capped, "delivered", "delivered", days=6.99)
    assert planned(capped) == {"frequency_cap": 1}


def test_the_cap_does_not_hold_texts_of_campaigns(capped: int) -> None:
    had(capped, "delivered", "delivered")
    with transaction() as session:
        number = session.get_one(Contact, capped).mobile
        row = {"source": "campaign", "source_id": 1, "provider": "recorder", "text": "Hi"}
        session.add(Delivery(number=number, sender="+15005550006", **row))
    claims = claim_texts(Scope("recorder", "+15005550006"), 10)
    assert (len(claims.texts), claims.skipped) == (1, 0)
