"""The page of a simulation without a browser: each press, and what is refused."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import save_draft
from heliograph.contacts import Contact
from heliograph.db import db
from heliograph.segments import add_members, create_segment
from tests.campaigns.drawing import after, drafted, event, tag
from tests.campaigns.stage import template
from tests.fixtures import add_people
from tests.visitor import Visitor, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def campaign(sending: Flask) -> int:
    source, people = create_segment("All").id, add_people(2)
    add_members(source, people)
    config = {"message_id": template("Hi {contactfield=firstname}, reply YES")}
    replies = event("yes", "core.replies", "hello", config={"wait_amount": 3})
    return drafted(
        event("hello", "recorder.send_text", config=config),
        replies,
        tag("keen", "yes", path="yes"),
        tag("cold", "yes", path="no", timing=after(1)),
        source=source,
    )


@pytest.fixture
def reader(sending: Flask) -> Visitor:
    return sign_in(sending, "reader")


def fields(page: str) -> dict[str, str]:
    """What the page sends back with the next press."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


class Simulator:
    """Presses buttons, as a browser without scripts would."""

    def __init__(self, visitor: Visitor, campaign: int) -> None:
        self.visitor, self.place = visitor, f"/campaigns/{campaign}/simulate/"
        self.page = visitor.get(self.place).text

    def press(self, do: str, **typed: str) -> str:
        answer = self.visitor.post(self.place, fields(self.page) | {"do": do} | typed)
        assert answer.status_code == 200
        self.page = answer.text
        return self.page

    @property
    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(fields(self.page)["description"])
        return found


def test_a_reader_plays_a_campaign_press_by_press(reader: Visitor, campaign: int) -> None:
    board = Simulator(reader, campaign)
    first = board.description["until"]
    assert "Hi Ann0, reply YES" in board.page
    assert board.page.count('class="card h-100 zone-once"') == 2
    ann, bob = (person["key"] for person in board.description["cast"])
    board.press("hour")
    assert "opted in" not in board.press(f"answer:{ann}", **{f"answer-{ann}": " Yes, please "})
    assert "Yes, please" in board.page
    assert "Replies: Yes" in board.page
    assert ">opted out<" in board.press(f"say:{bob}:STOP")
    board.press("end")
    assert board.page.count(">Finished<") >= 2
    assert "nothing more is going to happen" in board.page
    board.press("back")
    board.press("back")
    assert ">opted out<" not in board.page
    board.press("restart")
    assert board.description["until"][:19] == first[:19]
    assert not board.description.get("script")


def test_next_event_leaps_to_the_end_of_the_wait(reader: Visitor, campaign: int) -> None:
    board = Simulator(reader, campaign)
    assert "Delivered" in board.page
    board.press("next")
    assert "Replies: No" in board.page
    board.press("next")
    board.press("next")
    assert board.description["until"] > board.description["start"]
    assert "nothing more is going to happen" in board.page


def test_failures_are_switched_on_and_off(reader: Visitor, campaign: int) -> None:
    board = Simulator(reader, campaign)
    ann = board.description["cast"][0]["key"]
    board.press("outage")
    assert "the provider is out" in board.page
    assert "the provider takes no texts" in board.page
    board.press("recover")
    assert "the provider is out" not in board.page
    board.press("restart")
    board.press(f"fail:{ann}", **{f"fail-{ann}": "undelivered:unreachable"})
    board.press("hour")
    assert "this number fails" in board.page
    assert "Not delivered" in board.page
    board.press(f"heal:{ann}")
    assert "this number fails" not in board.page
    board.press(f"click:{ann}")
    assert "There is no link to open" in board.page
    board.press("enter", **{f"answer-{ann}": "by Enter"})
    assert "by Enter" in board.page


