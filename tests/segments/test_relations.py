"""Filters on tags, segments, do-not-contact, texts and replies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from heliograph.contacts import Contact, tag_contacts
from heliograph.contacts.models import NUMBER_INVALID
from heliograph.db import db, transaction
from heliograph.deliveries.models import STATUSES, WITH_PROVIDER, Delivery
from heliograph.dnc import add_dnc
from heliograph.errors import BadInput
from heliograph.messages.models import TextMessage
from heliograph.replies.models import Reply
from heliograph.segments import add_members, check_filters, create_segment, remove_members
from heliograph.segments.models import BY_FILTER, SegmentMember
from tests.segments.conftest import Found, Person, where

NOW = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)


TAGS: list[Any] = [
    ("has_any", ["vip", "Müll"], ["Ann", "Bea"]),
    ("has_any", "VIP", ["Ann"]),
    ("has_any", ["MÜLL"], ["Ann", "Bea"]),
    ("has_all", ["vip", "müll"], ["Ann"]),
    ("has_none", ["vip"], ["Bea", "Cem"]),
    ("has_none", ["unheard of"], ["Ann", "Bea", "Cem"]),
    ("has_any", ["v_p", "%"], []),
]


def test_tags_are_found_by_name(person: Person, found: Found) -> None:
    ann, bea = person("Ann"), person("Bea")
    person("Cem")
    tag_contacts([ann], ["VIP"])
    tag_contacts([ann, bea], ["Müll"])
    for operator, value, names in TAGS:
        assert found(where("tag", operator, value)) == names, (operator, value)


MEMBERS: list[Any] = [
    ("has_any", ["One"], ["Ann", "Bea"]),
    ("has_any", "Two", ["Bea", "Cem"]),
    ("has_all", ["One", "Two"], ["Bea"]),
    ("has_none", ["One"], ["Cem", "Dan", "Out"]),
    ("has_none", ["One", "Two"], ["Dan", "Out"]),
]


def test_members_of_other_segments_are_found(person: Person, found: Found) -> None:
    ann, bea, cem, _dan, out = [person(name) for name in ("Ann", "Bea", "Cem", "Dan", "Out")]
    one, two = create_segment("One"), create_segment("Two")
    add_members(one.id, [ann, bea])
    add_members(two.id, [bea, cem])
    with transaction() as session:
        session.add(SegmentMember(segment_id=one.id, contact_id=out, origin=BY_FILTER))
    remove_members(one.id, [out])
    for operator, value, names in MEMBERS:
        assert found(where("segment", operator, value)) == names, (operator, value)


def test_segments_are_stored_by_id_so_that_they_may_be_renamed(app: Flask) -> None:
    vip = create_segment("VIP")
    kept = check_filters({"all": [where("segment", "has_any", ["VIP", vip.id, str(vip.id)])]})
    assert kept == {"all": [where("segment", "has_any", [vip.id] * 3)]}


NO_SEGMENTS: list[Any] = ["VIPs", 10**30, -1, 0, 4711, "4711", "²"]


def test_a_segment_that_is_not_there_is_refused(app: Flask) -> None:
    create_segment("VIP")
    for value in NO_SEGMENTS:
        with pytest.raises(BadInput) as caught:
            check_filters(where("segment", "has_any", [value]))
        assert caught.value.field == "filters.value[0]"
        assert ("Did you mean VIP?" if value == "VIPs" else "segments list") in caught.value.message


DNC: list[Any] = [
    ("is", "unsubscribed", ["Ann"]),
    ("is", "bounced", ["Bea"]),
    ("is", "manual", []),
    ("is", "any", ["Ann", "Bea"]),
    ("is", "none", ["Cem", "Dan"]),
    ("is_not", "none", ["Ann", "Bea"]),
    ("is_not", "any", ["Cem", "Dan"]),
    ("is_not", "unsubscribed", ["Bea", "Cem", "Dan"]),
]


def test_do_not_contact_is_found_by_reason(person: Person, found: Found) -> None:
    person("Ann", mobile="+33612345678")
    person("Bea", mobile="+33612345679")
    person("Cem", mobile="+33612345670")
    person("Dan", mobile=None)
    add_dnc("+33612345678", reason="unsubscribed")
    add_dnc("+33612345679", reason="bounced")
    add_dnc("+33612345670", reason="manual", channel="email")
    for operator, value, names in DNC:
        assert found(where("dnc", operator, value)) == names, (operator, value)


def test_invalid_numbers_are_found(person: Person, found: Found) -> None:
    person("Ann", number_status=NUMBER_INVALID)
    person("Bea")
    assert found(where("number_status", "is", "invalid")) == ["Ann"]
    assert found(where("number_status", "is_not", "invalid")) == ["Bea"]


def test_a_choice_that_is_not_there_is_refused(found: Found) -> None:
    for condition in (where("dnc", "is", "stop"), where("number_status", "is", "bad")):
        with pytest.raises(BadInput, match=r"filters\.value: .* is no choice\. Use one of "):
            found(condition)


def store_message(name: str) -> int:
    with transaction() as session:
        message = TextMessage(name=name, text="Hi")
        session.add(message)
        session.flush()
        return message.id


def store_delivery(contact_id: int | None, message_id: int, status: str = "sent") -> int:
    with transaction() as session:
        delivery = Delivery(
            source="api",
            contact_id=contact_id,
            message_id=message_id,
            number="+33612345678",
            provider="acme",
            status=status,
        )
        session.add(delivery)
        session.flush()
        return delivery.id


def test_received_is_what_a_provider_took(person: Person, found: Found) -> None:
    message, other = store_message("Hi"), store_message("Other")
    for status in STATUSES:
        store_delivery(person(status), message, status)
    store_delivery(person("nobody"), other)
    store_delivery(None, message)
    took = sorted(WITH_PROVIDER)
    rest = sorted({*STATUSES, "nobody"} - set(took))
    assert found(where("received_message", "received", message)) == took
    assert found(where("received_message", "is", str(message))) == took
    assert found(where("received_message", "not_received", message)) == rest
    assert found(where("received_message", "is_not", [message])) == rest
    assert found(where("received_message", "received", [message, other])) == sorted(
        [*took, "nobody"]
    )


NO_MESSAGES: list[Any] = [4711, 10**30, -1, "Hi", "²", True, None, 1.5]


def test_a_message_that_is_not_there_is_refused(found: Found) -> None:
    store_message("Hi")
    for value in NO_MESSAGES:
        for field, operator in (("received_message", "not_received"), ("replied", "to_message")):
            with pytest.raises(BadInput) as caught:
                found({"field": field, "operator": operator, "value": value})
            assert caught.value.field == "filters.value"
            assert "messages list" in caught.value.message


@pytest.fixture
def replies(person: Person) -> int:
    """Ann replied to a text, Bea long ago, Cem before we knew her; returns the message."""
    message = store_message("Hi")
    ann, bea = person("Ann", mobile="+33611111111"), person("Bea", mobile="+33622222222")
    person("Cem", mobile="+33633333333")
    person("Dan", mobile="+33644444444")
    rows = [
        (ann, "+33611111111", store_delivery(ann, message), "Yes, 100% SURE", NOW),
        (bea, "+33622222222", None, "Où ?", datetime(2020, 1, 1, tzinfo=UTC)),
        (None, "+33633333333", None, "no", NOW),
        (None, "+33655555555", None, "who", NOW),
    ]
    with transaction() as session:
        for place, (contact_id, number, delivery_id, text, at) in enumerate(rows):
            session.add(
                Reply(
                    provider="acme",
                    provider_id=str(place),
                    number=number,
                    contact_id=contact_id,
                    delivery_id=delivery_id,
                    text=text,
                    received_at=at,
                )
            )
    return message


REPLIES: list[Any] = [
    ("ever", None, ["Ann", "Bea", "Cem"]),
    ("never", None, ["Dan"]),
    ("since", "today", ["Ann", "Cem"]),
    ("since", "2019-12-31", ["Ann", "Bea", "Cem"]),
    ("not_since", "-1 month", ["Bea", "Dan"]),
    ("within", "-1 day", ["Ann", "Cem"]),
    ("not_within", "-1 day", ["Bea", "Dan"]),
    ("contains", "sure", ["Ann"]),
    ("contains", "0% s", ["Ann"]),
    ("contains", "OÙ", ["Bea"]),
    ("contains", "%", ["Ann"]),
    ("not_contains", "no", ["Ann", "Bea", "Dan"]),
]


@pytest.mark.usefixtures("replies")
def test_replies_are_found(found: Found) -> None:
    for operator, value, names in REPLIES:
        assert found(where("replied", operator, value), now=NOW) == names, (operator, value)


def test_replies_to_a_message_are_found(found: Found, replies: int) -> None:
    other = store_message("Other")
    assert found(where("replied", "to_message", replies)) == ["Ann"]
    assert found(where("replied", "not_to_message", replies)) == ["Bea", "Cem", "Dan"]
    assert found(where("replied", "to_message", other)) == []


def test_every_contact_is_on_one_side_of_each_condition(found: Found, replies: int) -> None:
    everyone = sorted(db.session.scalars(db.select(Contact.first_name)))
    for condition in (
        where("replied", "ever"),
        where("replied", "to_message", replies),
        where("received_message", "received", replies),
        where("dnc", "is", "any"),
        where("tag", "has_all", ["a", "b"]),
        where("mobile", "is", "+33611111111"),
        where("created_at", "before", "2000-01-01"),
    ):
        assert sorted(found(condition) + found({"not": condition})) == everyone, condition
