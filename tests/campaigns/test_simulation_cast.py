"""The cast of a simulation: who goes through, real or made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heliograph import clock
from heliograph.campaigns import get_campaign, save_draft
from heliograph.campaigns.simulation import MOST_PEOPLE, sample
from heliograph.campaigns.simulation.description import read_simulation
from heliograph.contacts.models import Contact
from heliograph.contacts.tags import tag_contact
from heliograph.db import db
from heliograph.dnc import add_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.segments import create_segment, refresh_segment
from tests.campaigns.drawing import after as in_days
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.rehearsal import (
    MONDAY,
    ZONES,
    description,
    doing,
    played,
    steps_of,
    texts,
    welcome,
)
from tests.campaigns.stage import Stage, template, text

# where the real database is another one, see test_simulation_alone.py
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


def test_a_stop_on_top_of_an_entry_is_known_and_its_start_brings_that_back(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    number = db.session.get_one(Contact, ann).mobile or ""
    with clock.at(MONDAY - timedelta(days=1)):
        add_dnc(number, reason="manual")
        add_dnc(number, reason="unsubscribed")
    campaign = drafted(
        event("wait", "core.opted_out"),
        event("why", "core.on_dnc", "wait", path="no", config={"reason": "manual"}),
        text("hello", "why", path="yes"),
        source=source,
    )
    found = played(
        campaign, [ann], doing("answer", ann, at=MONDAY + timedelta(hours=1), text="START")
    )
    assert steps_of(found, ann)[-2:] == ["why done yes", "hello failed"]


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


def test_without_sources_the_cast_comes_in_all_the_same(stage: Stage) -> None:
    source, (ann,) = stage.cast(1)
    campaign = drafted(text("hello"), source=source)
    drawn = get_campaign(campaign).draft | {"sources": []}
    save_draft(campaign, drawn, seen=1)
    assert len(texts(played(campaign, [ann]), ann)) == 1


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
