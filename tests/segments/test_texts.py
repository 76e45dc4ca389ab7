"""Filters on text: every operator, any letter case, wildcards and quotes."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.contacts import add_custom_field
from heliograph.errors import BadInput
from tests.segments.conftest import Found, Person, where


@pytest.fixture
def cities(person: Person) -> None:
    person("Ann", city="Paris")
    person("Bea", city="PARIS 12")
    person("Cem", city="Le Petit-Paris")
    person("Dan", city="")
    person("Eve", city="Lyon")


STANDARD: list[Any] = [
    ("is", "paris", ["Ann"]),
    ("is", "  Paris ", ["Ann"]),
    ("is_not", "PARIS", ["Bea", "Cem", "Dan", "Eve"]),
    ("contains", "paris", ["Ann", "Bea", "Cem"]),
    ("not_contains", "paris", ["Dan", "Eve"]),
    ("starts_with", "PAR", ["Ann", "Bea"]),
    ("ends_with", "paris", ["Ann", "Cem"]),
    ("in", ["paris", "LYON", "Rome"], ["Ann", "Eve"]),
    ("in", "paris", ["Ann"]),
    ("not_in", ["paris", "lyon"], ["Bea", "Cem", "Dan"]),
    ("empty", None, ["Dan"]),
    ("not_empty", None, ["Ann", "Bea", "Cem", "Eve"]),
]


@pytest.mark.usefixtures("cities")
def test_each_operator_finds_standard_text(found: Found) -> None:
    for operator, value, names in STANDARD:
        assert found(where("city", operator, value)) == names, (operator, value)


CUSTOM: list[Any] = [
    ("is", "GOLD plan", ["Ann"]),
    ("is_not", "gold plan", ["Bea", "Cem", "Dan"]),
    ("contains", "GOLD", ["Ann", "Bea"]),
    ("not_contains", "gold", ["Cem", "Dan"]),
    ("starts_with", "old", ["Bea"]),
    ("ends_with", "PLAN", ["Ann"]),
    ("in", ["gold plan"], ["Ann"]),
    ("not_in", ["gold plan"], ["Bea", "Cem", "Dan"]),
    ("empty", None, ["Cem", "Dan"]),
    ("not_empty", None, ["Ann", "Bea"]),
]


def test_each_operator_finds_custom_text(person: Person, found: Found) -> None:
    add_custom_field("plan", "Plan")
    person("Ann", custom={"plan": "Gold Plan"})
    person("Bea", custom={"plan": "old gold"})
    person("Cem", custom={"plan": None})
    person("Dan")
    for operator, value, names in CUSTOM:
        assert found(where("plan", operator, value)) == names, (operator, value)


SPELLINGS: list[Any] = [
    ("Évry", "évry"),
    ("évry", "ÉVRY"),
    ("ÉVRY", "Évry"),
    ("Évry", "Évry"),
    ("MÜNCHEN", "München"),
    ("Новосибирск", "новосибирск"),
    ("İzmir", "İzmir"),
]


def test_letters_beyond_ascii_are_found_in_each_usual_case(person: Person, found: Found) -> None:
    for place, (stored, asked) in enumerate(SPELLINGS):
        person(f"P{place}", city=f"{stored} {place} {stored}")
        whole = f"{asked} {place} {asked}"
        for operator in ("is", "contains", "in"):
            assert found(where("city", operator, whole)) == [f"P{place}"], (operator, whole)
        for operator in ("is_not", "not_contains", "not_in"):
            assert f"P{place}" not in found(where("city", operator, whole)), (operator, whole)
        for operator, half in (("starts_with", whole[:-4]), ("ends_with", whole[4:])):
            assert found(where("city", operator, half)) == [f"P{place}"], (operator, half)


LITERALS: list[Any] = [
    "%",
    "_",
    "/",
    "\\",
    "'",
    '"',
    "''",
    "a%b",
    "100 %",
    "/%",
    "[",
]


def test_wildcards_and_quotes_stand_for_themselves(person: Person, found: Found) -> None:
    for place, _ in enumerate(LITERALS):
        person(f"P{place}", company=f"x{LITERALS[place]}y{place}")
    person("Other", company="xay aXXb x100 y")
    for place, text in enumerate(LITERALS):
        mine = [f"P{place}"]
        assert found(where("company", "is", f"x{text}y{place}")) == mine, text
        assert found(where("company", "contains", f"{text}y{place}")) == mine, text
        assert found(where("company", "starts_with", f"X{text}y{place}")) == mine, text
        assert found(where("company", "ends_with", f"x{text}Y{place}")) == mine, text


INJECTIONS = (
    "' OR 1=1 --",
    "'); DROP TABLE contacts; --",
    '"$."x"',
    "%(id_1)s",
    ":id",
    "{0}",
    "\\",
)


def test_values_never_become_sql(person: Person, found: Found) -> None:
    add_custom_field("note", "Note")
    for place, attack in enumerate(INJECTIONS):
        person(f"P{place}", city=f"{place}{attack}", custom={"note": f"{place}{attack}"})
    for place, attack in enumerate(INJECTIONS):
        for field in ("city", "note"):
            for operator in ("is", "contains", "starts_with", "ends_with", "in"):
                condition = where(field, operator, f"{place}{attack}")
                assert found(condition) == [f"P{place}"], condition
    assert len(found(where("first_name", "not_empty"))) == len(INJECTIONS)


def test_a_number_is_found_in_any_spelling(person: Person, found: Found) -> None:
    person("Ann", mobile="+33612345678")
    person("Bea", mobile=None)
    person("Cem", mobile="")
    assert found(where("mobile", "is", "+33 6 12-34-56-78")) == ["Ann"]
    assert found(where("mobile", "starts_with", "+33 6")) == ["Ann"]
    assert found(where("phone", "ends_with", "56 78")) == ["Ann"]
    assert found(where("mobile", "is_not", "+33612345678")) == ["Bea", "Cem"]
    assert found(where("mobile", "empty")) == ["Bea", "Cem"]
    with pytest.raises(BadInput, match=r"filters\.value.*'Anna'"):
        found(where("mobile", "contains", "Anna"))


STORED: list[Any] = [
    ("country", "France"),
    ("Country", "fr"),
    ("locale", "fr-ca"),
    ("timezone", "europe/paris"),
    ("email", "ANN@Example.com"),
    ("E-mail", "ann@example.com"),
    ("firstname", "ANN"),
    ("tier", "GOLD"),
]


def test_values_are_read_as_their_field_stores_them(person: Person, found: Found) -> None:
    add_custom_field("tier", "Tier", "choice", ["Gold", "Silver"])
    known = {"country": "FR", "locale": "fr_CA", "timezone": "Europe/Paris"}
    person("Ann", email="ann@example.com", custom={"tier": "Gold"}, **known)
    person("Bea", country="DE", custom={"tier": "Silver"})
    for field, value in STORED:
        assert found(where(field, "is", value)) == ["Ann"]
        assert found(where(field, "is_not", value)) == ["Bea"]


REFUSED: list[Any] = [
    (where("country", "is", "Atlantis"), "filters.value", "is not a country"),
    (where("email", "is", "nobody"), "filters.value", "is not an e-mail address"),
    (where("tier", "is", "Tin"), "filters.value", "Use one of Gold, Silver."),
    (where("city", "is", ""), "filters.value", "is empty"),
    (where("city", "contains", "  "), "filters.value", "is empty"),
    (where("city", "contains", "\x00"), "filters.value", "is empty"),
    (where("city", "is"), "filters.value", "is not a text"),
    (where("city", "is", ["Paris"]), "filters.value", "is not a text"),
    (where("city", "is", {"a": 1}), "filters.value", "is not a text"),
    (where("city", "is", True), "filters.value", "is not a text"),
    (where("city", "in", []), "filters.value", "is an empty list"),
    (where("city", "in", ["Paris", ["Rome"]]), "filters.value[1]", "is not a text"),
    (where("city", "contains", "x" * 1001), "filters.value", "is too long"),
    (where("city", "contains", "\ud800"), "filters.value", "has a broken character"),
    (where("city", "empty", "Paris"), "filters.value", "does not belong to empty"),
]


def test_a_value_that_does_not_fit_is_named(found: Found) -> None:
    add_custom_field("tier", "Tier", "choice", ["Gold", "Silver"])
    for condition, path, words in REFUSED:
        with pytest.raises(BadInput) as caught:
            found(condition)
        assert caught.value.field == path
        assert words in caught.value.message
        assert caught.value.mend
        caught.value.message.encode()
