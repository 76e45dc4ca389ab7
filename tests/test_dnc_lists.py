"""Whole lists of numbers for do-not-contact: read, counted, stored and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.audit import AuditEntry
from heliograph.contacts import add_contact
from heliograph.db import db
from heliograph.dnc import BOUNCED, ELSEWHERE, MANUAL, UNSUBSCRIBED, Dnc, DncBeneath, add_dnc
from heliograph.dnc_export import list_as_csv
from heliograph.dnc_file import NumberList, decoded, read_list
from heliograph.dnc_many import NewEntry, add_entries, count_list, store_list
from heliograph.errors import BadInput
from tests.cli.conftest import run as run_fixture
from tests.visitor import Visitor, sign_in
from tests.web.forms import forms_of

run = run_fixture
ANN, BOB, EVE = "+33612345601", "+33612345602", "+33612345603"


def read(text: str | bytes) -> NumberList:
    raw = text.encode() if isinstance(text, str) else text
    return read_list(decoded(raw), reason=ELSEWHERE, comment="Klaviyo", source="test")


@pytest.fixture
def french(make_app: Callable[..., Flask]) -> Any:
    app = make_app(default_region="FR")
    with app.app_context():
        yield app


@pytest.mark.parametrize(
    "text",
    [
        f"{ANN}\n{BOB}\n{EVE}\n",
        "0612345601\r\n\r\n06 12 34 56 02\r\n+33 (0)6.12.34.56.03",
        f"{ANN}, {BOB}, {EVE}",
        f"{ANN};{BOB};{EVE}\n",
        f"{ANN}\t{BOB}\n{EVE}\t\n",
        f"phone\n{ANN}\n{BOB}\n{EVE}\n",
        f"Name;Téléphone;Date\nAnn;0612345601;2024-01-02\nBob;0612345602;\nEve;{EVE};\n",
        f"id,who,unsubscribed\n1,{ANN},2024-01-02\n2,{BOB},2024-01-03\n3,{EVE},2024-01-04\n",
        f"2024-01-02,{ANN}\n2024-01-03,{BOB}\n2024-01-04,{EVE}\n",
        f'sep=;\r\n"name";"mobile"\r\n"A; B";"{ANN}"\r\n"C";"{BOB}"\r\n"D";"{EVE}"\r\n',
        f"mobile\n'{ANN}\n{BOB} / {EVE}\n",
        f"\ufeffmobile\n{ANN}\n{BOB}\n{EVE}\n".encode("utf-16"),
        "Prénom;Téléphone\nAndré;0612345601\nBéa;0612345602\nÈve;0612345603\n".encode("cp1252"),
    ],
)
def test_numbers_are_found_in_any_text(french: Flask, text: str | bytes) -> None:
    found = read(text)
    assert found.entries == [NewEntry(one, ELSEWHERE, "Klaviyo", "test") for one in (ANN, BOB, EVE)]
    assert (found.faults, found.twice) == ([], 0)


def test_lines_that_cannot_be_read_are_told_with_line_and_reason(french: Flask) -> None:
    found = read(f"{ANN}\n\nnobody\n{ANN}\n6,12E+08\n12\n")
    assert [entry.number for entry in found.entries] == [ANN]
    assert [(fault.line, fault.text) for fault in found.faults] == [
        (3, "nobody"),
        (5, "6,12E+08"),
        (6, "12"),
    ]
    assert "letters" in found.faults[0].reason
    assert "rounded" in found.faults[1].reason
    assert found.twice == 1


def test_of_two_numbers_in_a_cell_both_are_put_on_the_list(french: Flask) -> None:
    found = read(f"mobile,name\n{ANN} ::: nonsense,a\n{BOB};{EVE},b\n")
    assert [entry.number for entry in found.entries] == [ANN, BOB, EVE]
    assert [(fault.line, fault.text) for fault in found.faults] == [(2, "nonsense")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "are missing"),
        (b"\n \n", "are missing"),
        (b"name,city\nAda,Paris\nBob,Lyon\n", "no phone numbers"),
        (b"PK\x03\x04\x00\x00", "is no text"),
        (b"1" * (21 << 20), "too large"),
    ],
)
def test_what_has_no_numbers_is_refused_in_words(french: Flask, raw: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(raw)


def test_it_is_counted_before_it_is_stored(french: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    add_dnc(BOB, reason=ELSEWHERE)
    found = read(f"{ANN}\n{BOB}\n{EVE}\n")
    assert count_list(found.entries) == (1, 1, 1)
    assert db.session.scalars(select(Dnc.number)).all() == [ANN, BOB]
    assert store_list(found.entries) == 2
    assert count_list(found.entries) == (0, 0, 3)
    assert store_list(found.entries) == 0


def everything() -> list[tuple[Any, ...]]:
    db.session.rollback()
    return sorted(
        (model.__tablename__, one.number, one.reason, one.comment, one.source, one.created_at)
        for model in (Dnc, DncBeneath)
        for one in db.session.scalars(select(model))
    )


def test_the_whole_list_can_be_exported_and_read_in_again(french: Flask) -> None:
    since = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)
    add_entries(
        [
            NewEntry(ANN, UNSUBSCRIBED, "Replied 'STOP'", "reply 1", since),
            NewEntry(ANN, MANUAL, '=HYPERLINK("x")\nand more', "user ann", since),
            NewEntry(BOB, ELSEWHERE, "SMS Consent: no", "import 7", since),
            NewEntry(EVE, BOUNCED, "'@quoted", "", since),
        ]
    )
    before = everything()
    text = "".join(list_as_csv())
    for model in (Dnc, DncBeneath):
        db.session.execute(db.delete(model))
    db.session.commit()
    found = read_list(decoded(text.encode()), reason=MANUAL, comment="?", source="?")
    assert (found.faults, found.twice) == ([], 0)
    store_list(found.entries)
    assert [row[:4] for row in everything()] == [row[:4] for row in before]
    assert [row[5] for row in everything()] == [since] * 4


def test_no_cell_of_an_export_is_a_formula_and_numbers_stay_numbers(french: Flask) -> None:
    add_entries([NewEntry(ANN, MANUAL, "=1+1", "@me")])
    rows = list(csv.DictReader(io.StringIO("".join(list_as_csv()).lstrip("\ufeff"))))
    assert [(row["number"], row["comment"], row["source"]) for row in rows] == [
        (ANN, "'=1+1", "'@me")
    ]


def test_an_exported_line_with_a_fault_is_told(french: Flask) -> None:
    head = "number,reason,since,source,comment\n"
    found = read(f"{head}{ANN},weather,,,\n{BOB},manual,soon,,\n{EVE},,,,\nx,manual,,,\n")
    assert found.entries == [NewEntry(EVE, ELSEWHERE, "Klaviyo", "test")]
    told = [(fault.line, fault.reason.partition(".")[0]) for fault in found.faults]
    assert told == [
        (2, "reason 'weather' is not known"),
        (3, "since 'soon' is no date"),
        (5, "has letters"),
    ]


# -- the page


@pytest.fixture
def marc(french: Flask) -> Visitor:
    return sign_in(french, "marketer")


def test_a_list_is_pasted_checked_and_stored(marc: Visitor) -> None:
    add_contact({"first_name": "Ann", "mobile": ANN}, region="FR")
    add_dnc(BOB, reason=MANUAL)
    typed = {"numbers": f"{ANN}\n{BOB}\nnobody\n", "reason": "elsewhere", "origin": "Klaviyo"}
    page = marc.post("/contacts/dnc/list", typed)
    assert page.status_code == 200
    assert "Nothing is stored yet" in page.text
    assert "nobody" in page.text
    assert "Has letters. Write the number in digits." in page.text
    assert "Put 2 numbers on do-not-contact" in page.text
    assert len(everything()) == 1
    (form,) = [one for one in forms_of(page.text) if "token" in one.filled()]
    assert marc.post("/contacts/dnc/list/store", form.filled()).status_code == 303
    stored = [row[1:5] for row in everything()]
    source = stored[0][3]
    assert source.startswith("user ")
    assert (ANN, ELSEWHERE, "Klaviyo", source) in stored
    assert (BOB, ELSEWHERE, "Klaviyo", source) in stored
    page = marc.get("/contacts/dnc").text
    assert "2 numbers are new on do-not-contact." in page
    assert "Unsubscribed elsewhere" in page
    again = marc.post("/contacts/dnc/list/store", form.filled() | {"form_key": ""})
    assert again.status_code == 404
    assert "Paste or upload it again" in again.text


def test_a_list_is_uploaded(marc: Visitor) -> None:
    file = (io.BytesIO(f"name;mobile\nAnn;{ANN}\n".encode()), "list.csv")
    page = marc.post(
        "/contacts/dnc/list", {"file": file, "reason": "bounced", "origin": "the old system"}
    )
    (form,) = [one for one in forms_of(page.text) if "token" in one.filled()]
    marc.post("/contacts/dnc/list/store", form.filled())
    assert [row[1:4] for row in everything()] == [(ANN, BOUNCED, "the old system")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"numbers": ""}, "Paste numbers, or choose a file"),
        ({"numbers": "nobody"}, "has no number that can be read"),
        ({"reason": "unsubscribed"}, "Choose one."),
        ({"origin": " "}, "in a few words"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    marc: Visitor, change: dict[str, str], words: str
) -> None:
    typed = {"numbers": ANN, "reason": "elsewhere", "origin": "Klaviyo"} | change
    page = marc.post("/contacts/dnc/list", typed)
    assert page.status_code == 400
    assert words.lower() in page.text.lower()
    assert typed["numbers"] in page.text
    assert everything() == []


@pytest.mark.parametrize("token", ["", "../../secret_key", "A" * 22])
def test_a_token_of_no_list_is_refused(marc: Visitor, token: str) -> None:
    typed = {"token": token, "reason": "elsewhere", "origin": "x"}
    assert marc.post("/contacts/dnc/list/store", typed).status_code == 404


def test_the_list_is_exported_by_those_who_may_change_it(marc: Visitor, french: Flask) -> None:
    add_dnc(ANN, reason=MANUAL, comment="by phone")
    answer = marc.get("/contacts/dnc/export.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert f"{ANN},manual," in answer.text
    assert db.session.scalars(select(AuditEntry.action)).all()[-1:] == ["dnc_lists.export"]
    reader = sign_in(french, "reader")
    assert reader.get("/contacts/dnc/export.csv").status_code == 403
    assert "Export as CSV" not in reader.get("/contacts/dnc").text


# -- the commands


def test_a_list_is_taken_and_given_by_command(
    sending: Flask, run: Callable[..., Any], tmp_path: Path
) -> None:
    file, out = tmp_path / "list.txt", tmp_path / "out.csv"
    file.write_text(f"{ANN}\n{BOB}\nnobody\n")
    given = ("contacts", "dnc-import", str(file), "--origin", "Klaviyo")
    tried = run(*given, "--dry-run", "--json")
    assert (tried["numbers"], tried["new"]) == (2, 2)
    assert (tried["unreadable"][0]["line"], everything()) == (3, [])
    assert run(*given, "--json")["stored"] == 2
    assert [row[1:5] for row in everything()] == [
        (ANN, ELSEWHERE, "Klaviyo", "command"),
        (BOB, ELSEWHERE, "Klaviyo", "command"),
    ]
    assert run("contacts", "dnc-export").splitlines()[1].startswith(f"{ANN},elsewhere,")
    run("contacts", "dnc-export", "--output", str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    assert "exists already" in run("contacts", "dnc-export", "--output", str(out), code=1)
    again = run("contacts", "dnc-import", str(out), "--origin", "?", "--json")
    assert (again["already_listed"], again["stored"]) == (2, 0)


def test_a_file_that_is_not_there_is_named(sending: Flask, run: Callable[..., Any]) -> None:
    said = run("contacts", "dnc-import", "/nowhere/list.txt", "--origin", "x", code=1)
    assert "cannot be read" in said
