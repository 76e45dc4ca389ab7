"""Files in any encoding, and those pasted together of two."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.imports.reading import read

ADA, GRACE, JOAN = "+33612345601", "+33612345602", "+33612345603"
HEAD = "mobile;prénom\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "iso8859-15"])
def test_a_file_in_one_encoding(installation: Flask, tmp_path: Path, encoding: str) -> None:
    content = f"{HEAD}{ADA};Hélène\n{GRACE};Zoë\n{JOAN};Ada\n".encode(encoding)
    found = read(tmp_path, content)
    assert found.all("first_name") == ["Hélène", "Zoë", "Ada"]
    assert not found.plan.source.mixed


@pytest.mark.parametrize("head", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("usual", ["utf-8", "cp1252"])
def test_each_line_is_read_in_its_own_encoding(
    installation: Flask, tmp_path: Path, head: str, usual: str
) -> None:
    other = "cp1252" if usual == "utf-8" else "utf-8"
    lines = [HEAD.encode(head)]
    for n in range(60):
        encoding = other if n in (7, 59) else usual
        lines.append(f"+3361234{n:04};Hélène\n".encode(encoding))
    found = read(tmp_path, b"".join(lines))
    assert found.all("first_name") == ["Hélène"] * 60
    assert found.plan.source.mixed
    assert (found.rejected, found.remarks) == ({}, {})


def test_a_line_in_another_encoding_far_down_is_read(installation: Flask, tmp_path: Path) -> None:
    rows = b"".join(b"+336%08d;Ad\xc3\xa8le\n" % n for n in range(12_000_000, 12_003_000))
    found = read(tmp_path, HEAD.encode() + rows + "+33699999999;Hélène\n".encode("cp1252"))
    assert found.all("first_name")[-2:] == ["Adèle", "Hélène"]


def test_cyrillic_is_not_taken_for_anything_else(installation: Flask, tmp_path: Path) -> None:
    rows = "".join(f"+3361234{n:04};Екатерина Иванова\n" for n in range(40))
    found = read(tmp_path, ("mobile;first name\n" + rows).encode("cp1251"))
    assert set(found.all("first_name")) == {"Екатерина Иванова"}


def test_what_cannot_be_read_in_any_encoding_is_left_out_with_a_remark(
    installation: Flask, tmp_path: Path
) -> None:
    content = HEAD.encode("cp1252") + f"{ADA};Hél\x81ène\n{GRACE};Zoë\n".encode("latin-1")
    found = read(tmp_path, content)
    assert found.all("first_name") == [None, "Zoë"]
    assert found.remarks == {1: ["unreadable"]}


def test_a_number_with_a_character_that_cannot_be_read_is_rejected(
    installation: Flask, tmp_path: Path
) -> None:
    content = HEAD.encode("cp1252") + f"+33612345\x81601;Hélène\n{GRACE};Zoë\n".encode("latin-1")
    found = read(tmp_path, content)
    assert (found.numbers, found.rejected) == ([GRACE], {1: "unreadable_number"})


@pytest.mark.parametrize("column", ["first name", "city", "shoe", "tags"])
def test_all_values_are_stored_as_nfc(installation: Flask, tmp_path: Path, column: str) -> None:
    found = read(tmp_path, f"mobile,{column}\n{ADA},Rene\u0301\n{GRACE},Zoe\u0308\n{JOAN},Ada\n")
    name = column.replace(" ", "_")
    expected = ["Ren\u00e9", "Zo\u00eb", "Ada"]
    assert found.all(name) == ([[one] for one in expected] if name == "tags" else expected)
