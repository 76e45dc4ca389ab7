"""Tags on one contact and on many."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from heliograph.contacts import (
    Contact,
    ContactEvent,
    add_contact,
    list_tags,
    tag_contact,
    tag_contacts,
    untag_contact,
    untag_contacts,
)
from heliograph.contacts.models import contact_tags
from heliograph.db import db, transaction
from heliograph.errors import BadInput


def names(contact: Contact) -> list[str]:
    return [tag.name for tag in contact.tags]


def test_tags_come_and_go(app: Flask) -> None:
    contact = add_contact({"first_name": "Anna"}, region="FR")
    assert tag_contact(contact, ["VIP", " two   words ", "VIP"]) == ["VIP", "two words"]
    assert names(contact) == ["VIP", "two words"]
    assert tag_contact(contact, ["VIP", "new"]) == ["new"]
    assert untag_contact(contact, ["VIP", "never had"]) == ["VIP"]
    assert names(contact) == ["new", "two words"]
    assert [tag.name for tag in list_tags()] == sorted(["VIP", "new", "two words"])
    lines = db.session.scalars(select(ContactEvent.text).order_by(ContactEvent.id)).all()
    assert lines[1:] == ["Tags added: VIP, two words", "Tags added: new", "Tags removed: VIP"]


def test_a_tag_that_is_there_already_changes_nothing(app: Flask) -> None:
    contact = add_contact({"first_name": "Anna"}, region="FR")
    tag_contact(contact, ["VIP"])
    assert tag_contact(contact, ["VIP"]) == []
    assert untag_contact(contact, ["other"]) == []
    assert tag_contact(contact, []) == []
    assert db.session.scalar(select(func.count()).select_from(ContactEvent)) == 2


def test_it_refuses_a_name_that_cannot_be_a_tag(app: Flask) -> None:
    contact = add_contact({"first_name": "Anna"}, region="FR")
    for name in ("", " ", "a,b", 'a"b', "x" * 61):
        with pytest.raises(BadInput, match="tag:"):
            tag_contact(contact, ["fine", name])
    assert list_tags() == []


def test_it_refuses_a_string_for_a_list(app: Flask) -> None:
    with pytest.raises(TypeError):
        tag_contacts([1], "VIP")


def test_many_are_tagged_by_few_statements(app: Flask) -> None:
    with transaction() as session:
        session.add_all([Contact(first_name=f"Anna {n}") for n in range(300)])
    ids = list(db.session.scalars(select(Contact.id).order_by(Contact.id)))
    statements: list[str] = []

    def count(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert tag_contacts([*ids, ids[-1] + 1], ["a", "b"]) == 600
        assert tag_contacts(ids, ["b", "c"]) == 300
        assert untag_contacts(ids[:100], ["a", "c"]) == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) < 25
    assert db.session.scalar(select(func.count()).select_from(contact_tags)) == 700


def test_a_select_says_whom_to_tag(app: Flask) -> None:
    with transaction() as session:
        session.add_all([Contact(first_name=name) for name in ("Anna", "Bea", "Anna")])
    annas = select(Contact.id).where(Contact.first_name == "Anna")
    assert tag_contacts(annas, ["anna"]) == 2
    assert untag_contacts(annas, ["anna", "unknown"]) == 2
