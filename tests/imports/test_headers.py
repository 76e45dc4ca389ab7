"""Where the names of the columns stand, and what the cells are separated by."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from heliograph.errors import BadInput
from tests.imports.reading import read

ADA, GRACE = "+33612345601", "+33612345602"
ROWS = f"{ADA},Ada\n{GRACE},Grace\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(f"mobile,first name\n{ROWS}", 1, id="plain"),
        pytest.param(f"Customers 2026-11-30,\nmobile,first name\n{ROWS}", 2, id="title"),
        pytest.param(f"Customers\n\nmobile,first name\n{ROWS}", 3, id="title and a blank line"),
        pytest.param(f"2026-11-30\nmobile,first name\n{ROWS}", 2, id="a date above"),
        pytest.param(f"Our shop,Paris\nExport of,today\nmobile,first name\n{ROWS}", 3, id="two"),
        pytest.param(f"\n\n,,\nmobile,first name\n{ROWS}", 4, id="blank lines above"),
        pytest.param(f"sep=,\nmobile,first name\n{ROWS}", 2, id="sep=,"),
        pytest.param(f"sep=,\nCustomers\nmobile,first name\n{ROWS}", 3, id="sep= and a title"),
        pytest.param(f"who,to whom\nAda,{ADA}\nGrace,{GRACE}\n", 1, id="unknown names"),
        pytest.param(f"Mobile,2024000 sales,20240101\n{ADA},1,2\n{GRACE},2,3\n", 1, id="digits"),
        pytest.param(ROWS, 0, id="none"),
        pytest.param(f"{ADA}\n{GRACE}\n", 0, id="a list of numbers"),
    ],
)
def test_the_line_with_the_names_is_found(
    installation: Flask, tmp_path: Path, content: str, line: int
) -> None:
    found = read(tmp_path, content)
    assert found.plan.source.header_line == line
    assert (found.numbers, found.rejected) == ([ADA, GRACE], {})


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        *(("sep=;\r\n", ";"), ("sep=,\n", ","), ("SEP=|\n", "|"), ("sep=^\n", "^")),
        *(("sep=\t\n", "\t"), ("sep=TAB\n", "\t"), ('"sep=;"\n', ";"), ("\ufeffsep=;\n", ";")),
    ],
)
def test_a_first_line_may_name_the_delimiter(
    installation: Flask, tmp_path: Path, first: str, delimiter: str
) -> None:
    rows = [("mobile", "first name", "note"), (ADA, "Ada", "a b"), (GRACE, "Grace", "c d")]
    found = read(tmp_path, first + "".join(delimiter.join(row) + "\n" for row in rows))
    assert found.plan.source.delimiter == delimiter
    assert found.all("first_name") == ["Ada", "Grace"]


def test_a_first_line_that_names_another_delimiter_than_the_file_has_is_left_out(
    installation: Flask, tmp_path: Path
) -> None:
    found = read(tmp_path, f"sep=,\nmobile;first name\n{ADA};Ada\n{GRACE};Grace\n")
    assert found.all("first_name") == ["Ada", "Grace"]


def test_a_person_may_say_which_line_it_is(installation: Flask, tmp_path: Path) -> None:
    content = f"mobile,first name\nmobil,vorname\n{ROWS}"
    assert read(tmp_path, content).plan.source.columns == ("mobile", "first name")
    found = read(tmp_path, content, header_line=2)
    assert found.plan.source.columns == ("mobil", "vorname")
    assert found.numbers == [ADA, GRACE]
    none = read(tmp_path, content, header_line=0, mapping={"column 1": "mobile"})
    assert none.plan.source.columns == ("column 1", "column 2")
    assert none.rejected == {1: "letters", 2: "letters"}


@pytest.mark.parametrize("line", [2, 99])
def test_a_line_without_names_is_refused(installation: Flask, tmp_path: Path, line: int) -> None:
    with pytest.raises(BadInput, match="header_line") as refused:
        read(tmp_path, f"mobile\n\n{ADA}\n", header_line=line)
    assert refused.value.value == line


def test_a_file_of_one_endless_line_is_refused_before_it_is_read(
    installation: Flask, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="has no lines"):
        read(tmp_path, "mobile," * 50_000)


def test_columns_of_one_name_are_numbered(installation: Flask, tmp_path: Path) -> None:
    found = read(tmp_path, f"mobile,notes,notes,,notes (2)\n{ADA},a,b,c,d\n")
    names = ("mobile", "notes", "notes (2)", "column 4", "notes (2) (2)")
    assert found.plan.source.columns == names
    assert found.numbers == [ADA]


def test_the_second_column_of_one_name_can_be_mapped(installation: Flask, tmp_path: Path) -> None:
    content = f"mobile,notes,notes\n{ADA},a,b\n"
    found = read(tmp_path, content, mapping={"notes (2)": "shoe"})
    assert found.all("shoe") == ["b"]


def test_names_in_a_macs_spelling_are_known(installation: Flask, tmp_path: Path) -> None:
    found = read(tmp_path, f"mobile,Pre\u0301nom\n{ADA},Ada\n")
    assert found.all("first_name") == ["Ada"]
    assert found.plan.source.columns[1] == "Pr\u00e9nom"
