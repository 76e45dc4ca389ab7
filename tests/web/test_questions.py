"""What is asked before something sends or stops: the numbers, names and times in it are right."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import pause, resume
from heliograph.campaigns import get_campaign, publish, unpublish
from heliograph.campaigns.membership import rebuild
from heliograph.channel import Failure, FailureKind
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.messages import edit_message
from heliograph.segments import add_members, create_segment
from tests.campaigns.drawing import drafted, tag
from tests.fixtures import a_number, add_people
from tests.visitor import Visitor, sign_in

Crowd = Callable[..., tuple[Any, list[int]]]
Send = Callable[..., list[Any]]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def marc(sending: Flask) -> Visitor:
    return sign_in(sending, "marketer")


def questions(page: str) -> dict[str, str]:
    """The question of each button that asks one, by its label."""
    found = re.findall(r'<form [^>]*data-confirm="([^"]*)".*?</form>', page, re.DOTALL)
    labels = re.findall(r"<form [^>]*data-confirm=.*?<button[^>]*>(.*?)</button>", page, re.DOTALL)
    return {
        re.sub(r"<[^>]+>", "", label).strip(): html.unescape(question)
        for question, label in zip(found, labels, strict=True)
    }


def test_a_broadcast_under_way_counts_what_is_not_sent_yet(
    marc: Visitor, crowd: Crowd, desk: Any, send: Send
) -> None:
    message, _ = crowd(5)
    send(limit=2)
    place = f"/broadcasts/{message.id}"
    asked = questions(marc.get(place).text)
    assert asked["Pause"] == ("3 texts that are not with the provider yet wait until you resume.")
    assert asked["Cancel"].startswith("3 texts that are still waiting are never sent.")
    pause(message.id)
    asked = questions(marc.get(place).text)
    assert asked["Resume"] == "Sending goes on now: 3 texts are waiting."
    resume(message.id)
    db.session.rollback()
    send(limit=2)
    pause(message.id)
    assert questions(marc.get(place).text)["Resume"].endswith("now: 1 text is waiting.")


def test_a_broadcast_that_has_not_begun_says_when_it_will(marc: Visitor, crowd: Crowd) -> None:
    later, _ = crowd(2, publish_up=datetime(2031, 5, 6, 9, 30, tzinfo=UTC))
    due, _ = crowd(2, first=100, publish_up=datetime(2026, 1, 1, tzinfo=UTC))
    for message in (later, due):
        pause(message.id)
    asked = [questions(marc.get(f"/broadcasts/{one.id}").text)["Resume"] for one in (later, due)]
    assert "May 6, 2031" in asked[0]
    assert "09:30" in asked[0]
    assert "as scheduled" in asked[0]
    assert asked[1] == "It is sent now, to all recipients in its segments."


@pytest.mark.parametrize("change", [{"publish_up": None}, {"published": False}])
def test_a_broadcast_that_would_not_be_sent_does_not_say_that_it_is(
    marc: Visitor, crowd: Crowd, change: dict[str, Any]
) -> None:
    message, _ = crowd(2)
    pause(message.id)
    edit_message(message.id, **change)
    asked = questions(marc.get(f"/broadcasts/{message.id}").text)
    assert asked["Resume"].startswith("Nothing is sent yet: the message is not published,")


def test_sending_again_counts_those_who_failed_in_that_way(
    marc: Visitor, crowd: Crowd, desk: Any, send: Send
) -> None:
    message, _ = crowd(4)
    for person, kind in ((0, FailureKind.FILTERED), (1, FailureKind.FILTERED)):
        desk.by_number[a_number(person)] = Failure(kind, "No.")
    desk.by_number[a_number(2)] = Failure(FailureKind.UNREACHABLE, "Off.")
    send()
    page = marc.get(f"/broadcasts/{message.id}").text
    forms = re.findall(r'<form [^>]*data-confirm="([^"]*)".*?</form>', page, re.DOTALL)
    kinds = re.findall(r'name="kind" value="([^"]+)"', page)
    again = dict(zip(kinds, forms, strict=True))
    assert again["filtered"].startswith("2 contacts are texted again now.")
    assert again["unreachable"].startswith("1 contact is texted again now.")


def test_each_way_to_decide_counts_the_texts_that_nobody_knows_of(
    marc: Visitor, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(3)
    send()
    with transaction() as session:
        for text in session.scalars(db.select(Delivery).limit(2)):
            text.status, text.provider_id = "unknown", None
    asked = questions(marc.get(f"/broadcasts/{message.id}").text)
    assert asked["They were sent"] == "2 texts count as sent."
    assert asked["They failed"] == "2 texts count as failed."
    assert asked["Send them again"] == (
        "2 texts are sent again now. Who got them already gets them twice."
    )


def test_a_campaign_names_who_goes_on_and_whose_members_come_in(marc: Visitor) -> None:
    people = add_people(5)
    segment = create_segment("Regulars").id
    add_members(segment, people[:3])
    campaign = drafted(tag("in"), source=segment)
    publish(campaign)
    rebuild(campaign)
    place = f"/campaigns/{campaign}"
    assert questions(marc.get(place).text)["Hold"] == (
        "3 contacts stay where they are: nothing is sent until it is published again."
    )
    unpublish(campaign)
    add_members(segment, people[3:])
    assert questions(marc.get(place).text)["Publish"] == (
        "3 contacts in it go on. Of 5 members of Regulars those come in who are not in it yet."
    )
    with transaction():
        get_campaign(campaign).publish_up = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
    asked = questions(marc.get(place).text)["Publish"]
    assert "Nothing happens before" in asked
    assert "May 6, 2031" in asked
