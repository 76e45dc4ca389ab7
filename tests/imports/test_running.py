"""Imports that run: what goes wrong with one ends it with its reason, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from heliograph.contacts import add_contact, add_custom_field
from heliograph.db import db, transaction
from heliograph.errors import BadInput
from heliograph.imports import (
    Import,
    dry_run,
    get_import,
    pending,
    run_pending_imports,
    runner,
    trial,
)
from heliograph.imports.models import UNDOING
from heliograph.imports.pending import has_pending
from heliograph.imports.undo import begin_undo
from tests.imports.files import contact, load, make, numbers, report

ADA, GRACE, JOAN = "+33612345601", "+33612345602", "+33612345603"
Patch = pytest.MonkeyPatch


def test_a_file_without_a_readable_row_finishes_and_says_so(app: Flask, tmp_path: Path) -> None:
    job = load(tmp_path, "mobile,first name\nnobody,Ada\n,Grace\n")
    assert (job.status, job.rows_done, job.rejected, job.created) == ("finished", 2, 2, 0)
    assert job.bytes_done == job.bytes_total
    job = load(tmp_path, 'mobile,first name\n"open\n"open\n')
    assert (job.status, job.rejected) == ("finished", 2)


def test_a_footer_is_one_rejected_row_and_the_segment_counts_the_rest(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 100)  # the footer is a batch of its own
    rows = "".join(f"+336{12_000_000 + n},P{n}\n" for n in range(300))
    job = load(tmp_path, f"mobile,first name\n{rows}Total: 300\n", segment="All")
    assert (job.status, job.created, job.rejected) == ("finished", 300, 1)
    segment = db.session.execute(db.text("SELECT member_count FROM segments")).scalar_one()
    assert segment == 300


@pytest.mark.parametrize("error", [ValueError("such a thing"), KeyError("x"), RecursionError()])
def test_any_error_ends_the_import_with_its_reason_and_no_other(
    app: Flask, tmp_path: Path, monkeypatch: Patch, error: Exception
) -> None:
    bad = make(tmp_path, f"mobile\n{ADA}\n")
    good = make(tmp_path, f"mobile\n{GRACE}\n")
    store = runner.store_records

    def breaks(session: Any, import_id: int, *others: Any) -> Any:
        if import_id == bad.id:
            raise error
        return store(session, import_id, *others)

    monkeypatch.setattr(runner, "store_records", breaks)
    assert run_pending_imports() is not None
    job = get_import(bad.id)
    assert (job.status, job.owner, job.lease_until) == ("failed", None, None)
    assert type(error).__name__ in job.error
    assert str(error) in job.error
    assert job.finished_at is not None
    assert get_import(good.id).status == "finished"
    assert numbers() == [GRACE]
    assert not has_pending()


def test_an_error_of_counting_the_segment_ends_it_too(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    bad = make(tmp_path, f"mobile\n{ADA}\n", segment="Fair")
    good = make(tmp_path, f"mobile\n{GRACE}\n")

    def breaks(*_: Any, **__: Any) -> Any:
        raise ValueError("no counting today")

    monkeypatch.setattr(runner, "settle_counts", breaks)
    run_pending_imports()
    assert (get_import(bad.id).status, get_import(good.id).status) == ("failed", "finished")
    assert "no counting today" in get_import(bad.id).error
    assert numbers() == [ADA, GRACE]


def test_a_file_that_is_gone_fails_the_import(app: Flask, tmp_path: Path) -> None:
    job = make(tmp_path, f"mobile\n{ADA}\n")
    Path(job.path).unlink()
    run_pending_imports()
    assert get_import(job.id).status == "failed"
    assert "No such file" in get_import(job.id).error


def test_while_the_database_is_away_an_import_waits_and_goes_on_later(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    job = make(tmp_path, f"mobile\n{ADA}\n")

    def away(*_: Any) -> Any:
        raise OperationalError("x", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(runner, "store_records", away)
        assert run_pending_imports() is None
    assert get_import(job.id).status == "running"
    with transaction() as session:
        session.get_one(Import, job.id).lease_until = None
    run_pending_imports()
    assert (get_import(job.id).status, numbers()) == ("finished", [ADA])


def test_a_full_disk_ends_the_import(app: Flask, tmp_path: Path, monkeypatch: Patch) -> None:
    job = make(tmp_path, f"mobile\n{ADA}\n")

    def full(*_: Any) -> Any:
        raise OperationalError("x", {}, Exception("database or disk is full"))

    monkeypatch.setattr(runner, "store_records", full)
    run_pending_imports()
    assert get_import(job.id).status == "failed"
    assert "disk is full" in get_import(job.id).error


def test_an_error_while_undoing_ends_it_with_its_reason_and_it_may_be_tried_again(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    job = load(tmp_path, f"mobile\n{ADA}\n")
    begin_undo(job.id)
    other = make(tmp_path, f"mobile\n{GRACE}\n")

    def breaks(_import_id: int) -> Any:
        raise ValueError("no way back")

    with monkeypatch.context() as patch:
        patch.setattr(pending, "undo_import", breaks)
        run_pending_imports()
    assert get_import(job.id).status == "failed"
    assert "no way back" in get_import(job.id).error
    assert get_import(other.id).status == "finished"
    assert UNDOING not in db.session.scalars(select(Import.status)).all()


def test_an_error_in_a_dry_run_is_said_in_words(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"mobile\n{ADA}\n")

    def breaks(*_: Any) -> Any:
        raise ValueError("such a thing")

    monkeypatch.setattr(trial, "sort_out", breaks)
    with pytest.raises(BadInput, match="such a thing"):
        dry_run(path, region="FR")


def test_reasons_are_counted_over_all_batches(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 3)
    rows = ["0142685300,x@example.com", "n/a,", "0612345601,none"] * 4
    job = load(tmp_path, "mobile,e-mail\n" + "\n".join(rows) + "\n")
    assert (job.rows_done, job.rejected, job.remarked, job.created) == (12, 8, 4, 1)
    assert [(one["result"], one["code"], one["column"], one["rows"]) for one in job.reasons] == [
        ("rejected", "landline", "mobile", 4),
        ("rejected", "letters", "mobile", 4),
        ("remark", "not_an_email", "e-mail", 4),
    ]
    assert [one["first_line"] for one in job.reasons] == [2, 3, 4]
    assert job.created + job.updated + job.unchanged + job.rejected == job.rows_done


def test_the_dry_run_counts_what_the_import_then_does(app: Flask, tmp_path: Path) -> None:
    add_contact({"mobile": GRACE}, region="FR")
    content = f"mobile,e-mail\n{ADA},none\n{GRACE},g@example.com\nn/a,\n"
    path = tmp_path / "x.csv"
    path.write_text(content)
    before = dry_run(path, region="FR")
    job = load(tmp_path, content)
    assert (before.rows, before.contacts, before.known) == (3, 2, 1)
    assert (before.rejected, before.remarked) == (job.rejected, job.remarked) == (1, 1)
    assert before.reasons == job.reasons
    assert before.first_errors == [
        "line 4: mobile “n/a”: " + "The number has letters. Write it in digits."
    ]


def test_what_was_guessed_is_kept_with_the_import(app: Flask, tmp_path: Path) -> None:
    add_custom_field("birthday", "Birthday", "date")
    content = f"Customers\nmobile;notes;birthday\n{ADA};x;31/12/1985\n"
    job = load(tmp_path, content, region="US")
    assert job.reading["columns"] == ["mobile", "notes", "birthday"]
    assert (job.reading["header_line"], job.reading["above"]) == (2, 1)
    assert (job.reading["date_order"], job.reading["date_by"]) == ("day-first", "file")
    assert contact(ADA).custom == {"birthday": "1985-12-31"}


def test_a_guessed_country_does_not_overrule_a_known_one(app: Flask, tmp_path: Path) -> None:
    add_contact({"mobile": "+447911123456", "country": "FR"}, region="FR")
    job = load(tmp_path, "mobile,first name\n+447911123456,Ada\n")
    assert (job.updated, contact("+447911123456").country) == (1, "FR")
    load(tmp_path, "mobile,country\n+447911123456,\n")
    assert contact("+447911123456").country == "FR"
    load(tmp_path, "mobile,country\n+447911123456,GB\n")
    assert contact("+447911123456").country == "GB"


def test_a_country_is_guessed_where_none_is_known(app: Flask, tmp_path: Path) -> None:
    load(tmp_path, "mobile\n+447400123456\n")
    assert contact("+447400123456").country == "GB"


def test_blank_and_unfit_values_erase_nothing(app: Flask, tmp_path: Path) -> None:
    known = {"mobile": ADA, "email": "ada@example.com", "city": "Paris", "country": "FR"}
    add_contact(known, region="FR")
    job = load(tmp_path, f"mobile,e-mail,city\n{ADA},nonsense,\n")
    assert (job.unchanged, job.remarked) == (1, 1)
    assert (contact(ADA).email, contact(ADA).city) == ("ada@example.com", "Paris")


def test_an_import_planned_by_an_older_version_runs(app: Flask, tmp_path: Path) -> None:
    job = make(tmp_path, f"mobile,first name\n{ADA},Ada\n")
    with transaction() as session:
        session.get_one(Import, job.id).reading = {}
    run_pending_imports()
    assert (get_import(job.id).status, contact(ADA).first_name) == ("finished", "Ada")


def test_the_file_of_rows_says_what_became_of_each(app: Flask, tmp_path: Path) -> None:
    content = f'mobile,e-mail,tags\n{ADA},none,"{"x" * 70}"\n0142685300,,\n"open,,\n{GRACE},,\n'
    job = load(tmp_path, content)
    rows = report(job)
    assert [(row["row"], row["line"], row["result"], row["code"]) for row in rows] == [
        ("1", "2", "imported, with a remark", "not_an_email:2 bad_tag:3"),
        ("2", "3", "not imported", "landline:1"),
        ("3", "4", "not imported", "unclosed_quote"),
    ]
    assert rows[2]["reason"] == "Line 4: A quotation mark is opened and never closed."
    assert rows[0]["e-mail"] == "none"
    assert numbers() == [ADA, GRACE]


def test_the_rejected_rows_can_be_mended_and_imported_as_they_are(
    app: Flask, tmp_path: Path
) -> None:
    job = load(tmp_path, "first name,mobile\nAda,0142685300\nGrace,nobody\n")
    mended = Path(job.error_path).read_text("utf-8-sig").replace("0142685300", ADA)
    again = load(tmp_path, mended)
    assert (again.created, again.rejected) == (1, 1)
    assert contact(ADA).first_name == "Ada"
    assert JOAN not in numbers()