def test_the_cast_is_changed(reader: Visitor, campaign: int) -> None:
    board = Simulator(reader, campaign)
    made = {"made-first_name": "Zoe", "made-timezone": "Asia/Tokyo", "made-tags": "vip, new"}
    board.press("make", **made, **{"made-country": "JP"})
    assert board.description["cast"][-1] == {
        "key": "m1",
        "first_name": "Zoe",
        "timezone": "Asia/Tokyo",
        "country": "JP",
        "tags": ["vip", "new"],
    }
    assert "Asia/Tokyo" in board.page
    stranger = add_people(1, first=500)[0]
    board.press("invite", who=str(stranger))
    assert board.description["cast"][-1]["contact_id"] == stranger
    board.press(f"say:c{stranger}:Hello")
    board.press(f"remove:c{stranger}")
    assert not board.description.get("script")
    board.press("sample", count="1")
    assert [one["key"] for one in board.description["cast"]] == [
        f"c{db.session.scalars(db.select(Contact.id).order_by(Contact.id)).first()}",
        "m1",
    ]
    board.press("begin", start="2027-03-01T09:00", which="draft")
    assert board.description["start"] == "2027-03-01T09:00:00+00:00"


def test_without_members_three_people_are_made_up(reader: Visitor, campaign: int) -> None:
    empty = drafted(tag("a"))
    board = Simulator(reader, empty)
    assert [person["key"] for person in board.description["cast"]] == ["m1", "m2", "m3"]
    assert "found nobody" in board.press("sample", count="3")


@pytest.mark.parametrize(
    ("do", "typed", "words"),
    [
        ("answer:{ann}", {"answer-{ann}": " "}, "is empty"),
        ("answer:nobody", {"answer-nobody": "x"}, "is not in the cast"),
        ("make", {"made-timezone": "Mars"}, "is not a time zone"),
        ("make", {"made-mobile": "12"}, "mobile"),
        ("invite", {"who": "nobody"}, "is not exactly one contact"),
        ("invite", {"who": "999999"}, "There is no contact"),
        ("sample", {"count": "99"}, "Use 1 to 25"),
        ("sample", {"count": "many"}, "Use 1 to 25"),
        ("begin", {"start": "soon"}, "is not a date and time"),
        ("begin", {"start": "1400-01-01T00:00"}, "out of range"),
        ("next", {"next_at": "soon"}, "until"),
        ("fail:{ann}", {"fail-{ann}": "odd:odd"}, "how"),
        ("remove:{ann}", {"description": "{{"}, "cannot be read"),
        ("hour", {"description": "[]"}, "cannot be read"),
        ("hour", {"description": '{"cast": []}'}, "is empty"),
        ("hour", {"back": "[1]"}, "cannot be read"),
        ("hour", {"back": "9" * 500_001}, "is too large"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_rest_stays(
    reader: Visitor, campaign: int, do: str, typed: dict[str, str], words: str
) -> None:
    board = Simulator(reader, campaign)
    ann = board.description["cast"][0]["key"]
    given = {name.replace("{ann}", ann): value for name, value in typed.items()}
    page = board.press(do.replace("{ann}", ann), **given)
    assert words in unescape(page)
    assert 'role="alert"' in page
    assert "Hi Ann0, reply YES" in page


def test_a_canvas_with_faults_leads_to_the_builder(reader: Visitor, campaign: int) -> None:
    save_draft(campaign, {"sources": [], "events": [tag("a", "nobody")]}, seen=1)
    page = reader.get(f"/campaigns/{campaign}/simulate/").text
    assert "cannot be published" in page
    assert f"/campaigns/{campaign}/builder/" in page


def test_a_press_needs_an_account_and_a_campaign(sending: Flask, campaign: int) -> None:
    marc = sign_in(sending, "marketer")
    assert marc.get("/campaigns/999/simulate/").status_code == 404
    assert marc.post("/campaigns/999/simulate/", {"do": "hour"}).status_code == 404
    stranger = sending.test_client().post(f"/campaigns/{campaign}/simulate/", data={"do": "hour"})
    assert stranger.status_code in (302, 400, 401)
