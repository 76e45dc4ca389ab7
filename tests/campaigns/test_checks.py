"""What is wrong with a canvas is said with the event and the mend."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.checks import Finding, check_canvas
from heliograph.db import utcnow
from heliograph.host import current_host
from heliograph.messages import create_message, edit_message
from heliograph.segments import create_segment
from tests.campaigns.drawing import after, drafted, drawn, event, tag
from tests.campaigns.stage import text

STAFF = {"number": "+33699999999", "text": "Call"}


def found(*events: dict[str, Any]) -> list[Finding]:
    source = create_segment(f"source {utcnow().timestamp()}").id
    return check_canvas(drawn(*events, sources=(source,)))


def only(*events: dict[str, Any]) -> Finding:
    findings = found(*events)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_sound_canvas_has_no_findings(app: Flask) -> None:
    assert not found(
        tag("a"),
        event("b", "core.replies", "a", config={"to": "any", "wait_amount": 3}),
        tag("c", "b", path="yes"),
        tag("d", "b", path="no", timing=after(1, hour="10:00", weekdays=[0, 1, 2, 3, 4])),
        event("e", "core.split", "d"),
        tag("f", "e", path="a"),
        tag("g", "e", path="b"),
        event("h", "core.jump", "f", config={"event": "a"}),
    )


def test_no_event_and_no_source_are_said_of_the_whole(app: Flask) -> None:
    findings = check_canvas(drawn())
    assert [one.event for one in findings] == ["", ""]
    assert "no event" in findings[0].words
    assert "no source" in findings[1].words


def test_a_campaign_that_others_add_to_needs_no_source(app: Flask) -> None:
    fed = create_campaign(name="Fed").id
    save_draft(fed, {"events": [tag("a")]}, seen=0)
    feeder = drafted(event("x", "core.change_campaigns", config={"add_to": [fed]}))
    publish(feeder)
    assert publish(fed).number == 1


def test_a_source_that_is_gone_is_found(app: Flask) -> None:
    (finding,) = check_canvas(drawn(tag("a"), sources=(99,)))
    assert "segment 99 is gone" in finding.words


def test_an_event_that_hangs_on_nothing_is_found(app: Flask) -> None:
    finding = only(tag("a"), tag("b", "gone"))
    assert (finding.level, finding.event) == ("error", "b")
    assert "hangs on 'gone', which is not there" in finding.words
    assert finding.mend


def test_an_event_below_one_that_hangs_on_nothing_is_unreachable(app: Flask) -> None:
    findings = found(tag("a"), tag("b", "gone"), tag("c", "b"))
    assert [(one.event, "never reached" in one.words) for one in findings] == [
        ("b", False),
        ("c", True),
    ]


def test_two_events_with_one_key_would_have_two_parents(app: Flask) -> None:
    finding = only(tag("a"), tag("b", "a"), tag("b", None))
    assert "two parents" in finding.words


def test_events_in_a_circle_are_found(app: Flask) -> None:
    findings = found(tag("a"), tag("b", "d"), tag("c", "b"), tag("d", "c"), tag("e", "d"))
    assert {one.event for one in findings if "circle" in one.words} == {"b", "c", "d"}
    assert {one.event for one in findings if "never reached" in one.words} == {"e"}


def test_an_event_that_follows_itself_is_a_circle(app: Flask) -> None:
    assert "circle" in only(tag("a"), tag("b", "b")).words


def jumping(key: str, parent: str, to: str, **more: Any) -> dict[str, Any]:
    return event(key, "core.jump", parent, config={"event": to}, **more)


@pytest.mark.parametrize(
    "between",
    [
        {},
        {"timing": after(0)},
        {"timing": {"hour": "10:00"}},
        {"timing": {"mode": "date", "date": "2199-01-01T10:00"}},
        {"timing": {"begin": "09:00", "end": "17:00"}},
    ],
)
def test_a_jump_back_without_a_delay_is_refused(app: Flask, between: dict[str, Any]) -> None:
    finding = only(tag("a"), tag("b", "a", **between), jumping("j", "b", "a"))
    assert finding.event == "j"
    assert "never end" in finding.words


def test_a_jump_to_itself_is_refused(app: Flask) -> None:
    assert "never end" in only(tag("a"), jumping("j", "a", "j")).words


def test_two_jumps_that_lead_to_each_other_are_refused(app: Flask) -> None:
    findings = found(tag("a"), tag("b"), jumping("j", "a", "b"), jumping("k", "b", "a"))
    assert [one.event for one in findings] == ["j", "k"]


@pytest.mark.parametrize("where", ["a", "b", "j"])
def test_a_delay_anywhere_in_it_breaks_the_loop(app: Flask, where: str) -> None:
    events = [tag("a"), tag("b", "a"), jumping("j", "b", "a")]
    for one in events:
        if one["key"] == where:
            one["timing"] = after(1, "hours")
    assert not found(*events)


def test_a_decision_breaks_the_loop_when_the_contact_has_to_act(app: Flask) -> None:
    for type_, path, more, ok in [
        ("core.replies", "yes", {"to": "any"}, True),
        ("core.replies", "no", {"to": "any"}, True),
        ("core.delivered", "yes", {}, False),
        ("core.delivered", "no", {}, True),
    ]:
        config = {"wait_amount": 3} | more
        events = [event("a", type_, config=config), jumping("j", "a", "a", path=path)]
        errors = [one for one in found(*events) if one.level == "error"]
        assert (not errors) == ok, (type_, path)


def test_a_jump_forward_is_fine_and_nothing_may_follow_it(app: Flask) -> None:
    events = [tag("a"), jumping("j", "a", "b"), tag("b", "a", timing=after(1))]
    assert not found(*events)
    finding = only(*events, tag("c", "j"))
    assert finding.event == "c"
    assert "after which nothing comes" in finding.words


def test_a_jump_to_what_is_not_there_is_found(app: Flask) -> None:
    assert "names the event 'zzz'" in only(tag("a"), jumping("j", "a", "zzz")).words


def test_an_event_of_a_plugin_that_is_gone_is_found(app: Flask) -> None:
    finding = only(tag("a"), event("b", "acme.send_text", "a", name="Hello"))
    assert finding.level == "error"
    assert "'Hello' is of the type 'acme.send_text', which no plugin here brings" in finding.words


def test_an_event_of_a_disabled_plugin_is_a_warning(app: Flask) -> None:
    message = create_message(name="Hi", text="Hi").id
    finding = only(event("a", "simulator.send_text", config={"message_id": message}))
    assert finding.level == "warning"
    assert "disabled" in finding.words


def texted(message_id: Any) -> dict[str, Any]:
    current_host().enable("simulator")
    return event("a", "simulator.send_text", config={"message_id": message_id})


def test_a_text_message_must_be_there_and_published(app: Flask) -> None:
    message = create_message(name="Hi", text="Hi", published=False).id
    assert "not published" in only(texted(message)).words
    edit_message(message, published=True)
    assert not found(texted(message))
    edit_message(message, publish_up=utcnow() + timedelta(days=2))
    assert only(texted(message)).level == "warning"
    assert "text message 99, which is gone" in only(texted(99)).words
    segment = create_segment("s").id
    broadcast = create_message(name="News", text="Hi", segments=[segment]).id
    assert "goes to segments" in only(texted(broadcast)).words


def test_a_field_that_is_missing_or_does_not_fit_is_named(app: Flask) -> None:
    current_host().enable("simulator")
    finding = only(event("a", "simulator.send_text", name="Hello"))
    assert "'Hello' lacks a value: Text message" in finding.words
    assert "does not fit: Text message" in only(texted("soon")).words
    finding = only(event("a", "core.split", config={"weight_a": -5}))
    assert "does not fit: Share of A" in finding.words
    assert "0 closes the path" in finding.mend
    finding = only(event("a", "core.change_tags", config={"add": [], "other": 1}))
    assert "other" in finding.words
    assert "nothing is to be" in only(event("a", "core.change_tags")).words


@pytest.mark.parametrize(
    ("type_", "config", "words"),
    [
        ("core.change_segments", {"add": [99]}, "segment 99"),
        ("core.in_campaign", {"campaigns": [99]}, "campaign 99"),
        ("core.change_field", {"field": "shoe_size", "value": "4"}, "'shoe_size'"),
        ("core.change_field", {"field": "mobile", "value": "4"}, "cannot be changed"),
        ("core.change_field", {"field": "country", "value": "Atlantis"}, "is not a country"),
        ("core.change_tags", {"add": ["a,b"]}, "cannot be a tag"),
        ("core.country", {"countries": ["Atlantis"]}, "is no country"),
        (
            "core.field_value",
            {"field": "city", "operator": "near", "value": "Paris"},
            "no operator of city",
        ),
        ("core.field_value", {"field": "city", "operator": "is"}, "is not a text"),
        ("core.received_message", {"messages": [99]}, "is no message"),
        ("core.replies", {"how": "pattern"}, "the pattern is missing"),
        ("core.replies", {"how": "regex", "regex": "(", "to": "any"}, "not valid: unclosed"),
        (
            "core.replies",
            {"how": "regex", "regex": "((.?){999}){9}z", "to": "any"},
            "takes too long",
        ),
        ("core.replies", {"wait_amount": -1}, "does not fit: Wait"),
        ("core.split", {"weight_a": 0}, "two paths"),
    ],
)
def test_values_are_checked_against_what_there_is(
    app: Flask, type_: str, config: dict[str, Any], words: str
) -> None:
    finding = only(event("a", type_, config=config))
    assert finding.level == "error"
    assert words in finding.words
    assert finding.mend


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (after(-1), "out of range"),
        ({"begin": "09:00", "end": "09:00"}, "leaves no time at all"),
        ({"mode": "date", "date": "someday"}, "no date"),
    ],
)
def test_a_time_that_cannot_be_is_found(app: Flask, timing: dict[str, Any], words: str) -> None:
    finding = only(tag("a", timing=timing))
    assert "cannot be timed" in finding.words
    assert words in finding.words


def test_a_date_in_the_past_is_a_warning(app: Flask) -> None:
    finding = only(tag("a", timing={"mode": "date", "date": "2020-01-01T10:00"}))
    assert finding.level == "warning"
    assert "is past" in finding.words
    assert not found(tag("a", timing={"mode": "date", "date": "2199-01-01T10:00"}))


def test_a_date_with_another_hour_beside_it_says_which_of_them_holds(app: Flask) -> None:
    timing = {"mode": "date", "date": "2199-01-01T10:00", "hour": "14:00"}
    finding = only(tag("a", timing=timing))
    assert finding.level == "warning"
    assert "it happens at 14:00" in finding.words
    assert not found(tag("a", timing=timing | {"hour": "10:00"}))
    assert not found(tag("a", timing=timing | {"date": "2199-01-01T00:00"}))
    past = only(tag("a", timing=timing | {"date": "2020-01-01T10:00"}))
    assert "the next time that it is 14:00" in past.words


def test_a_path_that_the_parent_does_not_have_is_found(app: Flask) -> None:
    assert "a path 'yes' that" in only(tag("a"), tag("b", "a", path="yes")).words
    assert "a path '' that" in only(event("a", "core.opted_out"), tag("b", "a")).words
    closed = only(event("a", "core.split"), tag("b", "a", path="c"))
    assert "leaves closed" in closed.words


def test_a_no_path_without_a_wait_is_never_taken(app: Flask) -> None:
    forever = event("a", "core.opted_out", config={"wait_amount": 0})
    finding = only(forever, tag("b", "a", path="no"))
    assert finding.event == "a"
    assert "waits for ever" in finding.words


def test_an_event_drawn_as_another_kind_is_found(app: Flask) -> None:
    assert "drawn as decision" in only(event("a", "core.split", kind="decision")).words


@pytest.mark.parametrize(
    ("type_", "config"),
    [
        ("core.delivered", {}),
        ("core.failed", {}),
        ("core.replies", {"to": "last"}),
        ("core.clicks", {"to": "last"}),
    ],
)
def test_who_asks_about_the_text_before_where_none_is_sent_is_warned(
    sending: Flask, type_: str, config: dict[str, Any]
) -> None:
    finding = only(tag("a"), event("b", type_, "a", config=config))
    assert (finding.level, finding.event) == ("warning", "b")
    assert "the text before it, but none is sent" in finding.words
    assert not found(text("t"), tag("a", "t"), event("b", type_, "a", config=config))
    assert only(text("t"), event("b", type_, config=config)).event == "b"
    # a jump may lead there from below a text
    elsewhere = [text("t"), jumping("j", "t", "b"), event("b", type_, config=config)]
    assert not found(*elsewhere)


def test_who_asks_about_texts_of_a_campaign_that_sends_none_is_warned(sending: Flask) -> None:
    asking = event("a", "core.replies")
    finding = only(asking)
    assert finding.level == "warning"
    assert "which sends none" in finding.words
    assert not found(asking, text("t"))
    assert not found(event("a", "core.replies", config={"to": "any"}))
    assert only(asking, event("s", "core.text_staff", config=STAFF)).event == "a"
