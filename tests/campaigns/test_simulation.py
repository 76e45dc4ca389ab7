"""Simulations: what the real engine does to a cast, seen beforehand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from core.campaigns import NotReady, get_campaign, publish, save_draft
from core.campaigns.simulation import MOST_PEOPLE, play, sample, simulate
from core.campaigns.simulation.description import read_simulation
from core.contacts.models import Contact
from core.contacts.tags import tag_contact
from core.db import db, transaction
from core.dnc import add_dnc
from core.errors import BadInput, Conflict, NotFound
from core.host import current_host
from core.messages import edit_message
from core.segments import create_segment, refresh_segment
from tests.campaigns.drawing import after as in_days
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.rehearsal import (
    MONDAY,
    ZONES,
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


def test_stop_puts_the_number_on_do_not_contact_and_no_text_goes_any_more(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = drafted(
        text("hello"),
        event("out", "core.opted_out", "hello", config={"wait_amount": 3}),
        tag("gone", "out", path="yes"),
        text("more", "gone", timing=in_days(1)),
        text("again", "out", path="no"),
        source=source,
    )
    found = played(
        campaign,
        [ann, bob],
        doing("answer", ann, at=after(hours=1), text="stop"),
        doing("stop", bob, at=after(hours=2)),
    )
    for one in (ann, bob):
        assert len(texts(found, one)) == 1
        assert steps_of(found, one) == ["hello done", "out done yes", "gone done", "more failed"]
        replied = next(entry for entry in found.way(f"c{one}").entries if entry.kind == "reply")
        assert replied.status == "out"
        assert "do-not-contact" in found.way(f"c{one}").entries[-2].words


def test_a_text_waits_for_the_end_of_an_outage_and_goes_then(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    out = doing("outage", at=after(days=2), until=after(days=9, hours=1))
    while_out = played(campaign, [ann], out, days=5)
    assert while_out.out
    (place,) = while_out.way(f"c{ann}").passage.places  # type: ignore[union-attr]
    assert (place.key, place.status) == ("remind", "sending")
    assert "held until" in place.why
    assert "switched it off here" in place.why
    found = played(campaign, [ann], out)
    assert [when for when, _ in texts(found, ann)] == ["Mon 23 12:00", "Wed 02 13:00"]
    assert kinds(found, ann).count("refused") == 1
    assert [one.kind for one in found.switches] == ["outage", "recover"]
    assert steps_of(found, ann) == ["hello done", "yes done no", "remind done"]


def test_an_outage_without_end_costs_few_leaps_and_ends_when_it_is_ended(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    out = doing("outage", at=MONDAY)
    found = played(campaign, [ann], out, days=20)
    assert not texts(found, ann)
    assert found.jumps < 40
    ended = played(campaign, [ann], out, doing("recover", at=after(days=9, minutes=7)), days=14)
    assert [when for when, _ in texts(ended, ann)][:1] == ["Wed 02 12:07"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"kind": "bad_number"}, "refused: bad number"),
        ({"how": "undelivered", "kind": "unreachable"}, ""),
        ({"kind": "transient"}, "refused: transient"),
    ],
)
def test_texts_to_a_number_that_fails_take_the_path_for_it(
    stage: Stage, failure: dict[str, str], words: str
) -> None:
    source, (ann, bob) = stage.cast(2)
    campaign = drafted(
        text("hello", timing=in_days(1)),
        tag("lost", "hello", path="failed"),
        event("arrives", "core.delivered", "hello", config={"wait_amount": 1}),
        tag("there", "arrives", path="yes"),
        tag("not_there", "arrives", path="no"),
        source=source,
    )
    found = played(campaign, [ann, bob], doing("fail", ann, at=after(hours=1), **failure))
    assert steps_of(found, bob) == ["hello done", "arrives done yes", "there done"]
    ways = steps_of(found, ann)
    if failure.get("how") == "undelivered":  # it was taken: the campaign went on
        assert ways == ["hello done", "arrives done no", "not_there done"]
        reports = [one for one in found.way(f"c{ann}").entries if one.kind == "report"]
        assert [one.status for one in reports] == ["undelivered"]
        assert "unreachable" in reports[0].words
    else:
        assert ways == ["hello failed failed", "lost done"]
        step = next(one for one in found.way(f"c{ann}").entries if one.kind == "step")
        assert words in step.words
    assert found.way(f"c{ann}").failing


def test_a_number_that_is_healed_gets_texts_again(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = drafted(text("one"), text("two", "one", timing=in_days(2)), source=source)
    fails = doing("fail", ann, at=MONDAY, kind="unreachable")
    found = played(campaign, [ann], fails, doing("heal", ann, at=after(days=1)))
    assert [words for _, words in texts(found, ann)] == ["two Ann0"]
    bounded = doing("fail", ann, at=after(hours=1), kind="unreachable", until=after(days=2))
    assert len(texts(played(campaign, [ann], bounded), ann)) == 2


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


def test_people_who_are_made_up_go_through_as_well(stage: Stage) -> None:
    source, _ = stage.cast(1)
    campaign = drafted(
        text("hello", message=template("Hi {contactfield=firstname}")),
        event("where", "core.country", "hello", config={"countries": ["JP"]}),
        tag("japan", "where", path="yes"),
        event("vip", "core.has_tag", "where", path="no", config={"tags": ["vip"]}),
        tag("important", "vip", path="yes"),
        source=source,
    )
    made: tuple[dict[str, Any], ...] = (
        {"key": "aki", "first_name": "Aki", "country": "JP", "timezone": "Asia/Tokyo"},
        {"key": "bea", "first_name": "Bea", "tags": ["vip"], "mobile": "+33612345678"},
    )
    found = played(campaign, [], made=made)
    assert texts(found, "aki") == [("Mon 23 21:00", "Hi Aki")]
    assert steps_of(found, "aki") == ["hello done", "where done yes", "japan done"]
    assert steps_of(found, "bea")[-1] == "important done"
    assert found.way("aki").mobile.startswith("+81")
    assert found.way("bea").mobile == "+33612345678"
    assert found.way("aki").made_up


def test_what_is_known_of_a_contact_counts(stage: Stage) -> None:
    source, (ann, bob) = stage.cast(2)
    add_dnc(db.session.get_one(Contact, bob).mobile or "", reason="manual")
    tag_contact(db.session.get_one(Contact, ann), ["vip"])
    campaign = drafted(
        event("vip", "core.has_tag", config={"tags": ["vip"]}),
        text("hello", "vip", path="yes"),
        text("other", "vip", path="no"),
        source=source,
    )
    found = played(campaign, [ann, bob])
    assert steps_of(found, ann) == ["vip done yes", "hello done"]
    assert steps_of(found, bob) == ["vip done no", "other failed"]


def test_who_no_longer_fits_the_filters_of_the_source_leaves(stage: Stage) -> None:
    _, (ann, bob) = stage.cast(2)
    tag_contact(db.session.get_one(Contact, ann), ["lead"])
    filters = {"field": "tag", "operator": "has_any", "value": ["lead"]}
    source = create_segment("Leads", filters=filters).id
    refresh_segment(source)
    campaign = drafted(
        event("won", "core.change_tags", config={"remove": ["lead"]}),
        text("never", "won", timing=in_days(1)),
        source=source,
    )
    found = played(campaign, [ann, bob])
    assert found.way(f"c{ann}").status == "left"
    assert not texts(found, ann)
    # who was put in by hand stays
    assert len(texts(found, bob)) == 1


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


def test_events_of_a_plugin_that_is_off_are_waited_at(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    current_host().disable("recorder")
    found = played(campaign, [ann])
    (place,) = found.way(f"c{ann}").passage.places  # type: ignore[union-attr]
    assert "is disabled" in place.why
    assert found.next_at is None


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


def test_without_sources_the_cast_comes_in_all_the_same(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = drafted(text("hello"), source=source)
    drawn = get_campaign(campaign).draft | {"sources": []}
    save_draft(campaign, drawn, seen=1)
    assert len(texts(played(campaign, [ann]), ann)) == 1


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


def test_a_sample_has_as_many_zones_as_there_are(stage: Stage) -> None:
    source, people = stage.cast(20)
    for contact_id, zone in zip(people[15:], (*ZONES, "", ""), strict=True):
        db.session.get_one(Contact, contact_id).timezone = zone
    db.session.commit()
    campaign = welcome(source)
    found = sample(campaign, 4)
    assert found == sample(campaign, 4)
    zones = [db.session.get_one(Contact, one.contact_id).timezone for one in found]
    assert sorted(zones) == sorted(["", *ZONES])
    with pytest.raises(BadInput, match="1 to 25"):
        sample(campaign, 26)
    with pytest.raises(NotFound):
        sample(campaign + 99, 1)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"cast": []}, "cast: is empty"),
    ({"cast": [{"key": f"p{n}"} for n in range(MOST_PEOPLE + 1)]}, "too many contacts"),
    ({"cast": [{"key": "a"}, {"key": "a"}]}, "cast key: 'a' is there twice"),
    ({"cast": [{"key": "a", "contact_id": 4}, {"key": "b", "contact_id": 4}]}, "is there twice"),
    ({"cast": [{"key": "a b"}]}, "cast 1 key"),
    ({"cast": [{"key": "a", "color": 1}]}, "cast 1 color"),
    ({"start": "2026-11-23T12:00"}, "start: .* timezone"),
    ({"start": "yesterday"}, "start"),
    ({"until": MONDAY - timedelta(1)}, "is before the start"),
    ({"until": MONDAY + timedelta(367)}, "until: .* is too far ahead"),
    ({"campaign_id": 0}, "campaign_id"),
    ({"cast": [{"key": "a", "first_name": "\ud800"}]}, "has a broken character"),
    ({"cast": [{"key": "a", "custom": {"x": "a\0"}}]}, "has a broken character"),
    ({"script": [doing("dance", "a", at=MONDAY)]}, "script 1"),
    ({"script": [doing("answer", "b", at=MONDAY, text="x")]}, "script 1 who: 'b' is not in the"),
    ({"script": [doing("answer", "a", at=MONDAY, text="")]}, "script 1 answer text"),
    (
        {"script": [doing("stop", "a", at=MONDAY - timedelta(1))]},
        "script 1 at: .* before the start",
    ),
    ({"script": [doing("outage", at=MONDAY, until=MONDAY)]}, "script 1 until"),
    ({"script": [doing("fail", "a", at=MONDAY, kind="odd")]}, "script 1 fail kind"),
    ({"script": [doing("fail", "a", at=MONDAY, kind="unknown_outcome")]}, "cannot be played"),
]


@pytest.mark.parametrize(("over", "words"), BAD)
def test_a_description_that_does_not_fit_names_the_fault(
    database_url: str, over: dict[str, Any], words: str
) -> None:
    given = description(1, [], made=({"key": "a"},)) | over
    with pytest.raises(BadInput, match=words):
        read_simulation(given)


def test_people_who_cannot_be_are_refused_by_name(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = welcome(source)
    for made, words in (
        ({"timezone": "Mars/Olympus"}, "cast x timezone: 'Mars/Olympus'"),
        ({"country": "Atlantis"}, "cast x country"),
        ({"mobile": "12"}, "cast x mobile"),
        ({"custom": {"shoe": 4}}, "cast x shoe"),
    ):
        with pytest.raises(BadInput, match=words):
            played(campaign, [], made=({"key": "x", **made},))
    with pytest.raises(BadInput, match="is no contact"):
        played(campaign, [ann + 77])
    with pytest.raises(NotFound):
        played(campaign + 99, [ann])


def test_a_contact_without_a_number_cannot_answer(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    with transaction() as session:
        session.get_one(Contact, ann).mobile = None
    found = played(welcome(source), [ann], doing("answer", ann, at=after(hours=1), text="YES"))
    replied = next(one for one in found.way(f"c{ann}").entries if one.kind == "reply")
    assert replied.status == "no_number"
    assert steps_of(found, ann)[0] == "hello failed"


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
