"""Campaigns are made, drawn, published, restored, cloned and deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.campaigns import (
    NotReady,
    clone_campaign,
    create_campaign,
    delete_campaign,
    edit_campaign,
    get_campaign,
    list_campaigns,
    list_versions,
    publish,
    restore,
    save_draft,
    unpublish,
)
from heliograph.campaigns.models import CampaignEvent, CampaignSegment
from heliograph.db import db, utcnow
from heliograph.errors import BadInput, Changed, Conflict, NotFound
from heliograph.messages import create_message, delete_message
from heliograph.segments import create_segment, delete_segment
from tests.campaigns.drawing import drafted, event, tag


def rows(campaign_id: int) -> dict[str, CampaignEvent]:
    db.session.rollback()
    query = select(CampaignEvent).where(CampaignEvent.campaign_id == campaign_id)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {row.key: row for row in found}


def test_a_new_campaign_is_an_empty_draft(app: Flask) -> None:
    campaign = create_campaign(name=" Welcome ")
    assert (campaign.name, campaign.published, campaign.draft["events"]) == ("Welcome", False, [])
    assert [one.id for one in list_campaigns()] == [campaign.id]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"late_hours": -1}, "late_hours"),
        ({"publish_up": utcnow(), "publish_down": utcnow() - timedelta(days=1)}, "publish_down"),
    ],
)
def test_settings_that_cannot_be_are_refused(app: Flask, facts: dict, field: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(BadInput, match=f"^{field}"):
        create_campaign(**{"name": "A"} | facts)


def test_two_who_draw_at_once_do_not_overwrite_each_other(app: Flask) -> None:
    campaign = create_campaign(name="A").id
    assert save_draft(campaign, {"events": [tag("mine")]}, seen=0) == 1
    with pytest.raises(Changed):
        save_draft(campaign, {"events": [tag("yours")]}, seen=0)
    assert get_campaign(campaign).draft["events"][0]["key"] == "mine"


def test_settings_saved_from_an_old_form_are_refused(app: Flask) -> None:
    campaign = create_campaign(name="A")
    seen = campaign.updated_at
    edit_campaign(campaign.id, seen=seen, name="B")
    with pytest.raises(Changed):
        edit_campaign(campaign.id, seen=seen, name="C")


def test_a_draft_with_faults_is_kept_but_not_published(app: Flask) -> None:
    campaign = drafted(tag("a"), tag("b", "gone"))
    with pytest.raises(NotReady, match="'gone'") as caught:
        publish(campaign)
    assert [one.event for one in caught.value.findings] == ["b"]
    assert not get_campaign(campaign).published


def test_publishing_writes_sources_and_events(app: Flask) -> None:
    source = create_segment("s").id
    campaign = drafted(tag("a"), event("b", "core.replies", "a"), source=source)
    version = publish(campaign, user="ann@example.com", note="first")
    assert (version.number, version.note, version.user) == (1, "first", "ann@example.com")
    assert rows(campaign)["b"].parent_id == rows(campaign)["a"].id
    assert db.session.scalars(select(CampaignSegment.segment_id)).all() == [source]
    with pytest.raises(Conflict, match="the campaign 'Welcome'"):
        delete_segment(source)


def test_a_message_that_a_campaign_sends_is_not_deleted(sending: Flask) -> None:
    message = create_message(name="Hi", text="Hi").id
    campaign = drafted(event("a", "recorder.send_text", config={"message_id": message}))
    publish(campaign)
    with pytest.raises(Conflict, match="the campaign 'Welcome'"):
        delete_message(message)
    unpublish(campaign)
    delete_campaign(campaign)
    delete_message(message)


def test_events_keep_their_rows_when_a_canvas_is_published_anew(app: Flask) -> None:
    campaign = drafted(tag("a"), tag("b", "a"), tag("c", "b"))
    publish(campaign)
    before = rows(campaign)
    draft = get_campaign(campaign).draft
    changed = {"sources": draft["sources"], "events": [tag("a", name="new"), tag("c", "a")]}
    save_draft(campaign, changed, seen=1)
    assert publish(campaign).number == 2
    after = rows(campaign)
    assert {key: row.id for key, row in after.items()} == {k: r.id for k, r in before.items()}
    assert after["a"].config == {"add": ["new"]}
    assert after["c"].parent_id == after["a"].id
    assert after["b"].deleted_at is not None
    assert after["b"].heir_id == after["c"].id


def test_a_deleted_event_is_left_by_the_path_then_yes_then_no(app: Flask) -> None:
    campaign = drafted(
        event("a", "core.replies"),
        tag("no", "a", path="no"),
        tag("yes", "a", path="yes"),
        tag("below", "yes"),
    )
    publish(campaign)
    source = get_campaign(campaign).draft["sources"]
    save_draft(campaign, {"sources": source, "events": [tag("no"), tag("below")]}, seen=1)
    publish(campaign)
    # `no` stands higher than `below`, though yes comes before no
    assert rows(campaign)["a"].heir_id == rows(campaign)["no"].id
    assert rows(campaign)["yes"].heir_id == rows(campaign)["below"].id


def test_an_event_drawn_anew_as_another_type_takes_the_place_of_the_old_one(app: Flask) -> None:
    campaign = drafted(tag("a"), tag("b", "a"))
    publish(campaign)
    old = rows(campaign)["a"].id
    draft = get_campaign(campaign).draft
    events = [event("a", "core.valid_mobile"), tag("b", "a", path="yes")]
    save_draft(campaign, {"sources": draft["sources"], "events": events}, seen=1)
    publish(campaign)
    found = rows(campaign)
    assert found["a"].id != old
    assert found[f"~{old}"].heir_id == found["a"].id
    assert found["b"].parent_id == found["a"].id


def test_versions_are_kept_and_restored_as_the_draft(app: Flask) -> None:
    campaign = drafted(tag("a"))
    publish(campaign)
    draft = get_campaign(campaign).draft
    save_draft(campaign, {"sources": draft["sources"], "events": [tag("z")]}, seen=1)
    publish(campaign)
    assert publish(campaign).number == 2  # nothing was drawn since
    assert [one.number for one in list_versions(campaign)] == [2, 1]
    assert restore(campaign, 1, seen=2) == 3
    assert get_campaign(campaign).draft == draft
    with pytest.raises(NotFound, match="no version 9"):
        restore(campaign, 9, seen=3)
    publish(campaign)
    assert rows(campaign)["a"].deleted_at is None
    assert rows(campaign)["z"].deleted_at is not None


def test_a_clone_has_the_canvas_and_nothing_else(app: Flask) -> None:
    campaign = drafted(tag("a"), allow_restart=True)
    publish(campaign)
    copy = clone_campaign(campaign)
    assert (copy.name, copy.published, copy.allow_restart) == ("Welcome (copy)", False, True)
    assert copy.draft == get_campaign(campaign).draft


def test_a_published_campaign_is_not_deleted(app: Flask) -> None:
    campaign = drafted(tag("a"))
    publish(campaign)
    with pytest.raises(Conflict, match="Unpublish it first"):
        delete_campaign(campaign)
    assert unpublish(campaign).held_at is not None
    delete_campaign(campaign)
    with pytest.raises(NotFound):
        get_campaign(campaign)
    assert not rows(campaign)
