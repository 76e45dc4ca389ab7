"""Values that texting does not need never cost the contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.imports.cells import split_tags
from heliograph.imports.names import split_name
from tests.imports.reading import read

ADA = "+33612345601"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        *(("e-mail", "not an address", "not_an_email"), ("e-mail", "a@b", "not_an_email")),
        *(("country", "Atlantis", "not_a_country"), ("locale", "French!", "not_a_locale")),
        *(("time zone", "Mars/Base", "not_a_timezone"), ("score", "many", "not_a_value")),
        *(("vip", "perhaps", "not_a_value"), ("size", "XXL", "not_a_choice")),
        *(("first name", "x" * 121, "too_long"), ("company", "x" * 121, "too_long")),
        *(("city", "x" * 300, "too_long"), ("shoe", "x" * 1001, "too_long")),
        *(("first name", "Ren\ufffd", "unreadable"), ("tags", "x" * 61, "bad_tag")),
        *(("tags", "a\ufffdb", "bad_tag"), ("e-mail", "x" * 250 + "@example.com", "too_long")),
    ],
)
def test_a_value_that_does_not_fit_is_left_out_with_a_remark(
    installation: Flask, tmp_path: Path, column: str, cell: str, code: str
) -> None:
    found = read(tmp_path, f"mobile,{column},last name\n{ADA},{cell},Lovelace\n")
    assert found.people == [{"mobile": ADA, "country": "FR", "last_name": "Lovelace"}]
    assert (found.rejected, found.remarks) == ({}, {1: [code]})


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        *(("e-mail", " Ada@Example.COM ", "ada@example.com"), ("country", "Frankreich", "FR")),
        *(("locale", "fr-CA", "fr_CA"), ("time zone", "europe/paris", "Europe/Paris")),
        *(("score", "12.5", 12.5), ("vip", "yes", True), ("size", "m", "M")),
        *(("shoe", " red ", "red"), ("first name", "Ren\u00e9e", "Ren\u00e9e")),
    ],
)
def test_a_value_that_fits_is_taken(
    installation: Flask, tmp_path: Path, column: str, cell: str, value: Any
) -> None:
    found = read(tmp_path, f"mobile,{column}\n{ADA},{cell}\n")
    aliases = {"e-mail": "email", "time zone": "timezone", "first name": "first_name"}
    assert found.all(aliases.get(column, column)) == [value]
    assert found.remarks == {}


def test_one_bad_value_among_many_costs_itself_alone(installation: Flask, tmp_path: Path) -> None:
    rows = "".join(f"+336123456{n:02},p{n}@example.com,{n}\n" for n in range(50))
    content = f"mobile,e-mail,score\n{rows}+33612345699,nobody,none\n"
    found = read(tmp_path, content)
    assert found.all("email") == [*(f"p{n}@example.com" for n in range(50)), None]
    assert found.all("score") == [*range(50), None]
    assert found.remarks == {51: ["not_an_email", "not_a_value"]}


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        *(("VIP", ["VIP"]), ("VIP, spring", ["VIP", "spring"]), ("a;b|c", ["a", "b", "c"])),
        *(('"VIP","spring"', ["VIP", "spring"]), ('"VIP", "spring"', ["VIP", "spring"])),
        *(('"VIP"', ["VIP"]), ('"VIP";"spring"', ["VIP", "spring"]), ("'VIP','x'", ["VIP", "x"])),
        *(('["VIP","x"]', ["VIP", "x"]), (",,VIP,,", ["VIP"]), ("", []), ('""', [])),
    ],
)
def test_tags_as_mail_tools_export_them(cell: str, tags: list[str]) -> None:
    assert split_tags(cell) == tags


def test_a_bad_tag_costs_neither_the_row_nor_the_others(
    installation: Flask, tmp_path: Path
) -> None:
    content = f'mobile,TAGS\n{ADA},"""VIP"",""{"x" * 70}"",""spring"""\n'
    found = read(tmp_path, content)
    assert found.all("tags") == [["VIP", "spring"]]
    assert found.remarks == {1: ["bad_tag"]}


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        *(("Ada Lovelace", "Ada", "Lovelace"), ("Ada", "Ada", ""), ("", "", "")),
        *(("Lovelace, Ada", "Ada", "Lovelace"), ("Ada King Lovelace", "Ada", "King Lovelace")),
        *(("LOVELACE Ada", "Ada", "Lovelace"), ("DE LA TOUR Anne", "Anne", "De La Tour")),
        *(("Ludwig van Beethoven", "Ludwig", "van Beethoven"), ("ADA LOVELACE", "ADA", "LOVELACE")),
        *(("Dr. Ada Lovelace", "Ada", "Lovelace"), ("Mme Curie", "Curie", ""), ("Dr", "Dr", "")),
        *(
            ("  Ada   Lovelace ", "Ada", "Lovelace"),
            ("Ada,", "Ada", ""),
            ("J. R. Tolkien", "J.", "R. Tolkien"),
        ),
        ("MARTIN-DUPONT Ève", "Ève", "Martin-Dupont"),
    ],
)
def test_a_whole_name_is_first_and_last_name(name: str, first: str, last: str) -> None:
    assert split_name(name) == (first, last)


def test_a_column_of_whole_names_fills_both(installation: Flask, tmp_path: Path) -> None:
    found = read(tmp_path, f"mobile,name\n{ADA},Ada Lovelace\n+33612345602,\n")
    assert found.all("first_name") == ["Ada", None]
    assert found.all("last_name") == ["Lovelace", None]


def test_a_part_of_a_name_that_is_too_long_leaves_the_other(
    installation: Flask, tmp_path: Path
) -> None:
    found = read(tmp_path, f"mobile,name\n{ADA},Ada {'x' * 130}\n")
    assert (found.all("first_name"), found.all("last_name")) == (["Ada"], [None])
    assert found.remarks == {1: ["too_long"]}


def test_the_same_number_again_is_one_contact_with_the_later_values(
    installation: Flask, tmp_path: Path
) -> None:
    content = f"mobile,first name,city,tags\n{ADA},Ada,Paris,a\n06 12 34 56 01,,Lyon,b\n"
    found = read(tmp_path, content)
    assert found.people == [
        {"mobile": ADA, "first_name": "Ada", "city": "Lyon", "country": "FR", "tags": ["a", "b"]}
    ]
