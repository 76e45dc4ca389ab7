"""The import wizard: what is refused, what is shown, what happens, and undoing it."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.contacts import Contact, add_contact, edit_contact, find_contacts
from core.db import db
from core.imports import run_pending_imports
from core.imports.models import Import
from core.segments import find_segment
from tests.visitor import Visitor, sign_in
from tests.web.forms import forms_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 200


def upload(visitor: Visitor, content: bytes, name: str = "people.csv") -> object:
    (form,) = [one for one in forms_of(visitor.get("/imports/").text) if "file" in one.filled()]
    return visitor.post("/imports/", form.filled() | {"file": (io.BytesIO(content), name)})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PNG, "Is a picture, no CSV"),
        (b"", "Is empty"),
        (b";".join(b"column%d" % n for n in range(300)) + b"\n", "Has 300 columns"),
        (b"PK\x03\x04rest", "Is a spreadsheet or archive"),
        (b"\x00\x01\x02\x03", "Is no text"),
    ],
)
def test_what_is_no_csv_is_refused_in_words(app: Flask, content: bytes, words: str) -> None:
    visitor = sign_in(app)
    answer = upload(visitor, content, "holiday.png")
    assert answer.status_code == 400
    assert words in answer.text
    assert db.session.scalar(select(func.count()).select_from(Import)) == 0


def test_no_file_is_refused_too(app: Flask) -> None:
    answer = sign_in(app).post("/imports/", {})
    assert (answer.status_code, "Choose a CSV file" in answer.text) == (400, True)


def test_a_file_of_200_megabytes_is_refused_before_it_is_kept(app: Flask) -> None:
    visitor = sign_in(app)
    body = io.BytesIO(b"x" * (200 * 1024 * 1024))
    answer = visitor.client.post(
        "/mautic/imports/",
        input_stream=body,
        content_length=200 * 1024 * 1024,
        content_type="multipart/form-data; boundary=x",
        headers={"Accept": "text/html"},
    )
    assert answer.status_code == 413
    assert "100 MB is the most" in answer.text
    assert body.read(1) == b""  # read to its end, so that the browser reads the answer


def test_from_upload_to_undo(app: Flask) -> None:
    visitor = sign_in(app)
    known = add_contact(
        {"mobile": "+33612345678", "first_name": "Ada", "city": "Oslo"}, region="FR"
    )
    content = (
        "Numéro;Prénom;Ville;Rang\n06 12 34 56 78;Ada;Paris;1\n0612345679;Grace;Lyon;2\n"
        "0612345680;Joan;Lille;3\nnonsense;;;\n"
    ).encode()
    answer = upload(visitor, content)
    assert answer.status_code == 303
    place = answer.location.removeprefix("/mautic")
    page = visitor.get(place).text
    assert "Prénom" in page
    assert re.search(r'<option value="first_name" selected', page)
    mapping = {"column-0": "mobile", "column-1": "first_name", "column-2": "city"}
    mapping |= {"column-3": "-", "region": "FR", "segment": "Fair"}
    tried = visitor.post(place + "/try", mapping).text
    assert re.search(r"New contacts.*?>2<", tried, re.DOTALL)
    assert re.search(r"Known numbers, updated.*?>1<", tried, re.DOTALL)
    assert "row 4" in tried

    unmapped = visitor.post(place + "/start", mapping | {"column-0": "-", "region": "XXX"})
    assert unmapped.status_code == 400
    assert visitor.post(place + "/start", mapping).status_code == 303
    run_imports()
    done = visitor.get(place).text
    assert "Finished" in done
    errors = visitor.get(place + "/errors.csv")
    assert "nonsense" in errors.text
    assert find_segment("Fair").member_count == 3

    joan = find_contacts("Joan")[0]
    edit_contact(joan.id, {"city": "Nice"}, region="FR")
    assert visitor.post(place + "/undo").status_code == 303
    run_imports()
    left = {one.first_name: one.city for one in db.session.scalars(select(Contact))}
    assert left == {"Ada": "Oslo", "Joan": "Nice"}
    assert known.id in [one.id for one in find_contacts("Ada")]
    assert "Undone" in visitor.get(place).text
    assert "1 new contact stays" in visitor.get(place).text
    assert visitor.post(place + "/undo").status_code == 409


def run_imports() -> None:
    """As the clock does, seeing what the requests stored."""
    db.session.rollback()
    run_pending_imports()
    db.session.expire_all()


def test_an_upload_can_be_thrown_away(app: Flask) -> None:
    visitor = sign_in(app)
    place = upload(visitor, b"mobile\n+33612345678\n").location.removeprefix("/mautic")
    assert visitor.post(place + "/discard").status_code == 303
    assert visitor.get(place).status_code == 404
