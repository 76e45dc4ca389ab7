"""Nothing is deleted that something else names: the error says what stands where."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from heliograph.campaigns import create_campaign, delete_campaign, publish, save_draft, unpublish
from heliograph.campaigns.library import NotReady
from heliograph.contacts import add_custom_field, get_contact, tag_contacts
from heliograph.contacts.models import Contact, CustomField
from heliograph.contacts.profile import edit_contact
from heliograph.contacts.removal import delete_field, delete_tag
from heliograph.db import db, transaction
from heliograph.errors import BadInput, Conflict, NotFound
from heliograph.imports.models import Import
from heliograph.messages import create_message
from heliograph.messages.library import delete_message
from heliograph.segments import create_segment, delete_segment
from heliograph.segments.models import Segment
from tests.campaigns.drawing import event, tag
from tests.fixtures import add_people


def published(*events: dict[str, Any], source: int | None = None, name: str = "Welcome") -> int:
    campaign = create_campaign(name=name).id
    source = source or create_segment(f"source of {campaign}").id
    save_draft(campaign, {"sources": [source], "events": list(events)}, seen=0)
    publish(campaign)
    return campaign


def filtered(field: str, operator: str, value: object, **more: Any) -> dict[str, Any]:
    config = {"field": field, "operator": operator, "value": value}
    return event("look", "core.field_value", name="Look", config=config, **more)


EVENTS_ON_SEGMENTS: list[Callable[[int], dict[str, Any]]] = [
    lambda one: event("look", "core.in_segment", name="Look", config={"segments": [one]}),
    lambda one: event("look", "core.change_segments", name="Look", config={"add": [one]}),
    lambda one: event("look", "core.change_segments", name="Look", config={"remove": [one]}),
    lambda one: filtered("segment", "has_any", [one]),
    lambda one: filtered("segment", "has_any", str(one)),
    lambda _: filtered("segment", "has_none", ["VIP"]),
]


@pytest.mark.parametrize("make", EVENTS_ON_SEGMENTS)
def test_a_segment_that_an_event_names_stays(
    app: Flask, make: Callable[[int], dict[str, Any]]
) -> None:
    vip = create_segment("VIP").id
    campaign = published(make(vip))
    for held in (False, True):
        if held:  # its members still stand there
            unpublish(campaign)
        with pytest.raises(Conflict, match=r"'VIP' is used by .*'Welcome' \(event 'Look'\)"):
            delete_segment(vip)
    save_draft(campaign, {"sources": [], "events": [tag("other")]}, seen=1)
    draft_without(campaign)
    delete_segment(vip)


def draft_without(campaign: int) -> None:
    source = create_segment("instead").id
    save_draft(campaign, {"sources": [source], "events": [tag("other")]}, seen=2)
    publish(campaign)


def test_a_segment_that_feeds_a_campaign_is_in_filters_or_gets_messages_stays(app: Flask) -> None:
    vip = create_segment("VIP").id
    create_segment("Best", {"field": "segment", "operator": "has_any", "value": [vip]})
    create_message(name="Hello", text="Hi", segments=[vip])
    published(tag("a"), source=vip)
    with pytest.raises(Conflict) as caught:
        delete_segment(vip)
    for words in ("the text message 'Hello'", "the segment 'Best'", "the campaign 'Welcome'"):
        assert words in caught.value.message


EVENTS_ON_FIELDS: list[dict[str, Any]] = [
    event("look", "core.change_field", name="Look", config={"field": "plan", "value": "x"}),
    filtered("plan", "is", "gold"),
    event(
        "look",
        "core.webhook",
        name="Look",
        config={"url": "https://example.com/hook", "fields": ["plan"]},
    ),
    event(
        "look",
        "core.webhook",
        name="Look",
        config={
            "url": "https://example.com/hook",
            "fields": [],
            "data": ["what: {contactfield=plan}"],
        },
    ),
    event(
        "look",
        "core.text_staff",
        name="Look",
        config={"number": "+33612345678", "text": "{contactfield=plan|none}"},
    ),
]


@pytest.mark.parametrize("drawn", EVENTS_ON_FIELDS)
def test_a_field_that_an_event_names_stays(app: Flask, drawn: dict[str, Any]) -> None:
    add_custom_field("plan", "Plan")
    published(drawn)
    with pytest.raises(Conflict, match=r"'Plan' is used by .*'Welcome' \(event 'Look'\)"):
        delete_field("plan")


def test_a_field_in_texts_filters_and_waiting_files_stays(app: Flask) -> None:
    add_custom_field("plan", "Plan")
    create_message(name="Hello", text="Your plan: {contactfield=plan|none}")
    create_segment("Gold", {"all": [{"field": "plan", "operator": "is", "value": "gold"}]})
    with transaction() as session:
        session.add(Import(filename="people.csv", path="", mapping={"Plan": "plan"}))
    with pytest.raises(Conflict) as caught:
        delete_field("plan")
    for words in ("message 'Hello'", "segment 'Gold'", "import 'people.csv'"):
        assert words in caught.value.message


def test_a_field_that_nothing_names_goes_with_its_values(app: Flask) -> None:
    add_custom_field("plan", "Plan")
    add_custom_field("size", "Size")
    people = add_people(2)
    edit_contact(people[0], {"plan": "gold", "size": "M"}, region="FR")
    assert delete_field("plan") == 1
    db.session.expire_all()
    assert get_contact(people[0]).custom == {"size": "M"}
    assert db.session.scalars(db.select(CustomField.alias)).all() == ["size"]
    with pytest.raises(NotFound):
        delete_field("plan")
    with pytest.raises(NotFound):
        delete_field("city")


@pytest.mark.parametrize(
    "drawn",
    [
        event("look", "core.has_tag", name="Look", config={"tags": ["vip"]}),
        event("look", "core.change_tags", name="Look", config={"add": ["vip"]}),
        filtered("tag", "has_any", ["vip"]),
    ],
)
def test_a_tag_that_an_event_names_stays(app: Flask, drawn: dict[str, Any]) -> None:
    people = add_people(1)
    tag_contacts(people, ["vip"])
    published(drawn)
    with pytest.raises(Conflict, match=r"'vip' is used by .*'Welcome' \(event 'Look'\)"):
        delete_tag("vip")


def test_a_tag_that_nothing_names_is_taken_off_all(app: Flask) -> None:
    people = add_people(2)
    tag_contacts(people, ["vip", "new"])
    assert delete_tag("vip") == 2
    contact = db.session.get_one(Contact, people[0], populate_existing=True)
    assert [one.name for one in contact.tags] == ["new"]


def test_a_message_that_a_condition_or_a_filter_names_stays(app: Flask) -> None:
    seen, told = (create_message(name=name, text="Hi").id for name in ("Seen", "Told"))
    published(event("look", "core.received_message", name="Look", config={"messages": [seen]}))
    create_segment("Deaf", {"field": "replied", "operator": "not_to_message", "value": told})
    with pytest.raises(Conflict, match=r"'Seen' is used by .*\(event 'Look'\)"):
        delete_message(seen)
    with pytest.raises(Conflict, match="'Told' is used by the segment 'Deaf'"):
        delete_message(told)


def test_a_campaign_that_another_names_stays(app: Flask) -> None:
    inner = published(tag("a"), name="Inner")
    unpublish(inner)
    add = event("look", "core.change_campaigns", name="Look", config={"add_to": [inner]})
    published(add)
    with pytest.raises(Conflict, match=r"'Inner' is used by .*'Welcome' \(event 'Look'\)"):
        delete_campaign(inner)


def test_publishing_and_deleting_at_once_leave_nothing_in_the_air(app: Flask) -> None:
    for _ in range(8):
        vip = create_segment("VIP").id
        source = create_segment("everybody").id
        campaign = create_campaign(name="Race").id
        look = event("look", "core.in_segment", config={"segments": [vip]})
        save_draft(campaign, {"sources": [source], "events": [look]}, seen=0)
        results = at_once(app, lambda: publish(campaign), lambda: delete_segment(vip))  # noqa: B023
        db.session.rollback()
        db.session.expire_all()
        there = db.session.get(Segment, vip) is not None
        assert [type(one) for one in results] == (
            [type(None), Conflict] if there else [NotReady, type(None)]
        )
        unpublish(campaign)
        delete_campaign(campaign)
        for one in (vip, source) if there else (source,):
            delete_segment(one)


def test_a_message_and_its_segment_at_once(app: Flask) -> None:
    for number in range(8):
        vip = create_segment("VIP").id
        text = lambda: create_message(name=f"m{number}", text="Hi", segments=[vip])  # noqa: B023, E731
        results = at_once(app, text, lambda: delete_segment(vip))  # noqa: B023
        db.session.rollback()
        db.session.expire_all()
        there = db.session.get(Segment, vip) is not None
        assert [type(one) for one in results] == (
            [type(None), Conflict] if there else [BadInput, type(None)]
        )
        if there:
            with transaction() as session:
                session.get_one(Segment, vip).name = f"VIP {number}"


def at_once(app: Flask, *works: Callable[[], object]) -> list[Exception | None]:
    """What each raised, each in a thread of its own, all begun at the same moment."""
    barrier = threading.Barrier(len(works))
    results: list[Exception | None] = [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait(20)
            try:
                work()
            except Exception as error:
                results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
