"""Conditions, and the split: which way a contact goes."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph import clock
from heliograph.campaigns import create_campaign, save_draft
from heliograph.campaigns.builtin.split import drawn
from heliograph.campaigns.membership import add_by_hand, remove_contacts
from heliograph.contacts.fields import add_custom_field
from heliograph.contacts.models import NUMBER_INVALID
from heliograph.segments import create_segment
from tests.campaigns.drawing import after, event, tag
from tests.campaigns.stage import Stage, run, tags, text


@pytest.mark.parametrize(
    ("type_", "config", "make", "says"),
    [
        (
            "field_value",
            {"field": "city", "operator": "starts_with", "value": "par"},
            {"city": "Paris"},
            True,
        ),
        ("field_value", {"field": "city", "operator": "empty"}, {"city": "Paris"}, False),
        (
            "field_value",
            {"field": "my_day", "operator": "within", "value": "+7 days"},
            {"custom": {"my_day": "2026-11-27"}},
            True,
        ),
        (
            "field_value",
            {"field": "my_day", "operator": "anniversary"},
            {"custom": {"my_day": "1990-11-23"}},
            True,
        ),
        (
            "field_value",
            {"field": "my_day", "operator": "anniversary"},
            {"custom": {"my_day": "1990-11-24"}},
            False,
        ),
        ("valid_mobile", {}, {}, True),
        ("valid_mobile", {}, {"mobile": None}, False),
        ("valid_mobile", {}, {"number_status": NUMBER_INVALID}, False),
        ("country", {"countries": ["FR", "BE"]}, {"country": "BE"}, True),
        ("country", {"countries": ["FR", "BE"]}, {"country": "DE"}, False),
        ("country", {"countries": ["FR", "BE"]}, {}, False),
        ("on_dnc", {}, {}, False),
        ("in_campaign", {"campaigns": [1]}, {}, True),
        ("has_tag", {"tags": ["x"]}, {}, False),
        ("has_tag", {"tags": ["x"], "match": "none"}, {}, True),
    ],
)
def test_conditions_look(
    stage: Stage, type_: str, config: dict[str, Any], make: dict[str, Any], says: bool
) -> None:
    add_custom_field("my_day", "My day", "date")
    source, (ann,) = stage.cast(1, **make)
    stage.play(
        event("look", f"core.{type_}", config=config),
        tag("yes", "look", path="yes"),
        tag("no", "look", path="no"),
        source=source,
    )
    stage.turn()
    assert tags(ann) == ["yes" if says else "no"]


def test_conditions_see_what_came_before(stage: Stage) -> None:
    segment = create_segment("vip").id
    hello = text("hello")
    message = hello["config"]["message_id"]
    (ann,) = run(
        stage,
        event("received before", "core.received_message", config={"messages": [message]})
        | {"key": "r1"},
        hello | {"parent": "r1", "path": "no"},
        event("r2", "core.received_message", "hello", config={"messages": [message]}),
        event("s", "core.change_segments", "r2", path="yes", config={"add": [segment]}),
        event("in", "core.in_segment", "s", config={"segments": [segment]}),
        tag("vip", "in", path="yes"),
        event("has", "core.has_tag", "vip", config={"tags": ["vip"], "match": "all"}),
        event("dnc", "core.add_dnc", "has", path="yes"),
        event("on", "core.on_dnc", "dnc", config={"reason": "manual"}),
        tag("end", "on", path="yes"),
    )
    assert tags(ann) == ["end", "vip"]


def test_in_a_campaign_is_now_or_ever_and_of_that_campaign(stage: Stage) -> None:
    source, (ann, bob, cid) = stage.cast(3)
    other = create_campaign(name="Other").id
    save_draft(other, {"events": [tag("there"), tag("later", "there", timing=after(1))]}, seen=0)
    with clock.at(stage.now):
        add_by_hand(other, [ann, bob])
        remove_contacts(other, [bob])
    stage.play(
        event("now", "core.in_campaign", config={"campaigns": [other]}),
        tag("is", "now", path="yes"),
        tag("isnt", "now", path="no"),
        event("ever", "core.in_campaign", config={"campaigns": [other], "state": "ever"}),
        tag("was", "ever", path="yes"),
        tag("never", "ever", path="no"),
        source=source,
    )
    stage.turn()
    assert [tags(one) for one in (ann, bob, cid)] == [
        ["is", "was"],
        ["isnt", "was"],
        ["isnt", "never"],
    ]


def test_the_split_follows_its_weights() -> None:
    lots = [drawn((1, 2, 1, 0, 0), contact, 9, 1) for contact in range(20_000)]
    share = {path: lots.count(path) / len(lots) for path in "abcde"}
    assert share["a"] == pytest.approx(0.25, abs=0.02)
    assert share["b"] == pytest.approx(0.5, abs=0.02)
    assert share["d"] == share["e"] == 0
