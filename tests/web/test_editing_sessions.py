"""Saves of one open builder: the newest counts, in whatever order they come."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import get_campaign, save_draft
from heliograph.campaigns.library import Editing
from heliograph.db import db
from heliograph.errors import Changed
from tests.campaigns.drawing import drafted, tag
from tests.visitor import Visitor, sign_in

MINE, THEIRS = "a" * 16, "b" * 16


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


def canvas(name: str) -> dict[str, Any]:
    return {"sources": [], "events": [tag(name)]}


def drawn_now(campaign: int) -> tuple[str, int]:
    db.session.rollback()
    found = get_campaign(campaign)
    return found.draft["events"][0]["key"], found.draft_version


def put(marc: Visitor, campaign: int, name: str, version: int, session: Any, number: Any) -> Any:
    body = {"canvas": canvas(name), "version": version, "session": session, "number": number}
    return marc.send("PUT", f"/campaigns/{campaign}/builder/draft", body)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_the_newest_save_of_a_session_stands_however_they_come(
    app: Flask, order: tuple[int, ...]
) -> None:
    """All three were made from version 1: the answers of none had come yet."""
    campaign = drafted(tag("first"))
    for number in order:
        save_draft(campaign, canvas(f"save{number}"), seen=1, by=Editing(MINE, number))
    assert drawn_now(campaign)[0] == "save3"


def test_a_save_that_comes_twice_is_taken_once(app: Flask) -> None:
    campaign = drafted(tag("first"))
    first = save_draft(campaign, canvas("a"), seen=1, by=Editing(MINE, 1))
    assert save_draft(campaign, canvas("a"), seen=1, by=Editing(MINE, 1)) == first
    assert drawn_now(campaign) == ("a", 2)


def test_a_late_save_never_wins_over_another_session(app: Flask) -> None:
    campaign = drafted(tag("first"))
    save_draft(campaign, canvas("mine"), seen=1, by=Editing(MINE, 1))
    save_draft(campaign, canvas("theirs"), seen=2, by=Editing(THEIRS, 1))
    with pytest.raises(Changed):
        save_draft(campaign, canvas("late"), seen=1, by=Editing(MINE, 2))
    with pytest.raises(Changed):
        save_draft(campaign, canvas("late"), seen=2, by=Editing(MINE, 3))
    assert drawn_now(campaign) == ("theirs", 3)
    # whoever has looked at theirs may replace it, and what is older stays out then too
    save_draft(campaign, canvas("decided"), seen=3, by=Editing(MINE, 4))
    save_draft(campaign, canvas("late"), seen=1, by=Editing(MINE, 2))
    assert drawn_now(campaign) == ("decided", 4)


def test_a_save_without_a_session_is_another_ones(app: Flask) -> None:
    campaign = drafted(tag("first"))
    save_draft(campaign, canvas("mine"), seen=1, by=Editing(MINE, 1))
    save_draft(campaign, canvas("restored"), seen=2)
    with pytest.raises(Changed):
        save_draft(campaign, canvas("late"), seen=2, by=Editing(MINE, 2))
    with pytest.raises(Changed):
        save_draft(campaign, canvas("other"), seen=1)
    assert drawn_now(campaign) == ("restored", 3)


def test_the_builder_is_told_who_saved_last(marc: Visitor) -> None:
    campaign = drafted(tag("first"))
    place = f"/campaigns/{campaign}/builder/canvas"
    assert marc.send("GET", place, None).json["session"] == ""
    assert put(marc, campaign, "a", 1, MINE, 1).json["version"] == 2
    assert put(marc, campaign, "b", 1, MINE, 2).json["version"] == 3
    assert put(marc, campaign, "late", 1, MINE, 1).json["version"] == 3
    found = marc.send("GET", place, None).json
    assert (found["session"], found["version"]) == (MINE, 3)
    refused = put(marc, campaign, "theirs", 1, THEIRS, 1)
    assert (refused.status_code, refused.json["session"]) == (409, MINE)
    assert refused.json["canvas"]["events"][0]["key"] == "b"


@pytest.mark.parametrize(
    ("session", "number", "field"),
    [
        ("short", 1, "session"),
        ("x" * 41, 1, "session"),
        ("with blank", 1, "session"),
        (7, 1, "session"),
        (None, 1, "session"),
        (MINE, None, "number"),
        (MINE, 0, "number"),
        (MINE, -1, "number"),
        (MINE, "1", "number"),
        (MINE, True, "number"),
        (MINE, 1.5, "number"),
        (MINE, 1 << 63, "number"),
    ],
)
def test_what_is_no_session_is_refused(
    marc: Visitor, session: Any, number: Any, field: str
) -> None:
    campaign = drafted(tag("first"))
    answer = put(marc, campaign, "a", 1, session, number)
    assert (answer.status_code, answer.json["error"].partition(":")[0]) == (400, field)
    assert drawn_now(campaign) == ("first", 1)
