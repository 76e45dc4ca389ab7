"""Campaigns by their pages: settings, publishing, versions, and who stands where."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.campaigns import get_campaign, list_campaigns, publish, save_draft
from heliograph.campaigns.models import CampaignEvent, CampaignMember, CampaignStep
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.segments import create_segment
from tests.campaigns.drawing import drafted, event, tag
from tests.fixtures import add_people
from tests.visitor import Visitor, sign_in


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


def test_an_empty_list_says_what_to_do(app: Flask, marc: Visitor) -> None:
    page = marc.get("/campaigns/").text
    assert "Make the first campaign" in page
    assert "Make the first campaign" not in sign_in(app, "reader").get("/campaigns/").text


def test_a_campaign_is_made_and_its_builder_opens(marc: Visitor) -> None:
    form = {"name": "Welcome", "late_hours": "24", "timezone": "Europe/Paris"}
    made = marc.post("/campaigns/new", form)
    assert re.fullmatch(r"/mautic/campaigns/\d+/builder/", made.location)
    (campaign,) = list_campaigns()
    assert (campaign.name, campaign.late_hours, campaign.timezone) == (
        "Welcome",
        24,
        "Europe/Paris",
    )
    page = marc.get("/campaigns/").text
    assert ">Welcome<" in page
    assert ">Draft<" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Enter a name"),
        ("name", "x" * 121, "120"),
        ("timezone", "Mars/Olympus", "timezone"),
        ("late_hours", "soon", "number of hours"),
        ("late_hours", "-1", "number of hours"),
        ("late_hours", "9999999", "out of range"),
        ("publish_up", "tomorrow", "date and time"),
        ("publish_down", "2020-01-01T00:00", "publish_up"),
    ],
)
def test_settings_that_cannot_be_name_the_field(
    marc: Visitor, field: str, value: str, words: str
) -> None:
    form = {"name": "Kept words", "publish_up": "2031-01-01T10:00", "late_hours": "24"}
    answer = marc.post("/campaigns/new", form | {field: value})
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert words.lower() in answer.text.lower()
    assert list_campaigns() == []


def test_the_second_tab_sees_what_the_first_has_saved(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    place = f"/campaigns/{campaign_id}/settings"
    page = marc.get(place).text
    (version,) = re.findall(r'name="version" value="([^"]+)"', page)
    form = {"name": "Mine", "late_hours": "", "version": version}
    assert marc.post(place, form).status_code == 303
    second = marc.post(place, form | {"name": "Theirs"})
    assert second.status_code == 409
    assert "changed meanwhile" in second.text
    assert ">Mine<" in second.text
    db.session.rollback()
    assert (get_campaign(campaign_id).name, get_campaign(campaign_id).late_hours) == ("Mine", None)


def test_publishing_holding_cloning_and_deleting(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    place = f"/campaigns/{campaign_id}"
    assert "Nothing is published yet" in marc.get(place).text
    assert marc.post(place + "/publish").location.endswith(place)
    page = marc.get(place).text
    assert ">Running<" in page
    assert "Delete" not in page
    assert marc.post(place + "/delete").location.endswith(place)  # not while it runs
    assert "Unpublish it first" in marc.get(place).text
    marc.post(place + "/unpublish")
    assert ">Held<" in marc.get(place).text
    copy = marc.post(place + "/clone").location
    assert "(copy)" in marc.get(copy.removeprefix("/mautic")).text
    assert marc.post(place + "/delete").location == "/mautic/campaigns/"
    assert marc.get(place).status_code == 404


def test_what_cannot_be_published_leads_to_the_builder(marc: Visitor) -> None:
    campaign_id = drafted(event("a", "core.jump"))
    answer = marc.post(f"/campaigns/{campaign_id}/publish")
    assert answer.location.endswith(f"/campaigns/{campaign_id}/builder/")
    assert not get_campaign(campaign_id).published


def test_a_version_is_brought_back_as_the_draft(marc: Visitor) -> None:
    campaign_id = drafted(tag("first"))
    place = f"/campaigns/{campaign_id}/versions"
    assert "No version yet" in marc.get(place).text
    publish(campaign_id, user="ann@example.com", note="the first")
    sources = get_campaign(campaign_id).draft["sources"]
    save_draft(campaign_id, {"sources": sources, "events": [tag("second")]}, seen=1)
    page = marc.get(place).text
    assert "was never published: it is lost" in page
    assert "the first" in page
    assert "ann@example.com" in page
    assert marc.post(place + "/1/restore").location.endswith("/builder/")
    db.session.rollback()
    assert [one["key"] for one in get_campaign(campaign_id).draft["events"]] == ["first"]
    assert marc.post(place + "/9/restore").status_code == 404


def test_a_reader_changes_nothing(app: Flask) -> None:
    campaign_id = drafted(tag("a"))
    rita = sign_in(app, "reader")
    place = f"/campaigns/{campaign_id}"
    for view in ("", "/settings", "/versions", "/members", "/now"):
        page = rita.get(place + view)
        assert page.status_code == 200, view
        assert '<button class="btn btn-primary">' not in page.text, view
    for view in ("publish", "unpublish", "clone", "delete", "settings", "members"):
        assert rita.post(f"{place}/{view}", {"name": "x"}).status_code == 403, view
    assert rita.post("/campaigns/new", {"name": "x"}).status_code == 403


def crowded(count: int) -> tuple[int, list[int]]:
    """A published campaign with so many contacts who wait at its first event."""
    campaign_id = drafted(tag("a", name="A"), tag("b", "a"), source=create_segment("none").id)
    publish(campaign_id)
    ids = add_people(count)
    event_id = db.session.scalar(select(CampaignEvent.id).where(CampaignEvent.key == "a"))
    due = utcnow() + timedelta(days=1)
    with transaction() as session:
        for contact_id in ids:
            who = {"campaign_id": campaign_id, "contact_id": contact_id}
            session.add(CampaignMember(**who, status="active", origin="hand"))
            session.add(CampaignStep(**who, event_id=event_id, rotation=1, due_at=due))
    return campaign_id, ids


def test_the_contacts_behind_a_count_are_read_page_by_page(marc: Visitor) -> None:
    campaign_id, ids = crowded(120)
    overview = marc.get(f"/campaigns/{campaign_id}").text
    (href,) = re.findall(r'href="/mautic(/campaigns/\d+/events/a\?group=waiting)"', overview)
    assert ">120 waiting<" in overview
    counts = marc.send("GET", f"/campaigns/{campaign_id}/builder/counts", None).json["counts"]
    assert counts["a"][0] == {
        "name": "waiting",
        "label": "waiting",
        "tone": "calm",
        "number": 120,
        "href": "/mautic" + href,
    }
    for path, link in ((href, "events"), (f"/campaigns/{campaign_id}/members", "members")):
        seen: set[str] = set()
        place = path
        for _ in range(3):
            page = marc.get(place).text
            seen |= set(re.findall(r'href="/mautic/campaigns/\d+/members/(\d+)"', page))
            older = re.search(r'href="/mautic([^"]+)" rel="next"', page)
            if older is None:
                break
            place = older[1].replace("&amp;", "&")
        assert seen == {str(one) for one in ids}, link
    assert "Nobody here" in marc.get(f"/campaigns/{campaign_id}/events/a?group=failed").text
    assert marc.get(f"/campaigns/{campaign_id}/events/a?group=lost").status_code == 400
    assert marc.get(f"/campaigns/{campaign_id}/events/nowhere").status_code == 404
    assert marc.get(f"/campaigns/{campaign_id}/members?status=lost").status_code == 404


def test_a_contact_is_added_and_taken_out_by_hand(marc: Visitor) -> None:
    campaign_id = drafted(tag("a"))
    publish(campaign_id)
    (one,) = add_people(1)
    place = f"/campaigns/{campaign_id}/members"
    marc.post(place, {"who": "+33612000000"})
    assert "begins now" in marc.get(place).text
    marc.post(place, {"who": str(one)})
    assert "in it already" in marc.get(place).text
    marc.post(place, {"who": "nobody"})
    assert "not exactly one contact" in marc.get(place).text
    marc.post(f"{place}/{one}/remove")
    page = marc.get(place + "?status=removed").text
    assert "Ann0" in page
    assert f'href="/mautic{place}/{one}"' in marc.get(f"/contacts/{one}").text
    marc.post(f"{place}/{one}/remove")
    assert "was not in it" in marc.get(place).text
    assert marc.post(f"{place}/999999/remove").status_code == 404


def test_a_person_decides_on_texts_that_nobody_knows_of(app: Flask, marc: Visitor) -> None:
    campaign_id, (one,) = crowded(1)
    place = f"/campaigns/{campaign_id}"
    assert "Nobody knows whether" not in marc.get(place).text
    with transaction() as session:
        text = {"source": "campaign", "campaign_id": campaign_id, "number": "+33612000000"}
        session.add(Delivery(**text, contact_id=one, provider="recorder", status="unknown"))
    assert "Nobody knows whether 1 text went out" in marc.get(place).text
    rita = sign_in(app, "reader")
    assert "Nobody knows whether" not in rita.get(place).text
    assert rita.post(f"{place}/settle", {"way": "sent"}).status_code == 403
    assert marc.post(f"{place}/settle", {"way": "maybe"}).status_code == 400
    marc.post(f"{place}/settle", {"way": "failed"})
    assert "1 texts are settled" in marc.get(place).text
    assert db.session.scalars(select(Delivery.status)).all() == ["failed"]
