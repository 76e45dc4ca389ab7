"""Fields: names, kinds, and what may be entered."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from heliograph.contacts import CustomField, Field, add_custom_field, contact_fields, find_field
from heliograph.contacts.fields import STANDARD
from heliograph.db import db
from heliograph.errors import BadInput


def field(kind: str, *choices: str) -> Field:
    return Field("plan", "Plan", kind, custom=True, choices=choices)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  Anna ", "Anna"),
        ("text", "a\x00b", "ab"),
        ("text", 12, "12"),
        ("text", "", ""),
        ("text", None, ""),
        ("number", "12", 12),
        ("number", "12.50", 12.5),
        ("number", "-3", -3),
        ("number", 7, 7),
        ("number", 2.5, 2.5),
        ("number", "", None),
        ("boolean", "Yes", True),
        ("boolean", "no", False),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("boolean", True, True),
        ("boolean", None, None),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "23.11.2026", "2026-11-23"),
        ("date", "3.1.2026", "2026-01-03"),
        ("date", "2026-11-23T10:00:00", "2026-11-23"),
        ("date", date(2026, 11, 23), "2026-11-23"),
        ("date", "", None),
        ("datetime", "2026-11-23T14:05", "2026-11-23T14:05:00+00:00"),
        ("datetime", "2026-11-23T14:05:09.5+02:00", "2026-11-23T12:05:09+00:00"),
        ("datetime", "2026-11-23T14:05:00Z", "2026-11-23T14:05:00+00:00"),
        ("datetime", "23.11.2026 14:05", "2026-11-23T14:05:00+00:00"),
        ("datetime", datetime(2026, 11, 23, 14, 5, tzinfo=UTC), "2026-11-23T14:05:00+00:00"),
        ("choice", "GOLD", "gold"),
        ("country", "fr", "FR"),
        ("country", "France", "FR"),
        ("country", "Deutschland", "DE"),
        ("country", "États-Unis", "US"),
        ("country", "United States", "US"),
        ("country", "USA", "US"),
        ("country", "Czech Republic", "CZ"),
        ("country", "Bosnia and Herzegovina", "BA"),
        ("country", "Saint Lucia", "LC"),
        ("locale", "fr", "fr"),
        ("locale", "fr-ca", "fr_CA"),
        ("locale", "ZH_hant_tw", "zh_Hant_TW"),
        ("timezone", "europe/paris", "Europe/Paris"),
        ("timezone", "America/New York", "America/New_York"),
        ("email", " Anna@Example.COM ", "anna@example.com"),
        ("email", "", ""),
    ],
)
def test_it_reads_a_value_of_each_kind(kind: str, raw: object, value: object) -> None:
    parsed = field(kind, "silver", "gold").parse(raw)
    assert parsed == value
    assert type(parsed) is type(value)
    assert json.loads(json.dumps(parsed)) == value


@pytest.mark.parametrize(
    ("kind", "raw", "mend"),
    [
        ("text", {"a": 1}, "Give one value."),
        ("text", ["a"], "Give one value."),
        ("text", "x" * 1001, "Use 1000 characters at most."),
        ("text", "\ud800", "Enter it again."),
        ("number", "twelve", "Use digits, as in 12.5."),
        ("number", "1,5", "Use digits, as in 12.5."),
        ("number", "nan", "Use fewer than 16 digits."),
        ("number", "inf", "Use fewer than 16 digits."),
        ("number", "1e999999", "Use fewer than 16 digits."),
        ("number", "9" * 16, "Use fewer than 16 digits."),
        ("number", True, "Use digits, as in 12.5."),
        ("boolean", "maybe", "Use yes or no."),
        ("date", "11/23/2026", "Use 2026-11-23 or 23.11.2026."),
        ("date", "31.02.2026", "Use 2026-11-23 or 23.11.2026."),
        ("date", "2026-02-30", "Use 2026-11-23 or 23.11.2026."),
        ("date", "00.00.0000", "Use 2026-11-23 or 23.11.2026."),
        ("datetime", "soon", "Use 2026-11-23T14:05:00+01:00 or 23.11.2026 14:05."),
        (
            "datetime",
            "0001-01-01T00:00:00+10:00",
            "Use 2026-11-23T14:05:00+01:00 or 23.11.2026 14:05.",
        ),
        ("choice", "bronze", "Use one of silver, gold."),
        ("country", "Atlantis", "Use two letters such as FR."),
        ("country", "EU", "Use two letters such as FR."),
        ("locale", "french!", "Use fr or fr_CA."),
        ("timezone", "Mars/Olympus", "Use one such as Europe/Paris."),
        ("timezone", "../etc/passwd", "Use one such as Europe/Paris."),
        ("email", "anna", "Use name@host.tld."),
        ("email", "a@b@c.fr", "Use name@host.tld."),
        ("email", "anna @example.com", "Use name@host.tld."),
    ],
)
def test_it_refuses_a_value_with_its_name_and_the_mend(kind: str, raw: object, mend: str) -> None:
    with pytest.raises(BadInput) as caught:
        field(kind, "silver", "gold").parse(raw)
    assert caught.value.field == "plan"
    assert caught.value.mend == mend
    assert caught.value.value is not None


def test_a_phone_is_read_in_its_region() -> None:
    mobile = STANDARD[0]
    assert mobile.parse("0612345678", region="FR") == "+33612345678"
    assert mobile.parse(" ") is None
    with pytest.raises(BadInput, match="is a landline"):
        mobile.parse("0123456789", region="FR")


def test_a_standard_text_is_as_long_as_its_column() -> None:
    first_name = STANDARD[1]
    assert first_name.parse("é" * 120) == "é" * 120
    with pytest.raises(BadInput, match=r"first_name: .* is too long"):
        first_name.parse("é" * 121)


NAMES = {
    "firstname": "first_name",
    "First Name": "first_name",
    "lastname": "last_name",
    "LAST-NAME": "last_name",
    "phone": "mobile",
    "mobile": "mobile",
    "E-Mail": "email",
    "preferred_locale": "locale",
    "Time zone": "timezone",
    "shoe_size": "shoe_size",
    "Size of the shoe": "shoe_size",
}


def test_a_field_is_found_by_each_of_its_names(app: Flask) -> None:
    add_custom_field("shoe_size", "Size of the shoe", "number")
    found = {name: find_field(name) for name in NAMES}
    assert {name: field and field.alias for name, field in found.items()} == NAMES
    assert {name: find_field(name, contact_fields()) for name in NAMES} == found


def test_an_unknown_field_is_not_found(app: Flask) -> None:
    assert find_field("shoe_size") is None
    assert find_field("") is None


def test_a_custom_field_follows_the_standard_ones(app: Flask) -> None:
    made = add_custom_field("Plan", "Plan", "choice", ["gold", "silver", "gold"])
    assert made == Field("plan", "Plan", "choice", custom=True, choices=("gold", "silver"))
    fields = contact_fields()
    assert list(fields) == [f.alias for f in STANDARD] + ["plan"]
    assert fields["plan"] == made
    assert fields["plan"].parse("Silver") == "silver"


BAD_FIELDS: list[tuple[str, str, str, list[str], str]] = [
    ("1plan", "Plan", "text", [], "alias"),
    ("pl an", "Plan", "text", [], "alias"),
    ("x" * 41, "Plan", "text", [], "alias"),
    ("mobile", "Plan", "text", [], "alias"),
    ("phone", "Plan", "text", [], "alias"),
    ("tags", "Plan", "text", [], "alias"),
    ("metadata", "Plan", "text", [], "alias"),
    ("taken", "Plan", "text", [], "alias"),
    ("plan", " ", "text", [], "label"),
    ("plan", "Plan", "country", [], "kind"),
    ("plan", "Plan", "choice", [], "choices"),
    ("plan", "Plan", "choice", ["a", " "], "choices"),
    ("plan", "Plan", "text", ["a"], "choices"),
]


def test_it_refuses_a_custom_field_that_would_hurt(app: Flask) -> None:
    add_custom_field("taken", "Taken")
    for alias, label, kind, choices, culprit in BAD_FIELDS:
        with pytest.raises(BadInput) as caught:
            add_custom_field(alias, label, kind, choices)
        assert caught.value.field == culprit, (alias, label, kind, choices)
    assert db.session.query(CustomField).count() == 1
