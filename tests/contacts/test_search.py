"""Finding contacts."""

from __future__ import annotations

import pytest
from flask import Flask

from heliograph.contacts import (
    Contact,
    add_contact,
    contacts_with_number,
    find_contacts,
    tag_contact,
)
from heliograph.db import db, transaction


@pytest.fixture
def people(app: Flask) -> list[Contact]:
    anna = add_contact(
        {"mobile": "0612345678", "first_name": "Anna", "email": "anna@example.com"}, region="FR"
    )
    emile = add_contact(
        {"mobile": "0698765432", "first_name": "Émile", "last_name": "ZOLA"}, region="FR"
    )
    percy = add_contact(
        {"mobile": "+12125551234", "first_name": "Percy", "last_name": "100%_Off"}, region="US"
    )
    ann = add_contact(
        {"first_name": "Ann", "last_name": "Lee", "company": "Acme", "email": "ann@acme.com"},
        region="US",
    )
    tag_contact(anna, ["VIP"])
    tag_contact(ann, ["VIP", "two words", "Été"])
    return [anna, emile, percy, ann]


FOUND = {
    "": "Anna Émile Percy Ann",
    "  ": "Anna Émile Percy Ann",
    "0612345678": "Anna",
    "06 12 34 56 78": "Anna",
    "+33 6 12 34 56 78": "Anna",
    "0033612345678": "Anna",
    "tel:+33612345678": "Anna",
    "+3361": "",
    "+33612": "Anna",
    "345678": "",
    "336123": "Anna",
    "06123": "Anna",
    "(212) 555-1234": "Percy",
    "+1 212 555 1234": "Percy",
    "anna@example.com": "Anna",
    "ANNA@EXAMPLE.COM": "Anna",
    "ann@": "Ann",
    "an%@": "",
    "ann": "Anna Ann",
    "ANN lee": "Ann",
    "lee ann": "Ann",
    "ann zola": "",
    "acme": "Ann",
    "émile": "Émile",
    "ÉMILE zola": "Émile",
    "100%": "Percy",
    "100%_": "Percy",
    "0%_o": "",
    "%": "",
    "_": "",
    "'; DROP TABLE contacts; --": "",
    "a\x00nna": "Anna",
    "tag:VIP": "Anna Ann",
    "tag:vip": "Anna Ann",
    "tag:été": "Ann",
    'tag:"two words"': "Ann",
    "tag:VIP anna": "Anna",
    "tag:VIP 0612345678": "Anna",
    'tag:VIP tag:"two words"': "Ann",
    "tag:nobody": "",
}


def test_it_finds_by_what_is_typed(people: list[Contact]) -> None:
    found = {query: find_contacts(query, region="FR") for query in FOUND}
    assert {query: " ".join(c.first_name for c in who) for query, who in found.items()} == FOUND


def test_a_national_number_is_one_of_the_installations_region(people: list[Contact]) -> None:
    assert [c.first_name for c in find_contacts("(212) 555-1234")] == ["Percy"]


def test_it_reads_page_by_page(app: Flask) -> None:
    with transaction() as session:
        session.add_all([Contact(first_name=f"Anna {n}") for n in range(7)])
    seen: list[str] = []
    after = 0
    while page := find_contacts("anna", after_id=after, limit=3):
        assert len(page) <= 3
        seen += [contact.first_name for contact in page]
        after = page[-1].id
    assert seen == [f"Anna {n}" for n in range(7)]
    assert len(find_contacts("anna", limit=0)) == 1


def test_a_shared_number_finds_each_who_shares_it(app: Flask) -> None:
    for name in ("Anna", "Bea"):
        add_contact({"mobile": "0612345678", "first_name": name}, region="FR")
    assert [c.first_name for c in contacts_with_number("+33612345678")] == ["Anna", "Bea"]
    assert contacts_with_number("+33612345679") == []


def test_a_number_and_an_address_are_found_by_index(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("a small table is always scanned there")
    for column in ("mobile", "email"):
        sql = f"EXPLAIN QUERY PLAN SELECT * FROM contacts WHERE {column} = 'x' AND id > 5 LIMIT 5"
        plan = db.session.connection().exec_driver_sql(sql).all()
        assert any(f"ix_contacts_{column}" in row[3] for row in plan), plan
