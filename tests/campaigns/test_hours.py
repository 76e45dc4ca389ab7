"""Hours and days of an event hold for those too whom something delayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from heliograph import clock
from heliograph.campaigns import publish, unpublish
from heliograph.channel import Failure, FailureKind
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.deliveries.explanation import explain
from heliograph.host import current_host
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import MONDAY, Stage, step, steps, tags, text
from tests.fixtures import SAMPLES

DAYTIME = {"begin": "09:00", "end": "20:00"}
EVENING = {"begin": "20:00", "end": "02:00"}
WORKING = {"weekdays": [0, 1, 2, 3, 4]}


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "back", "goes"),
    [
        # off from Monday noon, back when it is too late in the evening, too early, or in time
        (DAYTIME, at(23, 23), at(24, 9)),
        (DAYTIME, at(24, 4), at(24, 9)),
        (DAYTIME, at(23, 19), at(23, 19)),
        (EVENING, at(24, 1), at(24, 1)),
        (EVENING, at(24, 3), at(24, 20)),
        # back on a Saturday
        (WORKING, at(28, 12), at(30, 12)),
        (WORKING | DAYTIME, at(28, 12), at(30, 9)),
        (WORKING | {"hour": "13:00"}, at(28, 12), at(30, 13)),
        # an hour that is past holds nothing up on the right day
        (WORKING | {"hour": "13:00"}, at(24, 16), at(24, 16)),
        ({"hour": "13:00"}, at(28, 16), at(28, 16)),
    ],
)
def test_who_was_parked_goes_on_within_the_hours(
    stage: Stage, timing: dict[str, Any], back: datetime, goes: datetime
) -> None:
    source, (ann,) = stage.cast(1, timezone="UTC")
    stage.play(tag("a"), text("hello", "a", timing=timing), source=source)
    current_host().disable("recorder")
    stage.turn()
    stage.now = back
    current_host().enable("recorder")
    stage.turn()
    assert steps(ann)["hello"] == ("done" if goes == back else "waiting")
    if goes != back:
        assert step(ann, "hello").due_at == goes
        stage.now = goes
        stage.turn()
    assert [when for when, _, _ in stage.texts] == [goes]


def test_each_waits_for_its_own_morning(stage: Stage) -> None:
    source, (ann,) = stage.cast(1, timezone="Europe/Paris")
    more, (aki,) = stage.cast(1, timezone="Asia/Tokyo")
    events = [tag("a", timing=DAYTIME), event("c", "core.valid_mobile", timing=after(1, "hours"))]
    stage.play(*events, source=source)
    other = stage.play(*events, source=more)
    stage.turn()  # 13:00 in Paris, 21:00 in Tokyo
    assert (tags(ann), tags(aki)) == (["a"], [])
    with clock.at(stage.now):
        unpublish(other)
    stage.leap(hours=25)  # over its morning, till its night
    with clock.at(stage.now):
        publish(other)
    stage.turn()
    assert tags(aki) == []
    assert step(aki, "a").due_at == MONDAY + timedelta(hours=36)  # 09:00 there
    stage.leap(hours=11)
    stage.turn()
    assert tags(aki) == ["a"]


def test_what_a_hold_made_stale_is_left_out_at_any_hour(stage: Stage) -> None:
    source, (ann,) = stage.cast(1, timezone="UTC")
    timing = after(1, "hours", **DAYTIME)
    campaign = stage.play(text("hello", timing=timing), source=source)
    stage.turn()
    with clock.at(stage.now):
        unpublish(campaign)
    stage.now = at(26, 23)
    with clock.at(stage.now):
        publish(campaign)
    stage.turn()
    assert steps(ann) == {"hello": "skipped"}


def test_who_is_on_time_is_not_asked_for_the_hours_again(stage: Stage) -> None:
    source, (ann,) = stage.cast(1, timezone="UTC")
    stage.play(tag("a", timing=after(8, "hours", begin="09:00", end="20:01")), source=source)
    stage.turn()
    stage.leap(hours=8, minutes=1)  # a moment after they closed
    stage.turn()
    assert tags(ann) == ["a"]


@pytest.mark.parametrize(
    ("zone", "begins", "goes"),
    [
        ("UTC", at(23, 15), at(24, 9)),
        ("Asia/Tokyo", at(23, 10), at(24, 0)),
        ("America/New_York", at(23, 15), at(23, 21)),
    ],
)
def test_a_text_that_its_provider_delays_stays_within_the_hours(
    stage: Stage, zone: str, begins: datetime, goes: datetime
) -> None:
    source, (ann,) = stage.cast(1, timezone=zone)
    stage.play(text("hello", timing=DAYTIME), source=source)
    number = db.session.get_one(Contact, ann).mobile or ""
    stage.failing[number] = Failure(FailureKind.TRANSIENT, "we are down")
    stage.now = begins
    stage.turn()
    stage.now = at(23, 21)
    stage.failing.clear()
    stage.turn()
    if goes > stage.now:
        (delivery,) = stage.deliveries(ann)
        assert (delivery.reason, delivery.not_before) == ("hours", goes)
        with clock.at(stage.now):
            assert "the hours of its event are over" in explain(delivery)
        stage.now = goes - timedelta(minutes=1)
        stage.turn()
        assert stage.texts == []
        stage.now = goes
        stage.turn()
    assert [when for when, _, _ in stage.texts] == [goes]


def test_a_text_to_staff_stays_within_the_hours_of_its_event_too(stage: Stage) -> None:
    current_host().enable("recorder", default=True)
    source, (ann,) = stage.cast(1, timezone="Asia/Tokyo")
    number = "+33699999999"
    config = {"number": number, "text": "Call"}
    stage.now = at(23, 10)  # 19:00 there
    stage.failing[number] = Failure(FailureKind.TRANSIENT, "we are down")
    stage.play(event("tell", "core.text_staff", config=config, timing=DAYTIME), source=source)
    stage.turn()
    stage.failing.clear()
    stage.leap(hours=3)
    stage.turn()
    assert stage.texts == []
    stage.now = at(24, 0)  # 09:00 there
    stage.turn()
    assert stage.texts == [(at(24, 0), number, "Call")]
    assert steps(ann) == {"tell": "done"}


@pytest.fixture
def quiet_stage(make_app: Callable[..., Flask]) -> Iterator[Stage]:
    app = make_app(plugin_dirs=str(SAMPLES), quiet_hours="21:00-08:00")
    with app.app_context():
        current_host().configure("recorder", {"required": "yes"})
        current_host().enable("recorder")
        yield Stage()


@pytest.mark.parametrize(
    ("timing", "begins", "goes"),
    [
        # none of its hours is a loud one: it goes when the quiet hours are over
        ({"begin": "22:00", "end": "23:00"}, at(23, 22), at(24, 8)),
        ({"begin": "22:00", "end": "07:00", "weekdays": [0]}, at(23, 22), at(24, 8)),
        # some are
        ({"begin": "20:00", "end": "23:00"}, at(23, 22), at(24, 20)),
        ({"begin": "22:00", "end": "10:00", "weekdays": [0]}, at(23, 22), at(24, 8)),
        ({"weekdays": [0]}, at(23, 22), at(30, 8)),
    ],
)
def test_quiet_hours_and_those_of_the_event_hold_no_text_for_ever(
    quiet_stage: Stage, timing: dict[str, Any], begins: datetime, goes: datetime
) -> None:
    stage = quiet_stage
    source, _ = stage.cast(1, timezone="UTC")
    stage.play(text("hello", timing=timing), source=source)
    stage.now = begins
    while stage.now < goes + timedelta(days=8) and not stage.texts:
        stage.turn()
        stage.leap(hours=1)
    assert [when for when, _, _ in stage.texts] == [goes]


def test_a_zone_that_no_system_knows_holds_up_nobody(quiet_stage: Stage) -> None:
    source, (ann, _) = quiet_stage.cast(2, timezone="UTC")
    with transaction() as session:
        session.get_one(Contact, ann).timezone = "Mars/Phobos"
    quiet_stage.play(text("hello", timing=DAYTIME), source=source)
    quiet_stage.turn()
    assert len(quiet_stage.texts) == 2


TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("hour", "goes"),
    [(5, 8), (20, 20), (22, 8 + 24), (23, 8 + 24), (14, 14)],
)
def test_quiet_hours_are_on_the_clock_of_the_campaign(
    quiet_stage: Stage, hour: int, goes: int
) -> None:
    """Of contacts without a zone: the installation's own, UTC here, says nothing of their night."""
    midnight = datetime(2026, 11, 24, tzinfo=TOKYO).astimezone(UTC)
    source, _ = quiet_stage.cast(1)
    quiet_stage.play(text("hello"), source=source, timezone="Asia/Tokyo")
    quiet_stage.now = midnight + timedelta(hours=hour)
    while quiet_stage.now < midnight + timedelta(days=3) and not quiet_stage.texts:
        quiet_stage.turn()
        quiet_stage.leap(minutes=30)
    assert [when for when, _, _ in quiet_stage.texts] == [midnight + timedelta(hours=goes)]


def test_a_contact_s_own_clock_comes_before_that_of_the_campaign(quiet_stage: Stage) -> None:
    source, _ = quiet_stage.cast(1, timezone="Europe/Paris")
    quiet_stage.play(text("hello"), source=source, timezone="Asia/Tokyo")
    quiet_stage.now = at(23, 15)  # night in Tokyo
    quiet_stage.turn()
    assert len(quiet_stage.texts) == 1
