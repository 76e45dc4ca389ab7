"""The file of rejected rows and remarks, in the words of its reader; counts by reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from heliograph.imports import reasons
from heliograph.imports.reasons import (
    REJECTED,
    REMARK,
    Reason,
    add_counts,
    count_reasons,
    row_words,
)
from heliograph.imports.report import HEAD, ReportFile, ReportRow, read_report

COLUMNS = ("mobile", "tags")
ROWS = [
    ReportRow(1, 2, REJECTED, [Reason("landline", 0)], ["0142685300", "a"]),
    ReportRow(2, 3, REMARK, [Reason("bad_tag", 1), Reason("other_numbers", 0)], ["x / y", "b"]),
    ReportRow(3, 4, REJECTED, [Reason("unclosed_quote", detail="4")], ['"open']),
]


def written(path: Path, rows: list[ReportRow], kept: int = 0) -> int:
    with ReportFile(path, kept, COLUMNS) as report:
        report.add(rows)
        return report.flush()


def read(path: Path, **options: object) -> list[list[str]]:
    text = "".join(read_report(path, **options))  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_rows_are_written_with_their_reasons(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    written(path, ROWS)
    assert read(path) == [
        [*HEAD, "mobile", "tags"],
        [
            "1",
            "2",
            "not imported",
            "landline:1",
            "mobile “0142685300”: The number is a landline; texts need a mobile number.",
            "0142685300",
            "a",
        ],
        [
            "2",
            "3",
            "imported, with a remark",
            "bad_tag:2 other_numbers:1",
            "tags “b”: A tag cannot "
            "be read; it was left out. mobile “x / y”: There are several numbers; the first that "
            "can get texts was taken.",
            "x / y",
            "b",
        ],
        [
            "3",
            "4",
            "not imported",
            "unclosed_quote",
            "Line 4: A quotation mark is opened and never closed.",
            '"open',
        ],
    ]


@pytest.mark.parametrize(("result", "rows"), [(REJECTED, ["1", "3"]), (REMARK, ["2"])])
def test_one_kind_of_rows_can_be_asked_for(tmp_path: Path, result: str, rows: list[str]) -> None:
    path = tmp_path / "x.csv"
    written(path, ROWS)
    assert [row[0] for row in read(path, result=result)[1:]] == rows


def test_reasons_are_said_in_the_words_of_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    written(path, ROWS)
    said = read(path, words=str.upper)
    assert [row[2] for row in said[1:]] == [
        "NOT IMPORTED",
        "IMPORTED, WITH A REMARK",
        "NOT IMPORTED",
    ]
    assert said[3][4] == "LINE 4: A QUOTATION MARK IS OPENED AND NEVER CLOSED."
    assert [row[5:] for row in said] == [row[5:] for row in read(path)]


def test_what_a_crash_left_behind_the_checkpoint_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    kept = written(path, ROWS[:1])
    with ReportFile(path, kept, COLUMNS) as report:
        report.add(ROWS[1:])
        report.flush()
    written(path, ROWS[2:], kept)
    assert [row[0] for row in read(path)[1:]] == ["1", "3"]


def test_counts_are_by_reason_and_column_and_a_row_counts_once() -> None:
    rows = {
        1: [Reason("bad_tag", 1), Reason("bad_tag", 1)],
        2: [Reason("bad_tag", 1)],
        5: [Reason("too_long", 0)],
    }
    found = count_reasons(REMARK, rows, COLUMNS)
    assert [(one["code"], one["column"], one["rows"], one["first_line"]) for one in found] == [
        ("bad_tag", "tags", 2, 1),
        ("too_long", "mobile", 1, 5),
    ]


def test_the_line_of_a_reason_makes_no_count_of_its_own() -> None:
    rows = {n: [Reason("unclosed_quote", detail=str(n))] for n in range(1, 50)}
    assert [one["rows"] for one in count_reasons(REJECTED, rows, COLUMNS)] == [49]


def test_counts_are_added_and_neither_is_changed() -> None:
    first = count_reasons(REMARK, {7: [Reason("bad_tag", 1)]}, COLUMNS)
    second = count_reasons(REMARK, {9: [Reason("bad_tag", 1)]}, COLUMNS)
    second += count_reasons(REJECTED, {8: [Reason("landline", 0)]}, COLUMNS)
    both = add_counts(first, second)
    assert [(one["result"], one["rows"], one["first_line"]) for one in both] == [
        (REJECTED, 1, 8),
        (REMARK, 2, 7),
    ]
    assert (first[0]["rows"], second[0]["rows"]) == (1, 1)


@pytest.mark.parametrize("code", sorted(reasons.WORDS))
def test_each_code_has_words_for_a_row_and_for_many(code: str) -> None:
    words = row_words(Reason(code, 0), COLUMNS, ["06", ""])
    assert words.startswith("mobile “06”: ")
    assert words.endswith(".")
    assert reasons.reason_words(code, "mobile").startswith("mobile: ")


def test_a_code_of_a_later_version_is_no_trouble() -> None:
    assert "no known reason" in row_words(Reason("from_the_future", 9), COLUMNS, [])
