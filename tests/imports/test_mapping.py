"""Which column is which: by its name, in any language, and by its values."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from heliograph.contacts.fields import STANDARD
from heliograph.errors import BadInput
from heliograph.imports.column_names import number_rank
from heliograph.imports.mapping import map_columns, number_columns
from tests.imports.reading import read

FIELDS = {field.alias: field for field in STANDARD}
ADA, GRACE = "+33612345601", "+33612345602"


def mapped(*columns: str, row: tuple[str, ...] = (), **given: str) -> dict[str, str]:
    samples = [row or ("0612345601",) * len(columns)]
    return map_columns(columns, FIELDS, samples, given)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        *((name, 0) for name in ("mobile", "Mobile Phone", "Mobile Phone Number", "Cell")),
        *((name, 0) for name in ("SMS Phone Number", "Téléphone portable", "Tél. mobile", "GSM")),
        *((name, 0) for name in ("N° de portable", "Handynummer", "Handy", "Mobil", "Móvil")),
        *((name, 0) for name in ("Teléfono celular", "Cellulare", "mobileNumber", "MSISDN")),
        *((name, 0) for name in ("Mobiele telefoon"[:6] + " telefoon", "Telemóvel", "Celular 1")),
        *((name, 1) for name in ("phone", "Phone Number", "Telefon", "Téléphone", "Tel.")),
        *((name, 1) for name in ("Numéro de téléphone", "Rufnummer", "Phone 1 - Value", "Phone1")),
        *((name, 1) for name in ("Default Address Phone", "Home phone", "Telefoonnummer", "Tel")),
        *((name, 2) for name in ("number", "Numéro", "Nummer", "No.", "Contact number")),
        *((name, None) for name in ("SMS Status", "Accepts SMS Marketing", "Phone Type", "Fax")),
        *((name, None) for name in ("Customer number", "Phone country code", "name", "", "1")),
        *((name, None) for name in ("Mobile opt-in", "Numéro client", "Order number", "Contact")),
    ],
)
def test_the_name_of_a_column_says_how_sure_it_holds_mobile_numbers(
    name: str, rank: int | None
) -> None:
    assert number_rank(name) == rank


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *(("mobile", "phone"), ("phone", "number"), ("mobile", "number")),
        *(("portable", "téléphone"), ("téléphone", "numéro"), ("Handy", "Telefon")),
        *(("Telefon", "Nummer"), ("móvil", "teléfono"), ("cellulare", "telefono")),
        *(("SMS Phone Number", "Phone Number"), ("Mobile Phone Number", "Phone Number")),
        *(("Phone", "Default Address Phone"), ("Mobile Phone", "Phone")),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_mobile_outranks_phone_and_phone_outranks_number(
    installation: Flask, tmp_path: Path, first: str, second: str, turned: bool
) -> None:
    columns = [(first, ADA), (second, GRACE)]
    names, numbers = zip(*(columns[::-1] if turned else columns), strict=True)
    found = read(tmp_path, ",".join(names) + "\n" + ",".join(numbers) + "\n")
    assert found.numbers == [ADA]


def test_who_has_no_mobile_is_taken_by_the_phone(installation: Flask, tmp_path: Path) -> None:
    found = read(tmp_path, f"phone,mobile\n{GRACE},{ADA}\n0612345603,\n0142685300,12\n")
    assert found.numbers == [ADA, "+33612345603"]
    assert found.remarks == {}
    assert list(found.rejected) == [3]


def test_a_mobile_that_cannot_get_texts_gives_way_to_the_phone_with_a_remark(
    installation: Flask, tmp_path: Path
) -> None:
    found = read(tmp_path, f"phone,mobile\n{ADA},0142685300\n")
    assert (found.numbers, found.remarks) == ([ADA], {1: ["other_column"]})


def test_a_column_called_number_is_never_taken_beside_a_phone() -> None:
    assert mapped("number", "phone") == {"phone": "mobile"}


def test_a_column_called_number_that_counts_rows_is_not_taken_for_numbers() -> None:
    assert mapped("No", "to", row=("17", "0612345601")) == {"to": "mobile"}
    with pytest.raises(BadInput, match="no column of mobile numbers"):
        mapped("No", "first name", row=("17", "Ada"))


def test_numbers_are_found_in_a_column_whose_name_says_nothing() -> None:
    assert mapped("zip", "whom", row=("75001", "0612345601")) == {"whom": "mobile"}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("mobile", "name"), {"name": "name"}),
        (("mobile", "Full Name"), {"Full Name": "name"}),
        (("mobile", "Nom complet"), {"Nom complet": "name"}),
        (("mobile", "Prénom", "Nom"), {"Prénom": "first_name", "Nom": "last_name"}),
        (("mobile", "Name", "Vorname"), {"Name": "last_name", "Vorname": "first_name"}),
        (
            ("mobile", "First name", "Last name", "Name"),
            {"First name": "first_name", "Last name": "last_name"},
        ),
        (("mobile", "Nombre", "Apellidos"), {"Nombre": "first_name", "Apellidos": "last_name"}),
        (("mobile", "Display name", "First name"), {"First name": "first_name"}),
    ],
)
def test_names_are_told_from_whole_names(
    columns: tuple[str, ...], expected: dict[str, str]
) -> None:
    row = ("0612345601", *("Ada Lovelace" for _ in columns[1:]))
    assert mapped(*columns, row=row) == {"mobile": "mobile"} | expected


@pytest.mark.parametrize("cell", ["10023", "ada@example.com", "+33612345601", "C-1002"])
@pytest.mark.parametrize("name", ["Client", "contact", "name"])
def test_a_column_called_name_with_something_else_in_it_is_none(name: str, cell: str) -> None:
    assert mapped("mobile", name, row=("0612345601", cell)) == {"mobile": "mobile"}


def test_a_french_column_of_single_names_holds_last_names() -> None:
    assert mapped("mobile", "nom", row=("0612345601", "Dupont"))["nom"] == "last_name"
    assert mapped("mobile", "nom", row=("0612345601", "Ada Dupont"))["nom"] == "name"


@pytest.mark.parametrize("code", ["+33", "33", "0033", "33.0", "+1"])
def test_a_country_code_of_digits_is_a_dialling_code(code: str) -> None:
    found = mapped("country_code", "phone", row=(code, "612345601"))
    assert found == {"country_code": "dialling_code", "phone": "mobile"}


@pytest.mark.parametrize(
    ("name", "cell"), [("country_code", "FR"), ("prefix", "Mrs"), ("Vorwahl", "0176")]
)
def test_what_holds_no_dialling_codes_is_none(name: str, cell: str) -> None:
    assert "dialling_code" not in mapped(name, "phone", row=(cell, "612345601")).values()


def test_what_is_said_wins_over_the_guess() -> None:
    found = mapped("mobile", "phone", phone="mobile", mobile="-")
    assert found == {"phone": "mobile"}


def test_two_columns_cannot_be_one_field() -> None:
    with pytest.raises(BadInput, match="is chosen for two columns") as refused:
        mapped("a", "b", "mobile", a="city", b="city")
    assert "'a' and 'b'" in refused.value.mend


def test_several_columns_may_hold_numbers_or_tags(installation: Flask, tmp_path: Path) -> None:
    content = f"m1,m2,tags,labels\n,{ADA},a,b\n{GRACE},,c,c\n"
    given = {"m1": "mobile", "m2": "mobile", "tags": "tags", "labels": "tags"}
    found = read(tmp_path, content, mapping=given)
    assert (found.numbers, found.all("tags")) == ([ADA, GRACE], [["a", "b"], ["c"]])


@pytest.mark.parametrize("name", ["full name", "Dialling code", "calling_code", "TAGS", "surname"])
def test_fields_may_be_named_in_other_words(name: str) -> None:
    assert mapped("x", "mobile", x=name)["x"] in ("name", "dialling_code", "tags", "last_name")


def test_the_order_of_columns_of_numbers_is_by_their_names() -> None:
    columns = ("number", "phone", "who", "mobile")
    found = number_columns(columns, dict.fromkeys(columns, "mobile"))
    assert [columns[at] for at in found] == ["mobile", "phone", "who", "number"]


EXPORTS = {
    "Mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,SMS Phone Number,TAGS\n"
        'a@example.com,Ada,Lovelace,"1 rue, Paris",0142685300,{},"""VIP"",""spring"""\n'
    ),
    "HubSpot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Lead Status\n"
        "101,Ada,Lovelace,a@example.com,0142685300,{},NEW\n"
    ),
    "Shopify": (
        "Customer ID,First Name,Last Name,Email,Default Address Phone,Phone,Accepts SMS Marketing\n"
        "'7012345678901,Ada,Lovelace,a@example.com,+33612345609,{},yes\n"
    ),
    "Klaviyo": "Email,First Name,Last Name,Phone Number\na@example.com,Ada,Lovelace,'{}\n",
    "Mautic": (
        "id,title,firstname,lastname,email,mobile,phone,points,fax\n"
        "1,,Ada,Lovelace,a@example.com,{},0142685300,0,\n"
    ),
    "Google": (
        "First Name,Last Name,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\n"
        "Ada,Lovelace,a@example.com,Mobile,{} ::: +33 1 42 68 53 00\n"
    ),
    "Outlook": (
        "Title,First Name,Last Name,Business Phone,Mobile Phone,E-mail Address\n"
        ",Ada,Lovelace,01 42 68 53 00,{},a@example.com\n"
    ),
    "Excel, French": (
        "Civilité;Nom;Prénom;Tél. fixe;Tél. portable;Courriel;N° client\n"
        "Mme;Lovelace;Ada;0142685300;{};a@example.com;10023456\n"
    ),
    "Excel, German": (
        "Anrede;Name;Vorname;Telefon;Handy;E-Mail\nFrau;Lovelace;Ada;030 123456;{};a@example.com\n"
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("name", EXPORTS)
def test_exports_of_other_tools_are_read_without_a_word_from_anybody(
    installation: Flask, tmp_path: Path, name: str, encoding: str
) -> None:
    found = read(tmp_path, EXPORTS[name].format(ADA).encode(encoding))
    (ada,) = found.people
    assert ada["mobile"] == ADA
    assert (ada["first_name"], ada["last_name"]) == ("Ada", "Lovelace")
    assert ada["email"] == "a@example.com"
