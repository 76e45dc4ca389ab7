"""The import wizard: what is refused, what is shown, what happens, and undoing it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from heliograph.contacts import Contact, add_contact, add_custom_field, edit_contact, find_contacts
from heliograph.db import db
from heliograph.imports import run_pending_imports, runner, trial
from heliograph.imports.models import Import
from heliograph.segments import find_segment
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
    assert "line 5" in tried

    unmapped = visitor.post(place + "/start", mapping | {"column-0": "-", "region": "XXX"})
    assert unmapped.status_code == 400
    assert visitor.post(place + "/start", mapping).status_code == 303
    run_imports()
    done = visitor.get(place).text
    assert "Partly imported" in done
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


def place_of(visitor: Visitor, content: bytes | str) -> str:
    """The page of a new upload."""
    data = content.encode() if isinstance(content, str) else content
    return str(upload(visitor, data).location).removeprefix("/mautic")


def chosen_on(page: str) -> dict[str, str]:
    """The form that starts the import, as it stands."""
    (form,) = [one for one in forms_of(page) if one.action.endswith("/start")]
    kept = {name: value for name, kind, value in form.fields if kind == "hidden"}
    for name in (name for name, kind, _ in form.fields if kind == "select"):
        select_ = re.search(rf'name="{name}".*?</select>', page, re.DOTALL)
        picked = select_ and re.search(r'value="([^"]*)" selected', select_[0])
        kept[name] = picked[1] if picked else ""
    return kept


MIXED = 'First name,Mobile,TAGS,Notes\nAda,0612345601,"""VIP"",""spring""",x\n'
MIXED += "Grace,0142685300,,\nJoan,0612345603," + "y" * 70 + ",\nBo,n/a,,\n"


def test_what_is_guessed_and_left_out_is_said_before_and_after(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, MIXED)
    before = visitor.get(place).text
    assert "Left out unless you choose a field for them: Notes." in before
    assert "The file is read as UTF-8, separated by commas." in before
    assert visitor.post(place + "/start", chosen_on(before) | {"region": "FR"}).status_code == 303
    run_imports()
    after = visitor.get(place).text
    assert "These columns are left out: Notes." in after
    assert re.search(r"<td[^>]*>Notes</td><td><span[^>]*>not imported</span>", after)
    assert re.search(r"<td[^>]*>First name</td><td>First name</td>", after)


def test_an_import_with_rejected_rows_is_not_just_finished(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, MIXED)
    form = chosen_on(visitor.get(place).text) | {"region": "FR"}
    tried = visitor.post(place + "/try", form).text
    lines = ("1 row: Mobile: The number is a landline", "First in line 3.")
    lines += ("1 row: TAGS: A tag cannot be read; it was left out.",)
    for line in lines:
        assert line in tried
    visitor.post(place + "/start", form)
    run_imports()
    page = visitor.get(place).text
    assert "Partly imported" in page
    assert "2 rows were not imported." in page
    for line in lines:
        assert line in page
    assert "Partly imported" in visitor.get("/imports/").text
    rejected = visitor.get(place + "/errors.csv?only=rejected").text
    assert [line.split(",")[0] for line in rejected.splitlines()[1:]] == ["2", "4"]
    remarks = visitor.get(place + "/errors.csv?only=remark").text
    assert [line.split(",")[0] for line in remarks.splitlines()[1:]] == ["3"]
    assert len(visitor.get(place + "/errors.csv").text.splitlines()) == 4


def test_an_import_of_no_contact_says_so(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "Mobile\nn/a\n0142685300\n")
    form = chosen_on(visitor.get(place).text) | {"region": "FR"}
    assert "No contacts would be imported" in visitor.post(place + "/try", form).text
    visitor.post(place + "/start", form)
    run_imports()
    assert "No contacts were imported: every row was rejected." in visitor.get(place).text


def test_reasons_are_said_in_the_language_of_the_reader(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "Mobile\n0142685300\n0612345601\n")
    visitor.post(place + "/start", chosen_on(visitor.get(place).text) | {"region": "FR"})
    run_imports()
    french = {"Accept-Language": "fr"}
    assert "Le numéro est un fixe" in visitor.get(place, **french).text
    assert "Le numéro est un fixe" in visitor.get(place + "/errors.csv", **french).text


def test_a_file_can_be_mapped_again_without_uploading_it_again(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "First name,Mobile,Town\nAda,0612345601,Paris\nBo,n/a,Lyon\n")
    form = chosen_on(visitor.get(place).text) | {"region": "FR", "segment": "Fair"}
    assert visitor.post(place + "/start", form | {"column-2": "-"}).status_code == 303
    assert visitor.post(place + "/again").status_code == 409
    run_imports()
    assert "Map again" in visitor.get(place).text
    again = visitor.post(place + "/again").location.removeprefix("/mautic")
    assert again != place
    page = visitor.get(again).text
    assert "The same file once more" in page
    kept = chosen_on(page)
    assert (kept["column-0"], kept["column-2"], kept["region"]) == ("first_name", "-", "FR")
    assert 'value="Fair"' in page
    form = kept | {"column-2": "city", "segment": "Fair"}
    assert visitor.post(again + "/start", form).status_code == 303
    run_imports()
    jobs = db.session.scalars(select(Import).order_by(Import.id)).all()
    assert [(one.created, one.updated, one.rejected) for one in jobs] == [(1, 0, 1), (0, 1, 1)]
    assert [one.city for one in find_contacts("Ada")] == ["Paris"]
    assert visitor.post(place + "/undo").status_code == 409  # only the last one can be undone
    assert visitor.post(again + "/undo").status_code == 303
    run_imports()
    assert [one.city for one in find_contacts("Ada")] == [""]


def test_a_file_that_is_not_kept_any_more_cannot_be_mapped_again(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "Mobile\n0612345601\n")
    visitor.post(place + "/start", chosen_on(visitor.get(place).text) | {"region": "FR"})
    run_imports()
    job = db.session.scalars(select(Import)).one()
    Path(job.path).unlink()
    assert "Map again" not in visitor.get(place).text
    answer = visitor.post(place + "/again")
    assert answer.status_code == 409
    assert "not kept any more" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Import)) == 1


def test_a_reader_cannot_map_again_or_choose_a_line(app: Flask) -> None:
    place = place_of(sign_in(app), "Mobile\n0612345601\n")
    reader = sign_in(app, "reader")
    assert reader.post(place + "/again").status_code == 403
    assert reader.post(place + "/header", {"header_line": "0"}).status_code == 403


def test_another_line_can_be_chosen_for_the_names(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "mobile,city\nmobil,stadt\n+33612345601,Paris\n")
    assert "Line 2: mobil, stadt" in visitor.get(place).text
    assert visitor.post(place + "/header", {"header_line": "2"}).status_code == 303
    page = visitor.get(place).text
    assert "taken from line 2" in page
    visitor.post(place + "/start", chosen_on(page) | {"region": "FR"})
    run_imports()
    job = db.session.scalars(select(Import)).one()
    assert (job.created, job.rejected, job.reading["columns"]) == (1, 0, ["mobil", "stadt"])


@pytest.mark.parametrize("line", ["", "-1", "99", "x", "9" * 30, "³"])
def test_a_line_that_is_none_is_refused(app: Flask, line: str) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "Customers,\nmobile,city\n+33612345601,Paris\n")
    answer = visitor.post(place + "/header", {"header_line": line})
    assert answer.status_code == 400
    assert 'id="header_line-error"' in answer.text
    assert "taken from line 2" in visitor.get(place).text


@pytest.mark.parametrize(
    ("cells", "asked"), [("03/04/2026", True), ("31/12/2026", False), ("2026-12-31", None)]
)
def test_the_order_of_dates_is_asked_where_the_file_leaves_it_open(
    app: Flask, cells: str, asked: bool | None
) -> None:
    add_custom_field("birthday", "Birthday", "date")
    visitor = sign_in(app)
    place = place_of(visitor, f"mobile,birthday\n+33612345601,{cells}\n")
    page = visitor.get(place).text
    assert ("How is 03/04/2026 read?" in page) == (asked is not None)
    assert ("does not show whether the day or the month comes first" in page) == bool(asked)
    form = chosen_on(page) | {"region": "FR"}
    if asked:
        refused = visitor.post(place + "/start", form)
        assert refused.status_code == 400
        assert 'id="date_order-error"' in refused.text
        form["date_order"] = "month-first"
    visitor.post(place + "/start", form)
    run_imports()
    expected = {"03/04/2026": "2026-03-04"}.get(cells, "2026-12-31")
    assert db.session.scalars(select(Contact.custom)).all() == [{"birthday": expected}]


def test_an_unknown_order_of_dates_is_refused(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "mobile,born\n+33612345601,03/04/2026\n")
    form = chosen_on(visitor.get(place).text) | {"date_order": "sometimes"}
    assert visitor.post(place + "/start", form).status_code == 400
    tried = visitor.post(place + "/try", form)
    assert (tried.status_code, "day-first or month-first" in tried.text) == (200, True)


def test_one_field_for_two_columns_is_refused_with_both_named(app: Flask) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "mobile,a,b\n+33612345601,1,2\n")
    form = chosen_on(visitor.get(place).text) | {"column-1": "city", "column-2": "city"}
    answer = visitor.post(place + "/start", form)
    assert answer.status_code == 400
    assert "is chosen for two columns" in answer.text


def test_a_try_of_a_file_that_breaks_the_reader_is_no_500(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "mobile\n+33612345601\n")
    form = chosen_on(visitor.get(place).text)

    def breaks(*_: object) -> object:
        raise ValueError("such a thing")

    monkeypatch.setattr(trial, "sort_out", breaks)
    answer = visitor.post(place + "/try", form)
    assert (answer.status_code, "such a thing" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "content",
    [
        "mobile,first name\n+33612345601,Ada,\n+33612345602,Grace,\n",
        'mobile,note\n"x\n"y\n',
        "mobile\n",
        "Customers\n",
        "+33612345601\n",
        "a,b,c\nd,e,f\n",
    ],
)
def test_any_file_can_be_looked_at_and_tried(app: Flask, content: str) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, content)
    page = visitor.get(place)
    assert page.status_code == 200
    assert visitor.post(place + "/try", chosen_on(page.text)).status_code == 200


def test_an_import_that_failed_says_where_it_stopped(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sign_in(app)
    place = place_of(visitor, "mobile\n+33612345601\n")
    visitor.post(place + "/start", chosen_on(visitor.get(place).text))

    def breaks(*_: object) -> object:
        raise ValueError("such a thing")

    monkeypatch.setattr(runner, "store_records", breaks)
    run_imports()
    page = visitor.get(place).text
    assert "It stopped after row 0." in page
    assert "such a thing" in page
    assert "Map again" in page
