"""Rows as people's files have them: ragged, carelessly quoted, with odd cells."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from flask import Flask

from heliograph.imports.rows import MAX_CELL
from tests.imports.reading import read

ADA, GRACE, JOAN = "+33612345601", "+33612345602", "+33612345603"


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        pytest.param(
            f"mobile,first name\n{ADA},Ada,\n{GRACE},Grace,\n", [ADA, GRACE], id="comma at the end"
        ),
        pytest.param(
            f"mobile,first name,note\n{ADA},A,x\n{GRACE},B\n{JOAN}\n",
            [ADA, GRACE, JOAN],
            id="blank cells left out",
        ),
        pytest.param(
            f"mobile,first name\n{ADA},A,,,,\n\n,,\n{GRACE},B\n",
            [ADA, GRACE],
            id="blank lines and many commas",
        ),
        pytest.param(f"mobile\r\n{ADA}\r\n{GRACE}\r\n", [ADA, GRACE], id="Windows"),
        pytest.param(f"mobile\r{ADA}\r{GRACE}\r", [ADA, GRACE], id="old Mac"),
        pytest.param(f"mobile,note\n{ADA},x\n{GRACE},y", [ADA, GRACE], id="no newline at the end"),
        pytest.param(f"mobile\n{ADA}\n\n\n{GRACE}\n", [ADA, GRACE], id="blank lines"),
        pytest.param(
            f'"mobile", "first name"\n"{ADA}", "A, L"\n"{GRACE}", "B"\n',
            [ADA, GRACE],
            id="blank before the quote",
        ),
        pytest.param(
            f'"mobile" ,"first name"\n"{ADA}" ,"A"\n"{GRACE}" ,"B"\n',
            [ADA, GRACE],
            id="blank behind the quote",
        ),
        pytest.param(
            f"'mobile';'first name'\n'{ADA}';'A; L'\n'{GRACE}';'B'\n",
            [ADA, GRACE],
            id="single quotes",
        ),
        pytest.param(f'mobile,first name\n{ADA},12" TV\n{GRACE},B\n', [ADA, GRACE], id="inches"),
        pytest.param(
            f'mobile,first name\n{ADA},"the "big" one"\n{GRACE},B\n',
            [ADA, GRACE],
            id="quotes within quotes",
        ),
        pytest.param(
            f'mobile,note\n{ADA},"two\nlines"\n{GRACE},"three\n\nlines"\n',
            [ADA, GRACE],
            id="lines in cells",
        ),
        pytest.param(
            f'"mobile,first name"\n"{ADA},""A, L"""\n"{GRACE},B"\n',
            [ADA, GRACE],
            id="whole lines in quotes",
        ),
        pytest.param(f"mobile|first name\n{ADA}|A\n{GRACE}|B\n", [ADA, GRACE], id="bars"),
        pytest.param(f"mobile\tfirst name\n{ADA}\tA, L\n{GRACE}\tB; C\n", [ADA, GRACE], id="tabs"),
        pytest.param(
            f"mobile;price\n{ADA};1,5\n{GRACE};2,5\n",
            [ADA, GRACE],
            id="decimal commas between semicolons",
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_every_row_with_a_number_is_taken(
    installation: Flask, tmp_path: Path, content: str, numbers: list[str], size: int
) -> None:
    found = read(tmp_path, content, size=size)
    assert (found.numbers, found.rejected) == (numbers, {})


def test_a_row_without_a_readable_number_costs_itself_alone(
    installation: Flask, tmp_path: Path
) -> None:
    rows = "".join(f"+336{12_000_000 + n},P{n}\n" for n in range(300))
    found = read(tmp_path, f"mobile,first name\n{rows}Total: 300\n", size=100)
    assert len(found.people) == 300
    assert found.rejected == {301: "letters"}


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_batch_without_a_readable_row_is_no_trouble(
    installation: Flask, tmp_path: Path, size: int
) -> None:
    found = read(tmp_path, 'mobile,note\n"x\n"y\n"z\n', size=size)
    assert found.people == []
    assert set(found.rejected.values()) == {"unclosed_quote"}


@pytest.mark.parametrize(
    ("row", "person"),
    [
        # broken behind the number: what stands before it is right
        ("Ada,{},Smith, Sons,Paris", {"first_name": "Ada"}),
        # broken before it: counted from the end all is right
        ("Ada, Countess,{},Smith,Paris", {"company": "Smith", "city": "Paris"}),
        ("Ada,{},Smith,Paris,called on Monday", {"first_name": "Ada"}),
    ],
)
def test_a_row_with_too_many_cells_keeps_what_is_sure(
    installation: Flask, tmp_path: Path, row: str, person: dict[str, str]
) -> None:
    content = "first name,mobile,company,city\n" + row.format(ADA) + f"\nGrace,{GRACE},X,Y\n"
    found = read(tmp_path, content)
    known = {"mobile": ADA, "country": "FR"}
    assert found.people[0] == known | person
    assert found.people[1]["city"] == "Y"
    assert (found.rejected, found.remarks) == ({}, {1: ["extra_cells"]})


@pytest.mark.parametrize("row", ["Ada,{},Smith,Paris,{}", "Ada, L,A,M,B,{},C", "Ada,x,y,z,v"])
def test_a_row_in_which_the_number_could_be_another_is_rejected(
    installation: Flask, tmp_path: Path, row: str
) -> None:
    cells = row.replace("{}", ADA, 1).replace("{}", GRACE, 1)
    found = read(tmp_path, f"first name,mobile,company,city\n{cells}\nJoan,{JOAN},X,Y\n")
    assert (found.numbers, found.rejected) == ([JOAN], {1: "too_many_cells"})


def test_a_huge_cell_that_texting_does_not_need_costs_no_row(
    installation: Flask, tmp_path: Path
) -> None:
    huge = "x" * (3 * MAX_CELL)
    content = f'mobile,first name,note\n{ADA},"{huge}",n\n{GRACE},Grace,{huge}\n{JOAN},Joan,n\n'
    found = read(tmp_path, content)
    assert found.numbers == [ADA, GRACE, JOAN]
    assert (found.rejected, found.remarks) == ({}, {1: ["too_long"]})
    assert csv.field_size_limit() == MAX_CELL


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(f"{GRACE},Grace\n{JOAN},Joan\n", id="nothing quoted behind it"),
        pytest.param(f'{GRACE},"Grace"\n{JOAN},"Joan"\n', id="quotes behind it"),
        pytest.param(f'{GRACE},Grace\n{JOAN},Joan"\n', id="a quote that seems to close it"),
        pytest.param(f'{GRACE},""\n{JOAN},""\n', id="blank cells in quotes"),
    ],
)
def test_a_quote_that_is_never_closed_costs_its_own_row(
    installation: Flask, tmp_path: Path, behind: str, size: int
) -> None:
    found = read(tmp_path, f'mobile,first name\n{ADA},"Ada\n{behind}', size=size)
    assert found.numbers == [GRACE, JOAN]
    assert found.rejected == {1: "unclosed_quote"}
    assert found.lines[1] == 2


