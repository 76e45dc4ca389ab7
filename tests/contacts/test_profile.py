"""Adding, editing and deleting contacts."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.contacts import (
    Contact,
    ContactEvent,
    add_contact,
    add_custom_field,
    delete_contact,
    edit_contact,
    get_contact,
    tag_contact,
)
from heliograph.contacts.models import NUMBER_INVALID
from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.dnc import MANUAL, UNSUBSCRIBED, add_dnc, find_dnc
from heliograph.errors import BadInput, NotFound
from heliograph.users import create_user


def history(contact: Contact) -> list[tuple[str, str]]:
    events = select(ContactEvent).where(ContactEvent.contact_id == contact.id)
    return [(e.kind, e.text) for e in db.session.scalars(events.order_by(ContactEvent.id))]


def test_a_contact_is_stored_as_typed_values(app: Flask) -> None:
    add_custom_field("size", "Size", "number")
    add_custom_field("note", "Note")
    user = create_user("owner@example.com", "four words make it")
    values = {
        "phone": "06 12 34 56 78",
        "firstname": " Anna ",
        "last_name": "Müller",
        "email": "Anna@Example.com",
        "country": "France",
        "timezone": "europe/paris",
        "preferred_locale": "fr-FR",
        "size": "42",
        "note": "",
        "owner_id": user.id,
    }
    contact = add_contact(values, region="US")
    db.session.expire_all()
    contact = get_contact(contact.id)
    assert (contact.mobile, contact.name) == ("+33612345678", "Anna Müller")
    assert (contact.email, contact.country) == ("anna@example.com", "FR")
    assert (contact.timezone, contact.locale) == ("Europe/Paris", "fr_FR")
    assert contact.custom == {"size": 42}
    assert contact.owner_id == user.id
    assert history(contact) == [("added", "Contact added")]


def test_a_number_is_read_by_the_country_then_by_the_region(app: Flask) -> None:
    assert add_contact({"mobile": "0612345678"}, region="FR").mobile == "+33612345678"
    by_country = add_contact({"mobile": "07400123456", "country": "GB"}, region="FR")
    assert by_country.mobile == "+447400123456"
    by_region = add_contact({"mobile": "0612345678", "country": "US"}, region="FR")
    assert by_region.mobile == "+33612345678"
    with pytest.raises(BadInput, match="is too short"):
        add_contact({"mobile": "0612", "country": "US"}, region="FR")


BAD_CONTACTS: list[tuple[dict[str, object], str]] = [
    ({}, "mobile"),
    ({"mobile": "", "city": "Paris"}, "mobile"),
    ({"first_name": "Anna", "shoe": "42"}, "shoe"),
    ({"first_name": "Anna", "mobile": "0123456789"}, "mobile"),
    ({"first_name": "Anna", "email": "anna"}, "email"),
    ({"first_name": "Anna", "firstname": "Bea"}, "firstname"),
    ({"first_name": "Anna", "owner_id": 99}, "owner_id"),
    ({"first_name": "Anna", "owner_id": "me"}, "owner_id"),
    ({"first_name": "Anna", "owner_id": 10**30}, "owner_id"),
]


def test_it_refuses_a_bad_contact_and_stores_nothing(app: Flask) -> None:
    for values, culprit in BAD_CONTACTS:
        with pytest.raises(BadInput) as caught:
            add_contact(values, region="FR")
        assert caught.value.field == culprit, values
    assert db.session.scalars(select(Contact)).all() == []


def test_the_same_value_by_two_names_is_fine(app: Flask) -> None:
    contact = add_contact({"phone": "0612345678", "mobile": "0612345678"}, region="FR")
    assert contact.mobile == "+33612345678"


def test_an_edit_changes_what_is_given_and_says_so(app: Flask) -> None:
    add_custom_field("size", "Size", "number")
    add_custom_field("vip", "VIP", "boolean")
    contact = add_contact({"first_name": "Anna", "city": "Paris", "size": 40}, region="FR")
    edit_contact(contact.id, {"city": "Lyon", "size": "", "vip": "yes"}, region="FR")
    db.session.expire_all()
    contact = get_contact(contact.id)
    assert (contact.first_name, contact.city, contact.custom) == ("Anna", "Lyon", {"vip": True})
    assert history(contact)[1:] == [
        ("edited", "City: Paris → Lyon; Size: 40 → none; VIP: none → True")
    ]


def test_an_edit_that_changes_nothing_leaves_no_trace(app: Flask) -> None:
    contact = add_contact({"first_name": "Anna", "mobile": "0612345678"}, region="FR")
    before = contact.updated_at
    edit_contact(contact.id, {"first_name": "Anna ", "mobile": "+33612345678"}, region="FR")
    db.session.expire_all()
    assert get_contact(contact.id).updated_at == before
    assert len(history(contact)) == 1


def test_a_long_edit_still_fits_its_line(app: Flask) -> None:
    add_custom_field("note", "Note")
    contact = add_contact({"first_name": "Anna"}, region="FR")
    edit_contact(contact.id, {"note": "é" * 900}, region="FR")
    (_, text) = history(contact)[-1]
    assert len(text) == 500
    assert text.endswith("é…")


def test_a_refused_edit_changes_nothing(app: Flask) -> None:
    contact = add_contact({"first_name": "Anna"}, region="FR")
    with pytest.raises(BadInput):
        edit_contact(contact.id, {"first_name": "Bea", "email": "nope"}, region="FR")
    db.session.expire_all()
    assert get_contact(contact.id).first_name == "Anna"


def test_an_edited_number_is_read_in_the_contacts_country(app: Flask) -> None:
    contact = add_contact({"first_name": "Ann", "country": "GB"}, region="FR")
    edit_contact(contact.id, {"mobile": "07400123456"}, region="FR")
    assert contact.mobile == "+447400123456"


def test_a_new_number_is_worth_trying_again(app: Flask) -> None:
    contact = add_contact({"mobile": "0612345678"}, region="FR")
    with transaction():
        contact.number_status = NUMBER_INVALID
    edit_contact(contact.id, {"city": "Lyon"}, region="FR")
    assert contact.number_status == NUMBER_INVALID
    edit_contact(contact.id, {"mobile": "0612345679"}, region="FR")
    assert contact.number_status == "ok"


def test_do_not_contact_follows_a_contact_to_its_new_number(app: Flask) -> None:
    contact = add_contact({"mobile": "0612345678"}, region="FR")
    add_dnc("+33612345678", reason=UNSUBSCRIBED, comment="Replied 'STOP'", source="reply 1")
    edit_contact(contact.id, {"mobile": "0612345679"}, region="FR")
    carried = find_dnc("+33612345679")
    assert carried is not None
    assert carried.reason == UNSUBSCRIBED
    assert "Carried over from +33612345678" in carried.comment
    assert "Replied 'STOP'" in carried.comment
    assert find_dnc("+33612345678") is not None


def test_a_free_number_stays_free_when_it_changes(app: Flask) -> None:
    contact = add_contact({"mobile": "0612345678"}, region="FR")
    add_dnc("+33699999999", reason=MANUAL)
    edit_contact(contact.id, {"mobile": "0612345679"}, region="FR")
    assert find_dnc("+33612345679") is None


def test_a_deleted_contact_leaves_its_texts_and_its_opt_out(app: Flask) -> None:
    contact = add_contact({"mobile": "0612345678"}, region="FR")
    tag_contact(contact, ["vip"])
    add_dnc("+33612345678", reason=UNSUBSCRIBED)
    with transaction() as session:
        session.add(
            Delivery(
                source="api",
                contact_id=contact.id,
                recipient_id=contact.id,
                number="+33612345678",
                provider="acme",
                text="Hello",
            )
        )
    delete_contact(contact.id)
    with pytest.raises(NotFound):
        get_contact(contact.id)
    kept = db.session.scalars(select(Delivery)).one()
    assert (kept.text, kept.contact_id, kept.recipient_id) == ("Hello", None, contact.id)
    assert find_dnc("+33612345678") is not None
    assert db.session.scalars(select(ContactEvent)).all() == []


def test_a_contact_that_is_not_there_is_not_found(app: Flask) -> None:
    for contact_id in (0, -1, 7, 2**63, 10**40):
        with pytest.raises(NotFound, match=f"no contact {contact_id}"):
            get_contact(contact_id)
        with pytest.raises(NotFound):
            edit_contact(contact_id, {"city": "Lyon"}, region="FR")
        with pytest.raises(NotFound):
            delete_contact(contact_id)


def test_plugins_are_told_after_the_commit(told: list[tuple[int, str, bool]]) -> None:
    contact = add_contact({"mobile": "0612345678"}, region="FR")
    add_dnc("+33612345678", reason=MANUAL)
    edit_contact(contact.id, {"city": "Lyon"}, region="FR")
    edit_contact(contact.id, {"city": "Lyon"}, region="FR")
    edit_contact(contact.id, {"mobile": "0612345679"}, region="FR")
    tag_contact(contact, ["vip"])
    delete_contact(contact.id)
    assert [(change, there) for _, change, there in told] == [
        ("added", True),
        ("edited", True),
        ("edited", True),
        ("dnc", True),
        ("edited", True),
        ("deleted", False),
    ]
    assert {contact_id for contact_id, _, _ in told} == {contact.id}
