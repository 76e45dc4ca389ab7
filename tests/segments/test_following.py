"""Segments that campaigns follow look at changed contacts at once, not with the next round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import literal_column, text

from heliograph.campaigns import create_campaign, publish, save_draft, unpublish
from heliograph.campaigns.course import Courses
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.leaving import let_leave
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import CampaignMember
from heliograph.campaigns.react import react
from heliograph.channel import FailureKind
from heliograph.contacts import edit_contact, merge_contacts, tag_contacts, untag_contact
from heliograph.contacts.changes import has_changes, note_changed
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import add_contact
from heliograph.db import db, transaction
from heliograph.deliveries.consequences import Failed, mark_numbers
from heliograph.dnc import MANUAL, add_dnc
from heliograph.segments import (
    add_members,
    count_members,
    create_segment,
    follower,
    refresh_all,
    refresh_segment,
    remove_members,
)
from heliograph.segments.follower import Follower
from heliograph.segments.models import Segment
from tests.campaigns.drawing import tag
from tests.fixtures import add_people

Filter = dict[str, Any]
CUSTOMERS: Filter = {"field": "tag", "operator": "has_any", "value": ["customer"]}
IN_PARIS: Filter = {"field": "city", "operator": "is", "value": "Paris"}
NOT_LISTED: Filter = {"field": "dnc", "operator": "is", "value": "none"}
WITH_NUMBER: Filter = {"field": "number_status", "operator": "is", "value": "ok"}


def followed(filters: Filter) -> tuple[int, int]:
    """A segment with these filters, and an open campaign that it feeds, both up to date."""
    segment = create_segment("followed", filters).id
    campaign = create_campaign(name="Follows").id
    save_draft(campaign, {"sources": [segment], "events": [tag("in")]}, seen=0)
    publish(campaign)
    refresh_all()
    rebuild(campaign)
    return segment, campaign


def follow() -> None:
    """What the jobs do that run every second or two."""
    follower = Follower()
    react(EventTypes(), Courses())
    while has_changes():
        follower.run()
    while let_leave():
        pass
    db.session.rollback()
    db.session.expire_all()


def status_of(campaign: int, contact: int) -> str | None:
    query = db.select(CampaignMember.status).where(
        CampaignMember.campaign_id == campaign, CampaignMember.contact_id == contact
    )
    return db.session.scalar(query)


def mark_invalid(contact: int) -> None:
    with transaction():
        mobile = db.session.get_one(Contact, contact).mobile or ""
        mark_numbers([Failed(mobile, "p", "s", FailureKind.BAD_NUMBER)])


def put_on_dnc(contact: int) -> None:
    add_dnc(db.session.get_one(Contact, contact).mobile or "", reason=MANUAL, source="test")


@pytest.mark.parametrize(
    ("filters", "change"),
    [
        (IN_PARIS, lambda one: edit_contact(one, {"city": "Lyon"}, region="FR")),
        (CUSTOMERS, lambda one: untag_contact(db.session.get_one(Contact, one), ["customer"])),
        (NOT_LISTED, put_on_dnc),
        (WITH_NUMBER, mark_invalid),
        ({"all": [CUSTOMERS, {"not": {"all": [IN_PARIS, CUSTOMERS]}}]}, None),
    ],
)
def test_whom_the_filters_do_not_find_any_more_is_out_at_once(
    app: Flask, filters: Filter, change: Callable[[int], Any] | None
) -> None:
    people = add_people(3)
    tag_contacts(people, ["customer"])
    if change is not None:
        for one in people:
            edit_contact(one, {"city": "Paris"}, region="FR")
    segment, campaign = followed(filters)
    assert count_members(segment) == 3
    act = change or (lambda one: edit_contact(one, {"city": "Paris"}, region="FR"))
    act(people[0])
    follow()
    assert [status_of(campaign, one) for one in people] == ["left", "new", "new"]
    assert count_members(segment) == db.session.get_one(Segment, segment).member_count == 2


def test_whom_they_find_now_is_a_member_at_once(app: Flask) -> None:
    segment, _ = followed(IN_PARIS)
    add_contact({"mobile": "+33612345678", "city": "Paris"}, region="FR")
    follow()
    assert count_members(segment) == 1


def test_whoever_comes_into_a_segment_joins_its_campaigns_at_once(app: Flask) -> None:
    segment, campaign = followed(IN_PARIS)
    one = add_contact({"mobile": "+33612345678", "city": "Paris"}, region="FR").id
    (other,) = add_people(1)
    add_members(segment, [other])
    follow()
    assert [status_of(campaign, contact) for contact in (one, other)] == ["new", "new"]


def test_a_segment_that_another_names_is_looked_at_before_it(app: Flask) -> None:
    people = add_people(2)
    for one in people:
        edit_contact(one, {"city": "Paris"}, region="FR")
    inner = create_segment("inner", IN_PARIS).id
    picked = create_segment("picked").id
    add_members(picked, people)
    named = {"field": "segment", "operator": "has_all", "value": [inner, picked]}
    _, campaign = followed(named)
    edit_contact(people[0], {"city": "Lyon"}, region="FR")
    follow()
    assert [status_of(campaign, one) for one in people] == ["left", "new"]
    remove_members(picked, people[1:])
    follow()
    assert [status_of(campaign, one) for one in people] == ["left", "left"]


def test_a_merge_counts_as_a_change(app: Flask) -> None:
    people = add_people(2)
    edit_contact(people[1], {"city": "Paris"}, region="FR")
    segment, _ = followed(IN_PARIS)
    merge_contacts(people[0], people[1])
    refresh_segment(segment)
    assert count_members(segment) == 1


def test_a_change_of_nobody_knows_whom_refreshes_the_whole_segment(app: Flask) -> None:
    people = add_people(2)
    segment, campaign = followed({"field": "first_name", "operator": "is", "value": "Ann0"})
    with transaction() as session:
        session.get_one(Contact, people[0]).first_name = "Bob"
        note_changed(None)
    follow()
    assert status_of(campaign, people[0]) == "left"
    assert count_members(segment) == 0


def test_segments_that_feed_no_open_campaign_wait_for_the_round_of_all(app: Flask) -> None:
    (one,) = add_people(1)
    edit_contact(one, {"city": "Paris"}, region="FR")
    segment, campaign = followed(IN_PARIS)
    unpublish(campaign)
    edit_contact(one, {"city": "Lyon"}, region="FR")
    follow()
    assert count_members(segment) == 1
    refresh_all()
    assert count_members(segment) == 0
    assert status_of(campaign, one) == "new"


def test_the_round_of_all_takes_in_the_notes_too(app: Flask) -> None:
    (one,) = add_people(1)
    edit_contact(one, {"city": "Paris"}, region="FR")
    assert has_changes()
    refresh_all()
    assert not has_changes()


def two_followed(people: list[int]) -> tuple[int, int]:
    """Two campaigns, each with a segment of its own of those in Paris."""
    for one in people:
        edit_contact(one, {"city": "Paris"}, region="FR")
    campaigns = []
    for name in ("first", "second"):
        segment = create_segment(name, IN_PARIS).id
        campaign = create_campaign(name=name).id
        save_draft(campaign, {"sources": [segment], "events": [tag(name)]}, seen=0)
        publish(campaign)
        campaigns.append(campaign)
    refresh_all()
    for campaign in campaigns:
        rebuild(campaign)
    return campaigns[0], campaigns[1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_filters_that_the_database_refuses_hold_up_no_other_segment(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = add_people(2)
    _, second = two_followed(people)
    right = follower.matching_contacts

    def refused(segment: Segment, now: Any) -> Any:
        found = right(segment, now)
        return found.where(literal_column("1/0") == 1) if segment.name == "first" else found

    monkeypatch.setattr(follower, "matching_contacts", refused)
    edit_contact(people[0], {"city": "Lyon"}, region="FR")
    follow()
    assert [status_of(second, one) for one in people] == ["left", "new"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_segment_that_is_locked_is_looked_at_again(app: Flask) -> None:
    people = add_people(2)
    first, second = two_followed(people)
    edit_contact(people[0], {"city": "Lyon"}, region="FR")
    db.session.remove()
    with db.engine.begin() as other:
        other.execute(text("SELECT 1 FROM segments WHERE name = 'first' FOR UPDATE"))
        db.session.execute(text("SET lock_timeout = '100ms'"))
        db.session.commit()
        Follower().run()
        assert has_changes()
    follow()
    for campaign in (first, second):
        assert [status_of(campaign, one) for one in people] == ["left", "new"]