def test_a_quote_that_is_never_closed_in_a_long_file_costs_its_own_row(
    installation: Flask, tmp_path: Path
) -> None:
    rows = [f"+336{12_000_000 + n},P{n}" for n in range(12_000)]
    rows[4_990] = '+33699999999,"open'
    found = read(tmp_path, "mobile,first name\n" + "\n".join(rows) + "\n", size=7_000)
    assert len(found.people) == 11_999
    assert (found.rejected, found.lines[4_991]) == ({4_991: "unclosed_quote"}, 4_992)


def test_a_cell_of_many_lines_may_cross_a_block(installation: Flask, tmp_path: Path) -> None:
    rows = [f"+336{12_000_000 + n},x" for n in range(6_000)]
    rows[4_998] = '+33612004998,"{}"'.format("\n".join(["line"] * 300))
    found = read(tmp_path, "mobile,note\n" + "\n".join(rows) + "\n", size=10_000)
    assert (len(found.people), found.rejected) == (6_000, {})


@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_reading_goes_on_behind_any_row(installation: Flask, tmp_path: Path, after: int) -> None:
    from heliograph.imports.rows import read_batches  # noqa: PLC0415
    from heliograph.imports.source import inspect_file  # noqa: PLC0415

    path = tmp_path / "x.csv"
    rows = [f"+3361234560{n},x" for n in range(8)]
    rows[2] = '+33612345602,"open'
    path.write_text("mobile,note\n" + "\n\n".join(rows) + "\n")
    source = inspect_file(path)
    whole = [cells for batch in read_batches(source, 100) for cells in batch.rows]
    rest = [cells for batch in read_batches(source, 2, after=after) for cells in batch.rows]
    assert rest == whole[after:]
