"""Numbers as cells hold them: two in one, a code beside it, what spreadsheets made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from heliograph.errors import BadInput
from heliograph.imports.numbers import read_cell
from tests.imports.reading import read

ADA = "+33612345601"


@pytest.mark.parametrize(
    "cell",
    [
        *("+33 6 12 34 56 01 ::: +33 1 42 68 53 00", "0612345601 / 0142685300"),
        *("0142685300 / 0612345601", "0612345601;0612345602", "0612345601, 0612345602"),
        *("+33612345601+33612345602", "0612345601 ou 0142685300", "0612345601 | 0142685300"),
        *("0612345601 - 0142685300", "0142685300 or 0612345601", "0612345601 0142685300"),
        *("0612345601\n0142685300", "0612345601/02", "0612345601 & 0142685300"),
    ],
)
def test_of_two_numbers_the_first_that_can_get_texts_is_taken(cell: str) -> None:
    number, several = read_cell(cell, "FR")
    assert (number.e164, several) == (ADA, True)


@pytest.mark.parametrize(
    "cell",
    [
        *("06/12/34/56/01", "06-12-34-56-01", "06.12.34.56.01", "06 12 34 56 01", "tel:0612345601"),
        *("33612345601.0", "33612345601,0", "33612345601.00", "3.3612345601E+10", "'0612345601"),
        *("6.12345601e+08", "+3.3612345601E10", "0033612345601", "(06) 12 34 56 01"),
    ],
)
def test_one_number_in_any_spelling_is_one_number(cell: str) -> None:
    number, several = read_cell(cell, "FR")
    assert (number.e164, several) == (ADA, False)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *(("33612345601.5", "fraction"), ("+33612345601.5", "fraction")),
        *(("33612345601,5", "fraction"), ("0612345601.25", "fraction")),
        *(("3.36E+10", "rounded"), ("3,36E+10", "rounded"), ("3.361234E+10", "rounded")),
        *(("0612345601 ext. 5", "extension"), ("0612345601, ext 12", "extension")),
        *(("0142685300", "landline"), ("0142685300 / 0142685301", "landline")),
        *(("0800-FLOWERS", "letters"), ("Total: 20000", "letters"), ("n/a", "letters")),
        *(
            ("12", "too_short"),
            ("+", "no_digits"),
            ("0912345678901", "number_too_long"),
            ("0012", "not_a_number"),
        ),
        *(("+99912345678", "unknown_country"), ("06123456010612345602", "number_too_long")),
    ],
)
def test_what_is_no_number_is_refused_with_a_code(cell: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_cell(cell, "FR")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "number", "e164"),
    [
        *(("+33", "612345601", ADA), ("33", "0612345601", ADA), ("0033", "6 12 34 56 01", ADA)),
        *(("33.0", "612345601", ADA), ("'+33", "612345601", ADA), ("FR", "0612345601", ADA)),
        *(("44", "7911123456", "+447911123456"), ("1", "(415) 555-2671", "+14155552671")),
        *(("33", "+447911123456", "+447911123456"), ("99", "+33612345601", ADA)),
        *(("", "4155552671", "+14155552671"), ("33", "33612345601", ADA)),
        *(("44", "33612345601.0", None), ("881", "612345678", "+881612345678")),
    ],
)
def test_a_dialling_code_stands_in_front_of_the_number(
    installation: Flask, tmp_path: Path, code: str, number: str, e164: str | None
) -> None:
    others = "+33,612345698\n+33,612345699\n"
    content = f"country_code,phone\n{others}{code},{number}\n"
    found = read(tmp_path, content, region="US")
    assert found.plan.mapping["country_code"] == "dialling_code"
    assert found.numbers == ["+33612345698", "+33612345699", *([e164] if e164 else [])]


def test_an_unknown_dialling_code_rejects_the_row(installation: Flask, tmp_path: Path) -> None:
    content = "country_code,phone\n33,612345601\n44,7911123456\n999,4155552671\n"
    found = read(tmp_path, content, region="US")
    assert found.rejected == {3: "dialling_code"}


def test_the_country_of_the_row_reads_its_number(installation: Flask, tmp_path: Path) -> None:
    content = (
        "mobile,country\n07911 123456,GB\n0612345601,France\n0612345602,\n0612345603,Nowhere\n"
    )
    found = read(tmp_path, content)
    assert found.numbers == ["+447911123456", ADA, "+33612345602", "+33612345603"]
    assert found.all("country") == ["GB", "FR", "FR", "FR"]
    assert found.remarks == {4: ["not_a_country"]}


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_country_that_is_given_is_not_overruled_by_the_one_of_the_number(
    installation: Flask, tmp_path: Path, order: list[int]
) -> None:
    rows = ["+447911123456,FR,Ada", "+447911123456,,Grace"]
    content = "mobile,country,first name\n" + "\n".join(rows[at] for at in order) + "\n"
    assert read(tmp_path, content).all("country") == ["FR"]
