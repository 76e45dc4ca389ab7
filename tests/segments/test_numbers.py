"""Filters on custom numbers, and on yes and no."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.contacts import add_custom_field
from heliograph.errors import BadInput
from tests.segments.conftest import Found, Person, where


@pytest.fixture
def sizes(person: Person) -> None:
    add_custom_field("size", "Size", "number")
    person("Ann", custom={"size": 9})
    person("Bea", custom={"size": 10})
    person("Cem", custom={"size": 10.5})
    person("Dan", custom={"size": -3})
    person("Eve", custom={"size": None})
    person("Fay")


COMPARED: list[Any] = [
    ("=", 10, ["Bea"]),
    ("=", "10.50", ["Cem"]),
    ("!=", 10, ["Ann", "Cem", "Dan", "Eve", "Fay"]),
    ("<", 10, ["Ann", "Dan"]),
    ("<=", 10, ["Ann", "Bea", "Dan"]),
    (">", 9, ["Bea", "Cem"]),
    (">=", 10.5, ["Cem"]),
    ("between", [9, 10], ["Ann", "Bea"]),
    ("between", [-3, -3], ["Dan"]),
    ("empty", None, ["Eve", "Fay"]),
    ("not_empty", None, ["Ann", "Bea", "Cem", "Dan"]),
]


@pytest.mark.usefixtures("sizes")
def test_each_operator_compares_numbers_as_numbers(found: Found) -> None:
    for operator, value, names in COMPARED:
        assert found(where("size", operator, value)) == names, (operator, value)


REFUSED: list[Any] = [
    ("=", "ten", "filters.value", "is not a number"),
    ("=", True, "filters.value", "is not a text"),
    ("=", [10], "filters.value", "is not a text"),
    ("=", float("nan"), "filters.value", "is too large"),
    ("=", float("inf"), "filters.value", "is too large"),
    ("=", 10**400, "filters.value", "is too"),
    ("=", None, "filters.value", "null"),
    ("between", [1], "filters.value", "is not a pair"),
    ("between", 1, "filters.value", "is not a pair"),
    ("between", [1, "x"], "filters.value[1]", "is not a number"),
    ("between", [2, 1], "filters.value", "begins after its end"),
    ("is", 10, "filters.operator", "Use one of =, !=, <, <=, >, >=, between, empty"),
]


@pytest.mark.usefixtures("sizes")
def test_what_is_no_number_is_named(found: Found) -> None:
    for operator, value, path, words in REFUSED:
        with pytest.raises(BadInput) as caught:
            found(where("size", operator, value))
        assert caught.value.field == path
        assert words in caught.value.message


def test_what_some_program_left_in_the_field_breaks_no_filter(person: Person, found: Found) -> None:
    add_custom_field("size", "Size", "number")
    for name, junk in (("Ann", "tall"), ("Bea", True), ("Cem", {"a": 1}), ("Dan", [4])):
        person(name, custom={"size": junk})
    person("Eve", custom={"size": 4})
    assert found(where("size", ">", 0)) == ["Eve"]
    assert found(where("size", "empty")) == ["Ann", "Bea", "Cem", "Dan"]


ANSWERS: list[Any] = [
    ("is", True, ["Ann"]),
    ("is", False, ["Bea", "Cem", "Dan"]),
    ("empty", None, ["Cem", "Dan"]),
    ("not_empty", None, ["Ann", "Bea"]),
]


def test_what_was_never_answered_counts_as_no(person: Person, found: Found) -> None:
    add_custom_field("vip", "VIP", "boolean")
    person("Ann", custom={"vip": True})
    person("Bea", custom={"vip": False})
    person("Cem", custom={"vip": None})
    person("Dan")
    for operator, value, names in ANSWERS:
        assert found(where("vip", operator, value)) == names, (operator, value)
        everyone = {"Ann", "Bea", "Cem", "Dan"}
        assert found({"not": where("vip", operator, value)}) == sorted(everyone - set(names))


def test_only_true_and_false_are_yes_and_no(person: Person, found: Found) -> None:
    add_custom_field("vip", "VIP", "boolean")
    for value in ("yes", 1, 0, None):
        with pytest.raises(BadInput, match="Use true or false"):
            found({"field": "vip", "operator": "is", "value": value})
