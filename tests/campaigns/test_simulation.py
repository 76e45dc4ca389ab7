"""Simulations: what the real engine does to a cast, seen beforehand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from heliograph.campaigns import NotReady, get_campaign, publish, save_draft
from heliograph.campaigns.simulation import play, simulate
from heliograph.campaigns.simulation.description import read_simulation
from heliograph.errors import Conflict
from heliograph.messages import edit_message
from heliograph.segments import create_segment
from tests.campaigns.drawing import after as in_days
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.rehearsal import (
    MONDAY,
    after,
    cast_in_zones,
    description,
    doing,
    kinds,
    played,
    steps_of,
    texts,
    welcome,
)
from tests.campaigns.stage import Stage, replies, template, text

# where the real database is another one, see test_simulation_alone.py
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_who_answers_is_thanked_and_who_does_not_is_reminded_at_ten(stage: Stage) -> None:
    source, (paris, york, tokyo) = cast_in_zones(stage)
    campaign = welcome(source)
    found = played(
        campaign, [paris, york, tokyo], doing("answer", paris, at=after(hours=2), text="yes, me")
    )
    assert texts(found, paris) == [
        ("Mon 23 13:00", "Hi Ann0, reply YES"),
        ("Mon 23 15:00", "Thank you"),
    ]
    assert steps_of(found, paris) == ["hello done", "yes done yes", "keen done", "thanks done"]
    # three days after it was sent nobody has answered: Thursday, and ten has passed in two zones
    assert texts(found, york)[1:] == [("Thu 26 10:00", "Still there?")]
    assert texts(found, tokyo)[1:] == [("Fri 27 10:00", "Still there?")]
    assert steps_of(found, york) == ["hello done", "yes done no", "remind done"]
    assert found.way(f"c{paris}").status == "finished"
    assert found.next_at is None
    by_event = {one.key: one for one in found.events}
    assert (by_event["yes"].paths, by_event["remind"].done) == ({"yes": 1, "no": 2}, 2)


def test_one_description_gives_one_transcript(stage: Stage) -> None:
    source, people = cast_in_zones(stage)
    campaign = welcome(source)
    script = (
        doing("fail", people[0], at=MONDAY, kind="unreachable"),
        doing("stop", people[1], at=after(hours=5)),
        doing("outage", at=after(days=2), until=after(days=4, hours=3)),
    )
    first, again = (played(campaign, people, *script) for _ in range(2))
    assert first.as_dict() == again.as_dict()
    assert first.jumps < 40  # the clock leaps, it does not tick


def test_what_is_simulated_further_begins_the_same(stage: Stage) -> None:
    source, people = cast_in_zones(stage)
    campaign = welcome(source)
    short = played(campaign, people, days=1)
    assert short.next_at == after(days=3)
    (place,) = short.way(f"c{people[0]}").passage.places  # type: ignore[union-attr]
    assert (place.key, place.status, place.until) == ("yes", "open", after(days=3))
    assert "until 2026-11-26 13:00 Europe/Paris" in place.why
    longer = played(campaign, people, days=4)
    for one, other in zip(short.ways, longer.ways, strict=True):
        assert other.entries[: len(one.entries)] == one.entries


@pytest.mark.parametrize(
    ("start", "moments"),
    [
        (datetime(2026, 3, 28, 9, tzinfo=UTC), ["Sat 28 10:00", "Sun 29 10:00", "Mon 30 10:00"]),
        (datetime(2026, 10, 24, 8, tzinfo=UTC), ["Sat 24 10:00", "Sun 25 10:00", "Mon 26 10:00"]),
    ],
)
def test_ten_is_ten_on_both_sides_of_a_change_of_the_clocks(
    stage: Stage, start: datetime, moments: list[str]
) -> None:
    source, (ann,) = stage.cast(1, timezone="Europe/Paris")
    daily = in_days(1, hour="10:00")
    campaign = drafted(
        text("one"),
        text("two", "one", timing=daily),
        text("three", "two", timing=daily),
        source=source,
    )
    found = played(campaign, [ann], start=start, days=5)
    assert [when for when, _ in texts(found, ann)] == moments
    times = [one.at for one in found.way(f"c{ann}").entries if one.kind == "text"]
    assert times[1] - times[0] != timedelta(days=1)  # the night was shorter, or longer


def test_a_click_on_the_link_of_a_text_decides(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    message = template("See https://example.com/shop/{contactfield=firstname} now")
    campaign = drafted(
        text("hello", message=message),
        event("clicks", "core.clicks", "hello", config={"wait_amount": 1}),
        tag("keen", "clicks", path="yes"),
        source=source,
    )
    found = played(
        campaign,
        [ann, bob],
        doing("click", ann, at=after(minutes=9)),
        doing("click", bob, at=after(minutes=9), link=2),
    )
    assert steps_of(found, ann) == ["hello done", "clicks done yes", "keen done"]
    clicked = next(one for one in found.way(f"c{ann}").entries if one.kind == "click")
    assert clicked.text == "https://example.com/shop/Ann0"
    assert "no_link" in kinds(found, bob)
    (text_entry,) = (one for one in found.way(f"c{ann}").entries if one.kind == "text")
    assert "https://sms.example.com/mautic/l/" in text_entry.text


def test_nothing_outside_is_called_and_staff_gets_no_text(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    staff = {"number": "+33699999999", "text": "Call {contactfield=firstname}"}
    campaign = drafted(
        event("hook", "core.webhook", config={"url": "https://example.com/hook"}),
        event("staff", "core.text_staff", "hook", config=staff),
        tag("odd", "staff"),
        source=source,
    )
    found = played(campaign, [ann])
    entries = found.way(f"c{ann}").entries
    hook = next(one for one in entries if one.event == "hook")
    assert (hook.reason, hook.words) == ("would_call", "https://example.com/hook")
    told = next(one for one in entries if one.kind == "staff")
    assert (told.text, told.words) == ("Call Ann0", "+33699999999")
    assert steps_of(found, ann) == ["hook done", "staff done", "odd done"]


def test_quiet_hours_and_a_message_that_is_not_open_yet_are_waited_for(
    stage: Stage, sending: Flask
) -> None:
    source, (ann,) = stage.cast(1, timezone="Europe/Paris")
    late, soon = template("Late"), template("Soon")
    edit_message(soon, publish_up=after(days=2, hours=1))
    campaign = drafted(
        text("late", message=late), text("soon", "late", message=soon), source=source
    )
    settings = sending.extensions["heliograph_settings"]
    object.__setattr__(settings, "quiet_hours", "13:00-14:30")
    first = played(campaign, [ann], days=0.01)
    held = next(one for one in first.way(f"c{ann}").entries if one.kind == "held")
    assert (held.status, held.until) == ("quiet", after(hours=1, minutes=30))
    found = played(campaign, [ann])
    assert texts(found, ann) == [("Mon 23 14:30", "Late"), ("Wed 25 14:30", "Soon")]


def test_a_campaign_waits_for_its_dates(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source, publish_up=after(days=1), publish_down=after(days=2))
    found = played(campaign, [ann])
    assert [when for when, _ in texts(found, ann)] == ["Tue 24 12:00"]
    assert "has ended" in (found.way(f"c{ann}").passage.places[0].why)  # type: ignore[union-attr]


def test_before_its_dates_a_campaign_does_not_look_at_its_segments(stage: Stage) -> None:
    _, (ann, bob) = stage.cast(2)
    listed = create_segment("may be texted", {"field": "dnc", "operator": "is", "value": "none"}).id
    campaign = welcome(listed, publish_up=after(days=2))
    found = played(
        campaign,
        [ann, bob],
        doing("answer", ann, at=after(days=1), text="STOP"),
        doing("answer", ann, at=after(days=3), text="START"),
        days=5,
    )
    # it was never in, so it is no matter of beginning anew
    assert texts(found, ann)[0] == ("Thu 26 12:00", "Hi Ann0, reply YES")
    assert texts(found, bob)[0] == ("Wed 25 12:00", "Hi Ann1, reply YES")


def test_who_leaves_while_it_is_held_has_not_left_when_it_is_back_in_time(stage: Stage) -> None:
    _, (ann,) = stage.cast(1)
    listed = create_segment("may be texted", {"field": "dnc", "operator": "is", "value": "none"}).id
    campaign = welcome(listed, publish_down=after(days=1))
    found = played(
        campaign,
        [ann],
        doing("answer", ann, at=after(days=2), text="STOP"),
        days=5,
    )
    assert found.way(f"c{ann}").status == "active"


def test_the_draft_or_what_is_published_is_played(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = drafted(text("old", message=template("Old")), source=source)
    with pytest.raises(Conflict, match="never published"):
        played(campaign, [ann], published=True)
    publish(campaign)
    drawn = {"sources": [source], "events": [text("new", message=template("New"))]}
    save_draft(campaign, drawn, seen=get_campaign(campaign).draft_version)
    assert [words for _, words in texts(played(campaign, [ann]), ann)] == ["New"]
    shown = played(campaign, [ann], published=True)
    assert [words for _, words in texts(shown, ann)] == ["Old"]
    assert shown.version == 1


def test_a_canvas_with_faults_is_not_played(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    with pytest.raises(NotReady, match="is not there"):
        played(drafted(text("hello", "nobody"), source=source), [ann])


def test_a_campaign_that_never_ends_is_stopped_with_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, (ann,) = stage.cast(1)
    again = event("again", "core.jump", "tick", config={"event": "tick"})
    hourly = in_days(1, "hours")
    campaign = drafted(tag("tick", timing=hourly), again, source=source)
    monkeypatch.setattr(play, "MOST_MOMENTS", 30)
    found = played(campaign, [ann])
    assert "stopped at 2026-11-24 18:00 UTC, after 30 moments" in found.stopped
    assert found.now == after(hours=30)
    assert len(steps_of(found, ann)) >= 58


def test_a_campaign_that_repeats_weekly_is_played_for_ninety_days(stage: Stage) -> None:
    source, people = stage.cast(2)
    campaign = drafted(
        text("news", message=template("News"), timing=in_days(1, "weeks", hour="10:00")),
        replies("reads", "news", config={"wait_amount": 2}),
        event("again", "core.jump", "reads", path="no", config={"event": "news"}),
        source=source,
    )
    found = simulate(read_simulation(description(campaign, people)))
    assert 9 <= len(texts(found, people[0])) <= 12
    assert found.next_at is not None
