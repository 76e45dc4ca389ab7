"""No cell that we write is a formula to a spreadsheet, and each can be read in again."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heliograph.csv_files import CsvWriter, neutral, unmarked

ROOT = Path(__file__).parent.parent
# what OWASP's page on CSV injection names as the beginning of a formula
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(1)",
        "\t=1",
        " =1+1",
        "＝1+1",
        "+1 (415) 555-2671",
        "-",
        "+",
        "'=1+1",
    ],
)
def test_a_formula_is_marked_as_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Ada;=1+1;x", "Ada;'=1+1;x"),
        ("Ada; @SUM(1)", "Ada; '@SUM(1)"),
        ("Ada\n=1+1", "Ada\n'=1+1"),
        ("=1;=2", "'=1;'=2"),
        ("\n=1", "'\n'=1"),
        ("\r=1", "'\r'=1"),
        ("a;'=1", "a;''=1"),
        ("06 12 34 56 78; +33 6 12 34 56 79", "06 12 34 56 78; +33 6 12 34 56 79"),
        ("a;b;-1;2", "a;b;-1;2"),
    ],
)
def test_a_formula_is_marked_where_a_spreadsheet_begins_a_cell_of_its_own(
    cell: str, written: str
) -> None:
    assert neutral(cell) == written
    assert unmarked(written) == cell


@pytest.mark.parametrize(
    "cell",
    [
        *("+33612345678", "+33 6 12 34 56 78", "-12.50", "+1", "06 12 34 56 78"),
        *("Ada", "", "O'Neil", "'tis", "a=b", "2026-11-30", "1-2"),
    ],
)
def test_numbers_and_texts_stay_as_they_are(cell: str) -> None:
    assert neutral(cell) == cell


@given(st.one_of(st.text(), st.text(alphabet=";'=+1a \n\r")))
@example("''=1")
@example("'+33612345678")
@example("\u00a0=1")
@example("a;'=1\n =2;+33612345678")
@example("\n;=1")
def test_whatever_was_written_is_read_again(text: str) -> None:
    written = neutral(text)
    assert unmarked(written) == text
    assert not written.startswith(BEGINNINGS) or written[1:2].isdigit()


def test_nothing_else_writes_csv() -> None:
    writing = re.compile(r"csv\.(writer|DictWriter)\b")
    sources = [path for name in ("core", "plugins") for path in (ROOT / name).rglob("*.py")]
    found = [str(path.relative_to(ROOT)) for path in sources if writing.search(path.read_text())]
    assert found == ["core/csv_files.py"]


def test_a_row_is_written_cell_by_cell() -> None:
    file = io.StringIO()
    CsvWriter(file).write([1, None, "=1", "+33612345678", "a,b"])
    assert next(csv.reader([file.getvalue()])) == ["1", "", "'=1", "+33612345678", "a,b"]
