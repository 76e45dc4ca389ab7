"""When events are due, across days, zones and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.campaigns.canvas import Timing
from heliograph.campaigns.timing import BadTiming, at_clock, due, is_within, read_timing

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
# clocks that leap by an hour, by half an hour, at midnight, never, and over a whole day
ZONES = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"),
    *("Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "UTC"),
)


def local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def when(zone: ZoneInfo, base: str, **timing: Any) -> str:
    """On the wall clock of *zone*, from a base on the same clock."""
    found = due(read_timing(Timing(**timing)), local(zone, base), zone)
    return found.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("base", "timing", "expected"),
    [
        ("2026-11-23T15:20", {}, "Mon 2026-11-23 15:20"),
        ("2026-11-23T15:20", {"mode": "immediate", "amount": 9}, "Mon 2026-11-23 15:20"),
        (
            "2026-11-23T15:20",
            {"mode": "interval", "amount": 90, "unit": "minutes"},
            "Mon 2026-11-23 16:50",
        ),
        ("2026-11-23T15:20", {"mode": "interval", "amount": 3}, "Thu 2026-11-26 15:20"),
        (
            "2026-11-23T15:20",
            {"mode": "interval", "amount": 2, "unit": "weeks"},
            "Mon 2026-12-07 15:20",
        ),
        (
            "2026-01-31T15:20",
            {"mode": "interval", "amount": 1, "unit": "months"},
            "Sat 2026-02-28 15:20",
        ),
        # so many days later at ten is that day, though it is later in the day now
        (
            "2026-11-23T15:20",
            {"mode": "interval", "amount": 1, "hour": "10:00"},
            "Tue 2026-11-24 10:00",
        ),
        # at ten without days is the next ten o'clock
        ("2026-11-23T15:20", {"hour": "10:00"}, "Tue 2026-11-24 10:00"),
        ("2026-11-23T09:20", {"hour": "10:00"}, "Mon 2026-11-23 10:00"),
        (
            "2026-11-23T09:20",
            {"mode": "interval", "amount": 2, "unit": "hours", "hour": "10:00"},
            "Tue 2026-11-24 10:00",
        ),
        # the next weekday at ten, from a Friday
        (
            "2026-11-27T15:20",
            {"mode": "interval", "amount": 1, "hour": "10:00", "weekdays": [0, 1, 2, 3, 4]},
            "Mon 2026-11-30 10:00",
        ),
        ("2026-11-28T15:20", {"weekdays": [0, 1, 2, 3, 4]}, "Mon 2026-11-30 15:20"),
        ("2026-11-23T08:00", {"begin": "09:00", "end": "17:00"}, "Mon 2026-11-23 09:00"),
        ("2026-11-23T12:00", {"begin": "09:00", "end": "17:00"}, "Mon 2026-11-23 12:00"),
        ("2026-11-23T17:00", {"begin": "09:00", "end": "17:00"}, "Tue 2026-11-24 09:00"),
        # over midnight
        ("2026-11-23T12:00", {"begin": "20:00", "end": "02:00"}, "Mon 2026-11-23 20:00"),
        ("2026-11-23T23:00", {"begin": "20:00", "end": "02:00"}, "Mon 2026-11-23 23:00"),
        ("2026-11-23T01:00", {"begin": "20:00", "end": "02:00"}, "Mon 2026-11-23 01:00"),
        ("2026-11-23T02:00", {"begin": "20:00", "end": "02:00"}, "Mon 2026-11-23 20:00"),
        # Saturday at one is still Friday's evening, Monday at one is Sunday's
        (
            "2026-11-28T01:00",
            {"begin": "20:00", "end": "02:00", "weekdays": [4]},
            "Sat 2026-11-28 01:00",
        ),
        (
            "2026-11-23T01:00",
            {"begin": "20:00", "end": "02:00", "weekdays": [0]},
            "Mon 2026-11-23 20:00",
        ),
        ("2026-11-23T12:00", {"mode": "date", "date": "2026-12-01T10:00"}, "Tue 2026-12-01 10:00"),
        ("2026-12-05T12:00", {"mode": "date", "date": "2026-12-01T10:00"}, "Sat 2026-12-05 12:00"),
        (
            "2026-12-05T03:00",
            {"mode": "date", "date": "2026-12-01T10:00", "begin": "9:00", "end": "17:00"},
            "Sat 2026-12-05 09:00",
        ),
        # a date keeps the hour beside it, before and after its own time of day
        (
            "2026-11-23T12:00",
            {"mode": "date", "date": "2026-12-01T10:00", "hour": "14:00"},
            "Tue 2026-12-01 14:00",
        ),
        (
            "2026-11-23T12:00",
            {"mode": "date", "date": "2026-12-01T10:00", "hour": "08:30"},
            "Tue 2026-12-01 08:30",
        ),
        # when that is past, the next time that the clock shows it
        (
            "2026-12-01T09:00",
            {"mode": "date", "date": "2026-12-01T10:00", "hour": "08:30"},
            "Wed 2026-12-02 08:30",
        ),
        (
            "2026-12-05T12:00",
            {"mode": "date", "date": "2026-12-01T10:00", "hour": "14:00"},
            "Sat 2026-12-05 14:00",
        ),
        (
            "2026-11-23T12:00",
            {"mode": "date", "date": "2026-12-05T10:00", "hour": "14:00", "weekdays": [0, 1]},
            "Mon 2026-12-07 14:00",
        ),
        (
            "2026-03-01T12:00",
            {"mode": "date", "date": "2026-03-29T10:00", "hour": "02:30"},
            "Sun 2026-03-29 03:00",
        ),
        # clocks go forward on 29 March 2026 in Paris: 02:30 is not there
        (
            "2026-03-28T02:30",
            {"mode": "interval", "amount": 1},
            "Sun 2026-03-29 03:00",
        ),
        ("2026-03-28T12:00", {"hour": "02:30"}, "Sun 2026-03-29 03:00"),
        (
            "2026-03-28T12:00",
            {"mode": "interval", "amount": 24, "unit": "hours"},
            "Sun 2026-03-29 13:00",
        ),
        ("2026-03-28T12:00", {"mode": "interval", "amount": 1}, "Sun 2026-03-29 12:00"),
        # and back on 25 October: 02:30 comes twice, the first counts
        ("2026-10-24T12:00", {"hour": "02:30"}, "Sun 2026-10-25 02:30"),
        (
            "2026-10-24T12:00",
            {"mode": "interval", "amount": 24, "unit": "hours"},
            "Sun 2026-10-25 11:00",
        ),
    ],
)
def test_an_event_is_due_as_its_timing_says(
    base: str, timing: dict[str, Any], expected: str
) -> None:
    assert when(PARIS, base, **timing) == expected


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    found = due(read_timing(Timing(hour="02:30")), local(PARIS, "2026-10-24T12:00"), PARIS)
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_leap_over_a_whole_day_is_survived() -> None:
    # Samoa went from 29 to 31 December 2011
    apia = ZoneInfo("Pacific/Apia")
    assert when(apia, "2011-12-29T12:00", mode="interval", amount=1) == "Sat 2011-12-31 00:00"
    assert when(apia, "2011-12-29T18:00", begin="09:00", end="17:00") == "Sat 2011-12-31 09:00"


def test_each_contact_has_its_own_clock() -> None:
    plan = read_timing(Timing(hour="10:00"))
    base = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert due(plan, base, NEW_YORK) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert due(plan, base, PARIS) == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert plan.by_zone
    assert not read_timing(Timing(mode="interval", amount=3, unit="hours")).by_zone


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        ({"mode": "interval", "amount": -1}, "amount -1 is out of range"),
        ({"mode": "interval", "amount": 121, "unit": "months"}, "amount 121 is out of range"),
        ({"weekdays": [7]}, "weekdays are out of range"),
        ({"begin": "09:00", "end": "09:00"}, "end 09:00 leaves no time at all"),
        ({"begin": "09:00"}, "end is missing"),
        ({"hour": "24:00"}, "'24:00' is no time of day"),
        ({"hour": "9"}, "'9' is no time of day"),
        ({"hour": "10:00", "begin": "9:00", "end": "17:00"}, "both given"),
        ({"mode": "date"}, "date is missing"),
        ({"mode": "date", "date": "soon"}, "'soon' is no date"),
        ({"mode": "date", "date": "2026-12-01T10:00Z"}, "has a zone"),
        ({"mode": "date", "date": "9999-12-31T23:59"}, "out of range"),
    ],
)
def test_a_timing_that_cannot_be_used_says_why(timing: dict[str, Any], words: str) -> None:
    with pytest.raises(BadTiming, match=words) as caught:
        read_timing(Timing(**timing))
    assert caught.value.mend


moments = st.datetimes(datetime(2009, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES).map(ZoneInfo)
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 29, 30, 59]))
intervals = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["immediate", "interval"]),
        "amount": st.integers(0, 100),
        "unit": st.sampled_from(["minutes", "hours", "days", "weeks", "months"]),
        "weekdays": st.lists(st.integers(0, 6), max_size=7),
    }
)


@given(moments, zones, intervals, clocks, clocks)
def test_the_hours_hold_and_no_earlier_moment_would_do(
    base: datetime, zone: ZoneInfo, timing: dict[str, Any], begin: str, end: str
) -> None:
    if begin == end:
        return
    plan = read_timing(Timing(**timing, begin=begin, end=end))
    free = due(read_timing(Timing(**timing | {"weekdays": []})), base, zone)
    found = due(plan, base, zone)
    assert found >= free >= base
    opens, closes = plan.window or (time(), time())
    here = found.astimezone(zone)
    assert is_within(opens, closes, plan.days, here) or found == at_clock(here.date(), opens, zone)
    at = free
    while at < found:
        early = at.astimezone(zone)
        assert not is_within(opens, closes, plan.days, early), early
        at += timedelta(minutes=29)


@given(moments, zones, intervals, clocks)
def test_at_an_hour_it_is_that_hour_on_one_of_the_days(
    base: datetime, zone: ZoneInfo, timing: dict[str, Any], hour: str
) -> None:
    plan = read_timing(Timing(**timing, hour=hour))
    found = due(plan, base, zone)
    assert found >= base
    here = found.astimezone(zone)
    assert here.weekday() in plan.days or here.hour == 0
    if here.strftime("%H:%M") != hour:  # the clocks leapt over it
        before = (found - timedelta(seconds=1)).astimezone(zone)
        assert before.utcoffset() != here.utcoffset()
        assert before.strftime("%H:%M") < hour < here.strftime("%H:%M") or here.hour == 0


@given(moments, zones)
def test_a_wall_clock_time_is_never_before_it_is_shown(base: datetime, zone: ZoneInfo) -> None:
    here = base.astimezone(zone)
    found = at_clock(here.date(), here.time(), zone)
    assert found <= base
    assert found.astimezone(zone).replace(tzinfo=None) >= here.replace(tzinfo=None, fold=0)
