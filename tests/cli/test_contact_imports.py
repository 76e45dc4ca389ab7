"""`heliograph contacts import`: what it says before and after, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heliograph.contacts import add_custom_field
from heliograph.imports import runner
from tests.imports.files import contact, numbers

ADA, GRACE = "+33612345601", "+33612345602"
FILE = f"Customers\nmobile;notes;e-mail\n{ADA};x;none\n{GRACE};y;\n0142685300;z;\n"
Run = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(FILE)
    return path


def test_a_dry_run_says_what_was_guessed_and_what_is_left_out(run: Run, file: Path) -> None:
    said = run("contacts", "import", str(file), "--region", "FR", "--dry-run")
    for words in (
        "The names of the columns are taken from line 2. The lines above it are left out: 1.",
        "These columns are left out: notes.",
        "What these columns are was guessed: mobile → mobile, e-mail → email.",
        "1 row: mobile: The number is a landline; texts need a mobile number. (first in line 5)",
        "1 row: e-mail: This is not an e-mail address; the field was left blank. (first in line 3)",
    ):
        assert words in said
    assert numbers() == []


def test_the_import_says_the_same_afterwards(run: Run, file: Path) -> None:
    said = run("contacts", "import", str(file), "--region", "FR")
    for words in (
        "The lines above it are left out: 1.",
        "These columns are left out: notes.",
        "Rejected rows:",
        "Rows imported with a remark:",
    ):
        assert words in said
    assert numbers() == [ADA, GRACE]


def test_json_has_counts_by_reason_with_code_and_words(run: Run, file: Path) -> None:
    told = run("contacts", "import", str(file), "--region", "FR", "--json")
    assert (told["rows"], told["created"], told["rejected"], told["remarked"]) == (3, 2, 1, 1)
    assert (told["header_line"], told["ignored"]) == (2, ["notes"])
    assert told["reasons"][0] == {
        "result": "rejected",
        "code": "landline",
        "column": "mobile",
        "rows": 1,
        "first_line": 5,
        "words": "mobile: The number is a landline; texts need a mobile number.",
    }
    assert Path(told["error_file"]).read_text("utf-8-sig").startswith("row,line,result,code,reason")


def test_a_dry_run_in_json_has_what_the_import_then_has(run: Run, file: Path) -> None:
    options = ("contacts", "import", str(file), "--region", "FR", "--json")
    before, after = run(*options, "--dry-run"), run(*options)
    for name in ("mapping", "ignored", "rejected", "remarked", "reasons", "notes", "header_line"):
        assert before[name] == after[name]


def test_an_import_of_which_nobody_was_taken_fails(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("mobile\nn/a\n12\n")
    told = run("contacts", "import", str(path), "--json", code=1)
    assert (told["status"], told["rejected"]) == ("finished", 2)


def test_the_line_of_the_names_can_be_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"mobile,city\nmobil,stadt\n{ADA},Paris\n")
    told = run("contacts", "import", str(path), "--header-line", "2", "--json")
    assert (told["created"], told["rejected"]) == (1, 0)
    said = run("contacts", "import", str(path), "--header-line", "9", code=1)
    assert "header_line: '9' has no names of columns" in said


def test_the_order_of_dates_can_be_said(run: Run, tmp_path: Path) -> None:
    add_custom_field("birthday", "Birthday", "date")
    path = tmp_path / "people.csv"
    path.write_text(f"mobile,birthday\n{ADA},03/04/2026\n")
    run("contacts", "import", str(path), "--region", "FR", "--date-order", "month-first")
    assert contact(ADA).custom == {"birthday": "2026-03-04"}
    said = run("contacts", "import", str(path), "--region", "FR", "--dry-run")
    assert "03/04/2026 is read as 3 April" in said


def test_an_error_ends_the_command_with_its_reason(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise ValueError("such a thing")

    monkeypatch.setattr(runner, "store_records", breaks)
    told = run("contacts", "import", str(file), "--json", code=1)
    assert told["status"] == "failed"
    assert "such a thing" in told["error"]


def test_two_targets_of_the_mapping_can_be_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("who,code,to\nAda Lovelace,33,612345601\n")
    options = ("--map", "who=name", "--map", "code=dialling code", "--map", "to=mobile")
    run("contacts", "import", str(path), "--region", "US", *options)
    assert (contact(ADA).first_name, contact(ADA).last_name) == ("Ada", "Lovelace")
