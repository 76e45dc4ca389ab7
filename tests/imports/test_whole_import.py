"""A CSV file on its way in: what is taken, what is refused, what survives a crash."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.errors import BadInput, Conflict
from heliograph.imports import (
    Import,
    cancel_import,
    create_import,
    dry_run,
    get_import,
    run_import,
    run_pending_imports,
    runner,
)
from heliograph.segments import count_members, find_segment
from tests.imports.files import make, numbers, report


@pytest.fixture
def load(app: Flask, tmp_path: Path) -> Any:
    """Writes a file and imports it; gives the finished import."""

    def call(content: str | bytes, **options: Any) -> Import:
        return run_import(make(tmp_path, content, **options).id)

    return call


def test_numbers_in_many_spellings(load: Any) -> None:
    job = load(
        "mobile;name\n0612 34 56 78;a\n00 33 6 12 34 56 79;b\ntel:+33612345680;c\n"
        "(06) 12.34.56.81;d\n+33 6 12 34 56 82;e\n"
    )
    assert (job.status, job.created, job.rejected) == ("finished", 5, 0)
    assert numbers() == [f"+336123456{n}" for n in (78, 79, 80, 81, 82)]


def test_rows_that_cannot_be_taken_are_kept_with_their_reason(load: Any) -> None:
    job = load(
        "mobile,e-mail,note\n0612345678,a@example.com,x\n0142685300,,front desk\n"
        "0800-FLOWERS,,y\n12,,z\n0612345679,not an address,w\n0612345670\n"
    )
    assert (job.created, job.rejected, job.remarked) == (3, 3, 1)
    kept = report(job)
    assert [(row["row"], row["line"]) for row in kept] == [
        *(("2", "3"), ("3", "4"), ("4", "5"), ("5", "6")),
    ]
    assert [row["result"] for row in kept] == [*["not imported"] * 3, "imported, with a remark"]
    assert [row["note"] for row in kept] == ["front desk", "y", "z", "w"]
    assert [row["code"] for row in kept] == [
        *("landline:1", "letters:1", "too_short:1", "not_an_email:2"),
    ]
    assert "“0142685300”: The number is a landline" in kept[0]["reason"]
    assert "“not an address”: This is not an e-mail address" in kept[3]["reason"]


@pytest.mark.parametrize(
    ("encoding", "expected"), [("cp1252", "é"), ("utf-8-sig", "é"), ("utf-16", "é")]
)
def test_encodings_are_found(load: Any, encoding: str, expected: str) -> None:
    rows = "".join(f"06123456{n:02};Hélène;Orléans, près de la forêt\n" for n in range(40))
    job = load(("mobile;prénom;ville\n" + rows).encode(encoding))
    assert (job.created, job.rejected) == (40, 0)
    db.session.rollback()
    assert db.session.scalars(db.select(Contact.first_name)).first() == "Hélène"


def test_a_quoted_cell_may_hold_lines_and_delimiters(load: Any) -> None:
    job = load('mobile,company\n0612345678,"Smith, Sons"\n"0612345679","Two\nlines"\n')
    assert (job.created, job.rejected) == (2, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n....", "is a picture"),
        (b"PK\x03\x04....", "spreadsheet"),
        (b"a,b\x00,c\n1,2,3\n", "is no text"),
        (",".join(f"c{n}" for n in range(300)).encode() + b"\n", "300 columns"),
        (b"name,city\nAda,Paris\n", "no column of mobile numbers"),
    ],
)
def test_files_that_are_no_use_are_refused_in_words(
    app: Flask, tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        make(tmp_path, content)
    assert db.session.scalar(db.select(db.func.count()).select_from(Import)) == 0


def test_a_file_that_is_not_there_is_named(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        create_import(tmp_path / "no.csv", filename="no.csv")


def test_columns_can_be_mapped_by_hand(load: Any, tmp_path: Path) -> None:
    job = load("who,where to\nAda,0612345678\n", mapping={"who": "firstname"})
    assert job.mapping == {"who": "first_name", "where to": "mobile"}
    with pytest.raises(BadInput, match="Did you mean 'who'"):
        load("who,to\nAda,0612345678\n", mapping={"whom": "firstname"})
    with pytest.raises(BadInput, match="Did you mean first_name"):
        load("who,to\nAda,0612345678\n", mapping={"who": "first_nam"})


def test_the_same_number_again_is_the_same_contact(load: Any) -> None:
    load("mobile,first name,city\n0612345678,Ada,Paris\n0612345678,,Lyon\n")
    assert numbers() == ["+33612345678"]
    job = load("mobile,first name,city\n+33612345678,,Nice\n")
    assert (job.created, job.updated) == (0, 1)
    db.session.rollback()
    ada = db.session.scalars(db.select(Contact)).one()
    assert (ada.first_name, ada.city) == ("Ada", "Nice")
    again = load("mobile,first name,city\n+33612345678,,Nice\n")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)


def test_tags_and_the_segment_are_set(load: Any) -> None:
    job = load('mobile,tags\n0612345678,"vip, paris"\n0612345679,vip\n', segment="new ones")
    assert job.created == 2
    assert count_members(find_segment("new ones").id) == 2
    db.session.rollback()
    tagged = db.session.scalars(db.select(Contact).order_by(Contact.id)).all()
    assert [[tag.name for tag in contact.tags] for contact in tagged] == [["paris", "vip"], ["vip"]]


def test_a_dry_run_stores_nothing(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("mobile,shoe\n0612345678,1\n12,2\n")
    result = dry_run(path, region="FR")
    assert (result.contacts, result.rejected, result.ignored) == (1, 1, ["shoe"])
    assert numbers() == []


def test_it_goes_on_where_it_was_cut_off(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 10)
    rows = [f"06123456{n:02}" if n % 7 else "12" for n in range(50)]
    job = make(tmp_path, "mobile\n" + "\n".join(rows) + "\n")
    whole, calls = runner.store_records, []

    def dies(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(runner, "store_records", dies)
        with pytest.raises(KeyboardInterrupt):
            run_import(job.id)
    assert get_import(job.id).rows_done == 20
    with pytest.raises(Conflict):
        run_import(job.id)  # its lease has not ended
    with transaction() as session:
        session.get_one(Import, job.id).lease_until = utcnow() - timedelta(seconds=1)
    assert run_pending_imports() is not None
    done = get_import(job.id)
    assert (done.status, done.rows_done, done.created, done.rejected) == ("finished", 50, 42, 8)
    assert len(numbers()) == 42
    assert [row["row"] for row in report(done)] == [str(n + 1) for n in range(0, 50, 7)]


def test_an_import_can_be_cancelled(app: Flask, tmp_path: Path) -> None:
    job = make(tmp_path, "mobile\n0612345678\n")
    cancel_import(job.id)
    with pytest.raises(Conflict):
        run_import(job.id)
    assert numbers() == []
