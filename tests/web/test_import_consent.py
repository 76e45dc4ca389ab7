"""The import wizard and consent: found, warned about in red, never left out by accident."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from heliograph.db import db, utcnow
from heliograph.dnc import ELSEWHERE, Dnc, add_dnc
from heliograph.imports import run_pending_imports
from heliograph.imports.models import UPLOADED, Import
from heliograph.imports.pending import sweep
from tests.cli.conftest import run as run_fixture
from tests.visitor import Visitor, sign_in
from tests.web.forms import forms_of

run = run_fixture
ANN, BOB = "+33612345601", "+33612345602"
RED = "Columns that may say who must not be texted are left out"


@pytest.fixture
def marc(app: Flask) -> Visitor:
    return sign_in(app, "marketer")


def upload(visitor: Visitor, content: str, name: str = "people.csv") -> str:
    """Gives the address of the upload's page."""
    (form,) = [one for one in forms_of(visitor.get("/imports/").text) if "file" in one.filled()]
    file = (io.BytesIO(content.encode()), name)
    answer = visitor.post("/imports/", form.filled() | {"file": file})
    assert answer.status_code == 303
    return str(answer.location).removeprefix("/mautic")


def filled_form(text: str) -> dict[str, str]:
    """The form of the mapping as a browser would send it."""
    form = text[text.index('id="mapping"') : text.index("</form>", text.index('id="mapping"'))]
    values = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([\w-]+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    for box in re.findall(r'<input class="form-check-input"[^>]*>', form):
        name = re.search(r'name="(\w+)"', box)
        if name is not None and " checked" in box:
            values[name[1]] = "1"
    return values


def listed() -> dict[str, str]:
    db.session.rollback()
    return {one.number: one.reason for one in db.session.scalars(select(Dnc))}


def run_imports() -> None:
    db.session.rollback()
    run_pending_imports()
    db.session.expire_all()


def job() -> Import:
    db.session.rollback()
    return db.session.scalars(select(Import).execution_options(populate_existing=True)).one()


def test_the_column_is_found_and_what_came_of_it_is_said(marc: Visitor) -> None:
    place = upload(marc, f"mobile,Accepts SMS Marketing\n{ANN},yes\n{BOB},no\n")
    page = marc.get(place).text
    assert RED not in page
    filled = filled_form(page)
    assert filled["column-1"] == "consent"
    tried = marc.post(place + "/try", filled).text
    assert re.search(r"Not to be texted.*?>1<", tried, re.DOTALL)
    assert "without a clear yes" in tried
    assert marc.post(place + "/start", filled).status_code == 303
    run_imports()
    page = marc.get(place).text
    assert "1 number of this file is not texted" in page
    assert "Undoing the import does not change that." in page
    assert listed() == {BOB: ELSEWHERE}


def test_a_column_that_leaves_it_open_is_red_and_the_import_waits_for_an_answer(
    marc: Visitor,
) -> None:
    place = upload(marc, f"mobile,Accepts Email Marketing\n{ANN},yes\n{BOB},no\n")
    page = marc.get(place).text
    assert re.search(r'alert-danger"[^>]*role="alert".*?' + RED, page, re.DOTALL)
    filled = filled_form(page)
    assert "without_consent" not in filled
    assert RED in marc.post(place + "/try", filled).text
    refused = marc.post(place + "/start", filled)
    assert (refused.status_code, RED in refused.text) == (400, True)
    assert job().status == UPLOADED
    filled = filled_form(refused.text) | {"without_consent": "1"}
    assert marc.post(place + "/start", filled).status_code == 303
    run_imports()
    assert listed() == {}


def test_a_column_that_a_person_leaves_out_is_red_too(marc: Visitor) -> None:
    place = upload(marc, f"mobile,Do not contact\n{ANN},0\n{BOB},1\n")
    filled = filled_form(marc.get(place).text)
    refused = marc.post(place + "/start", filled | {"column-1": "-"})
    assert (refused.status_code, RED in refused.text) == (400, True)
    assert filled_form(refused.text)["column-1"] == "-"
    again = filled_form(refused.text) | {"column-1": "do_not_contact"}
    assert marc.post(place + "/start", again).status_code == 303
    run_imports()
    assert listed() == {BOB: ELSEWHERE}


def test_a_file_of_unsubscribed_people_says_so_by_its_name(marc: Visitor) -> None:
    place = upload(marc, f"mobile,name\n{ANN},Ann\n", "unsubscribed_segment_export_8f2.csv")
    page = marc.get(place).text
    assert "Chosen because of the name of the file." in page
    assert marc.post(place + "/start", filled_form(page)).status_code == 303
    run_imports()
    assert listed() == {ANN: ELSEWHERE}


def test_it_can_be_said_that_nobody_unsubscribed_after_all(marc: Visitor) -> None:
    place = upload(marc, f"mobile,name\n{ANN},Ann\n", "unsubscribed.csv")
    filled = filled_form(marc.get(place).text)
    del filled["all_refuse"]
    marc.post(place + "/start", filled)
    run_imports()
    assert listed() == {}


def test_what_a_wrong_file_put_on_the_list_is_lifted_by_a_person(marc: Visitor) -> None:
    add_dnc(BOB, reason=ELSEWHERE, source="import 999")
    place = upload(marc, f"mobile,SMS Consent\n{ANN},no\n{BOB},no\n")
    marc.post(place + "/start", filled_form(marc.get(place).text))
    run_imports()
    assert set(listed()) == {ANN, BOB}
    page = marc.get(place).text
    assert "1 number that this import put on do-not-contact" in page
    assert marc.post(place + "/lift").status_code == 303
    assert set(listed()) == {BOB}
    assert "1 number is off the list." in marc.get(place).text
    assert "Remove from do-not-contact" not in marc.get(place).text


def test_a_file_that_is_no_longer_kept_is_said(marc: Visitor) -> None:
    place = upload(marc, f"mobile\n{ANN}\n12\n")
    marc.post(place + "/start", filled_form(marc.get(place).text))
    run_imports()
    words = "no longer kept"
    assert words not in marc.get(place).text
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        sweep()
    page = marc.get(place).text
    assert words in page
    assert "Download rejected rows" not in page
    assert "Map again" not in page
    assert marc.get(place + "/errors.csv").status_code == 404


def test_the_command_needs_a_word_about_it(
    sending: Flask, run: Callable[..., Any], tmp_path: Any
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"mobile,HasOptedOutOfEmail\n{ANN},TRUE\n")
    given = ("contacts", "import", str(path), "--region", "FR")
    said = run(*given, code=1)
    assert "HasOptedOutOfEmail" in said
    assert '--map "HasOptedOutOfEmail=do_not_contact"' in said
    assert run(*given, "--without-consent", "--json")["on_do_not_contact"] == 0
    assert run(*given, "--map", "HasOptedOutOfEmail=-", "--json")["on_do_not_contact"] == 0
    done = run(*given, "--unsubscribed", "--json")
    assert (done["on_do_not_contact"], listed()) == (1, {ANN: ELSEWHERE})
    assert "1 numbers are off" in run("contacts", "dnc-lift-import", str(done["id"]), "--yes")
    assert listed() == {}
    mapped = ("--map", "HasOptedOutOfEmail=do_not_contact", "--dry-run", "--json")
    assert run(*given, *mapped)["on_do_not_contact"] == 1
