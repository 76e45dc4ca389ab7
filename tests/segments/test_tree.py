"""Filters as a tree: and, or, not, its bounds, and where it says it is wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask import Flask

from heliograph.contacts import add_custom_field
from heliograph.db import db
from heliograph.errors import BadInput
from heliograph.segments import check_filters, compile_filters, preview
from tests.segments.conftest import Found, Person, where

PARIS, LYON = where("city", "is", "Paris"), where("city", "is", "Lyon")
GOLD = where("points", ">", 100)


@pytest.fixture
def people(person: Person) -> None:
    add_custom_field("points", "Points", "number")
    person("Ann", city="Paris", custom={"points": 500})
    person("Bea", city="Paris", custom={"points": 5})
    person("Cem", city="Lyon", custom={"points": 500})
    person("Dan", city="Lyon")
    person("Eve")


GROUPS: list[Any] = [
    (PARIS, ["Ann", "Bea"]),
    ({"all": [PARIS, GOLD]}, ["Ann"]),
    ({"any": [PARIS, GOLD]}, ["Ann", "Bea", "Cem"]),
    ({"not": PARIS}, ["Cem", "Dan", "Eve"]),
    ({"not": {"not": PARIS}}, ["Ann", "Bea"]),
    ({"not": GOLD}, ["Bea", "Dan", "Eve"]),
    ({"not": {"all": [PARIS, GOLD]}}, ["Bea", "Cem", "Dan", "Eve"]),
    ({"not": {"any": [PARIS, GOLD]}}, ["Dan", "Eve"]),
    ({"all": [{"any": [PARIS, LYON]}, {"not": GOLD}]}, ["Bea", "Dan"]),
    ({"any": [{"all": [PARIS, GOLD]}, {"all": [LYON, {"not": GOLD}]}]}, ["Ann", "Dan"]),
    ({"all": [{"not": where("points", "!=", 500)}]}, ["Ann", "Cem"]),
]


@pytest.mark.usefixtures("people")
def test_groups_mean_and_or_and_not(found: Found) -> None:
    for filters, names in GROUPS:
        assert found(filters) == names


LEAVES = [
    (PARIS, {"Ann", "Bea"}),
    (where("city", "is_not", "Paris"), {"Cem", "Dan", "Eve"}),
    (GOLD, {"Ann", "Cem"}),
    (where("points", "!=", 500), {"Bea", "Dan", "Eve"}),
    (where("points", "empty"), {"Dan", "Eve"}),
    (where("dnc", "is", "none"), {"Ann", "Bea", "Cem", "Dan", "Eve"}),
    (where("tag", "has_any", ["x"]), set[str]()),
]


@pytest.mark.usefixtures("people")
def test_any_tree_finds_what_sets_of_names_say(found: Found) -> None:
    chance = random.Random(7)
    everyone = {"Ann", "Bea", "Cem", "Dan", "Eve"}

    def grow(depth: int) -> tuple[dict[str, Any], set[str]]:
        word = chance.choice(["leaf", "all", "any", "not"]) if depth else "leaf"
        if word == "leaf":
            return chance.choice(LEAVES)
        if word == "not":
            node, names = grow(depth - 1)
            return {"not": node}, everyone - names
        parts = [grow(depth - 1) for _ in range(chance.randint(1, 3))]
        sets = [names for _, names in parts]
        joined = set.intersection(*sets) if word == "all" else set.union(*sets)
        return {word: [node for node, _ in parts]}, joined

    for _ in range(60):
        filters, names = grow(4)
        assert found(filters) == sorted(names), filters


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = PARIS
    for _ in range(depth):
        node = {"all": [node]}
    return node


def test_five_levels_are_taken_and_six_are_not(app: Flask) -> None:
    assert check_filters(nested(5)) == nested(5)
    for depth in (6, 100_000):
        with pytest.raises(BadInput, match="deeper than 5 levels"):
            check_filters(nested(depth))


def test_a_hundred_conditions_are_taken_and_one_more_is_not(app: Flask, found: Found) -> None:
    many = {"any": [where("city", "contains", f"Évry {n}") for n in range(100)]}
    assert found({"not": many}) == []
    with pytest.raises(BadInput, match="have 101 conditions"):
        check_filters({"all": [many, PARIS]})


def test_five_thousand_values_are_taken_and_one_more_is_not(person: Person, found: Found) -> None:
    person("Ann", city="Évry 4999")
    values = [f"ÉVRY {n}" for n in range(5000)]
    assert found(where("city", "in", values)) == ["Ann"]
    with pytest.raises(BadInput, match="have 5001 values"):
        check_filters({"all": [where("city", "in", values), where("city", "in", ["Rome"])]})


REFUSED: list[Any] = [
    ({}, "filters", "is no group and no condition"),
    ([], "filters", "is no group and no condition"),
    ("x", "filters", "is no group and no condition"),
    (None, "filters", "'null' is no group"),
    ({"all": []}, "filters.all", "an empty one"),
    ({"any": PARIS}, "filters.any", "is no list"),
    ({"not": [PARIS]}, "filters.not", "is no group and no condition"),
    ({"all": [PARIS, "x"]}, "filters.all[1]", "'x' is no group"),
    ({"all": [PARIS], "any": [LYON]}, "filters", "'any' does not belong here"),
    ({"all": [PARIS | {"valeu": 1}]}, "filters.all[0]", "'valeu' does not belong here"),
    ({"all": [PARIS | {1: 2}]}, "filters.all[0]", "'1' does not belong here"),
    ({"operator": "is", "value": "x"}, "filters.field", "is not the name of a field"),
    (where(5, "is", "x"), "filters.field", "'5' is not the name"),  # type: ignore[arg-type]
    ({"all": [PARIS, where("cty", "is", "x")]}, "filters.all[1].field", "you mean city?"),
    (where("shoe", "is", "x"), "filters.field", "'shoe' is no field. Use one of mobile"),
    (where("recieved_message", "is", 1), "filters.field", "you mean received_message?"),
    (
        {"any": [{"not": where("city", "equals", "x")}]},
        "filters.any[0].not.operator",
        "'equals' is no operator of city. Use one of is, is_not, contains, not_contains, "
        "starts_with, ends_with, in, not_in, empty, not_empty.",
    ),
    ({"field": "city", "value": "x"}, "filters.operator", "is no operator of city"),
    ({"field": "city", "operator": ["is"]}, "filters.operator", "is no operator of city"),
    (where("tag", "is", "x"), "filters.operator", "Use one of has_any, has_all, has_none."),
    (where("replied", "is", "x"), "filters.operator", "Use one of ever, never, since"),
    (
        {"all": [PARIS, {"any": [LYON, where("city", "is", 1.5j)]}]},
        "filters.all[1].any[1].value",
        "'1.5j' is not a text",
    ),
]


def test_what_is_wrong_is_named_with_its_place(app: Flask) -> None:
    for filters, path, words in REFUSED:
        with pytest.raises(BadInput) as caught:
            check_filters(filters)
        assert caught.value.field == path
        assert words in caught.value.message
        assert caught.value.mend
        with pytest.raises(BadInput):
            compile_filters(filters)


def test_filters_are_one_select_with_all_values_bound(app: Flask) -> None:
    add_custom_field("plan", "Plan")
    secret = "needle-in-sql"
    filters = {
        "all": [
            where("city", "contains", secret),
            where("plan", "is", secret),
            where("plan", "in", [secret]),
            where("tag", "has_all", [secret, secret]),
            {"not": where("replied", "contains", secret)},
        ]
    }
    statement = compile_filters(filters).compile(db.engine)
    assert secret not in str(statement)
    assert str(statement).lstrip().startswith("SELECT contacts.id")
    assert sum(secret in str(value) for value in statement.params.values()) >= 5


def test_fields_are_stored_by_alias(app: Flask) -> None:
    given = {"all": [where("First name", "is", "Ann"), where("E-mail", "empty")]}
    assert check_filters(given) == {
        "all": [where("first_name", "is", "Ann"), where("email", "empty")]
    }


def test_a_preview_counts_and_shows_ten(person: Person) -> None:
    for number in range(12):
        person(f"P{number:02}", city="Paris")
    person("Other")
    count, sample = preview(PARIS)
    assert count == 12
    assert [contact.first_name for contact in sample] == [f"P{number:02}" for number in range(10)]
