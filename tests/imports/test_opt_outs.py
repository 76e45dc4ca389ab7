"""Consent comes with the people: whom a file does not let be texted is on do-not-contact."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.dnc import (
    ELSEWHERE,
    MANUAL,
    UNSUBSCRIBED,
    Dnc,
    add_dnc,
    find_beneath,
    find_dnc,
    lift_stop,
)
from heliograph.errors import BadInput
from heliograph.imports import Import, create_import, dry_run, get_import, run_import
from heliograph.imports import runner as running
from heliograph.imports.refusals import lift_refusals
from heliograph.imports.undo import begin_undo, undo_import

ANN, BOB, EVE = "+33612345601", "+33612345602", "+33612345603"
Load = Callable[..., Import]


@pytest.fixture
def load(app: Flask, tmp_path: Path) -> Load:
    def call(content: str, name: str = "people.csv", **options: Any) -> Import:
        path = tmp_path / name
        path.write_text(content)
        return run_import(create_import(path, filename=name, region="FR", **options).id)

    return call


def people() -> set[str | None]:
    db.session.rollback()
    return set(db.session.scalars(select(Contact.mobile)))


def listed() -> dict[str, str]:
    db.session.rollback()
    return {one.number: one.comment for one in db.session.scalars(select(Dnc))}


def reasons(number: str) -> list[str]:
    db.session.rollback()
    entry = find_dnc(number)
    beneath = find_beneath([number]).get(number, [])
    return [*([entry.reason] if entry else []), *(one.reason for one in beneath)]


def test_those_who_may_not_be_texted_are_in_and_on_the_list(load: Load) -> None:
    job = load(f"mobile,SMS Consent\n{ANN},yes\n{BOB},no\n{EVE},\n")
    assert (job.created, job.rejected, job.remarked, job.opted_out) == (3, 0, 0, 2)
    assert people() == {ANN, BOB, EVE}
    assert listed() == {
        BOB: "SMS Consent: no (people.csv)",
        EVE: "SMS Consent: (blank) (people.csv)",
    }
    entry = find_dnc(BOB)
    assert entry is not None
    assert (entry.reason, entry.source) == (ELSEWHERE, f"import {job.id}")


def test_what_cannot_be_read_is_no_consent_and_a_remark(load: Load) -> None:
    job = load(f"mobile,SMS Consent\n{ANN},yes\n{BOB},perhaps\n{EVE},no\n")
    assert (job.created, job.remarked, job.opted_out) == (3, 1, 2)
    assert set(listed()) == {BOB, EVE}
    (counted,) = job.reasons
    assert (counted["code"], counted["column"], counted["rows"]) == (
        "unclear_consent",
        "SMS Consent",
        1,
    )
    with Path(job.error_path).open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["mobile"], row["code"]) == (BOB, "unclear_consent:2")


@pytest.mark.parametrize(
    ("batch", "rows"),
    [(1000, ("yes", "no")), (1000, ("no", "yes")), (1000, ("perhaps", "yes")), (1, ("no", "yes"))],
)
def test_of_two_rows_with_one_number_the_refusal_wins(
    load: Load, monkeypatch: pytest.MonkeyPatch, batch: int, rows: tuple[str, str]
) -> None:
    monkeypatch.setattr(running, "BATCH", batch)
    load(f"mobile,SMS Consent\n{ANN},{rows[0]}\n0612345601,{rows[1]}\n", mapping=CONSENT)
    assert people() == {ANN}
    assert reasons(ANN) == [ELSEWHERE]


CONSENT = {"SMS Consent": "consent"}


def test_a_row_that_is_not_taken_counts_when_its_number_can_be_read(load: Load) -> None:
    landline = "+33142685300"
    job = load(f"mobile,Do not contact\n{ANN},0\n0142685300,1\nnonsense,1\n")
    assert (job.created, job.rejected, job.opted_out) == (1, 2, 1)
    assert set(listed()) == {landline}


def test_who_refuses_is_texted_at_none_of_the_numbers_in_the_row(load: Load) -> None:
    job = load(
        f"mobile,phone,SMS Consent\n{ANN},0612345611,yes\n{BOB},0612345612,no\n"
        f"{EVE} / 0612345613,0142685300,no\n"
    )
    assert job.created == 3
    assert set(listed()) == {BOB, "+33612345612", EVE, "+33612345613"}


def test_several_columns_may_say_it_and_one_is_enough(load: Load) -> None:
    job = load(f"mobile,SMS Consent,Unsubscribed\n{ANN},yes,\n{BOB},yes,2026-01-02\n{EVE},no,\n")
    assert set(job.mapping.values()) == {"mobile", "consent", "do_not_contact"}
    assert listed() == {
        BOB: "Unsubscribed: 2026-01-02 (people.csv)",
        EVE: "SMS Consent: no (people.csv)",
    }


def test_a_row_with_a_cell_too_many_may_have_lost_its_refusal(load: Load) -> None:
    content = f"mobile,city,Do not contact\n{ANN},Paris,0\n{BOB},Paris, France,1\n{EVE},Lyon,0\n"
    job = load(content)
    assert job.rejected == 0
    assert set(listed()) == {BOB}


def test_a_row_that_leaves_open_which_cell_is_which_is_not_texted_either(load: Load) -> None:
    content = f"mobile,phone,Do not contact\n{ANN},,0\n{BOB},{EVE},x,0\n"
    job = load(content)
    assert (job.created, job.rejected) == (1, 1)
    assert set(listed()) == {BOB, EVE}


@pytest.mark.parametrize("row", [f'{BOB},"Bob,1', f'"{BOB},Bob,1'])
def test_a_row_that_cannot_be_read_may_refuse(load: Load, row: str) -> None:
    """Bob was here before: that his row is rejected must not let him be texted."""
    load(f"mobile\n{BOB}\n")
    job = load(f"mobile,first name,Do not contact\n{ANN},Ann,0\n{row}\n{EVE},Eve,0\n")
    assert (job.rejected, job.opted_out) == (1, 1)
    assert listed() == {BOB: "(the row cannot be read) (people.csv)"}


def test_a_row_that_cannot_be_read_forbids_nothing_in_a_file_without_consent(load: Load) -> None:
    job = load(f'mobile,first name\n{ANN},Ann\n{BOB},"Bob\n')
    assert (job.rejected, listed()) == (1, {})


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("unsubscribed", "consent"),
        ("Do not contact", "consent"),
        ("Accepts SMS Marketing", "do_not_contact"),
    ],
)
@pytest.mark.parametrize("said", [{}, {"without_consent": True}])
def test_a_column_is_not_read_against_its_name(
    load: Load, column: str, wrong: str, said: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match="mapped the other way round"):
        load(f"mobile,{column}\n{ANN},yes\n{BOB},no\n", mapping={column: wrong}, **said)
    assert people() == set()


def test_a_status_may_be_read_either_way(load: Load) -> None:
    for target in ("do_not_contact", "consent"):
        load(f"mobile,status\n{ANN},unsubscribed\n{BOB},subscribed\n", mapping={"status": target})
        assert set(listed()) == {ANN}


def test_a_whole_file_may_have_unsubscribed(load: Load) -> None:
    job = load(f"mobile,SMS Consent\n{ANN},yes\n{BOB},no\n", all_refuse=True)
    assert (job.created, job.opted_out) == (2, 2)
    assert listed() == {
        ANN: "everybody in the file has unsubscribed (people.csv)",
        BOB: "SMS Consent: no (people.csv)",
    }


def test_a_yes_lifts_nothing(load: Load) -> None:
    add_dnc(ANN, reason=MANUAL)
    load(f"mobile,SMS Consent\n{ANN},yes\n")
    assert reasons(ANN) == [MANUAL]


def test_a_stop_stays_on_top_and_start_lifts_only_that(load: Load) -> None:
    add_dnc(ANN, reason=UNSUBSCRIBED)
    load(f"mobile,SMS Consent\n{ANN},no\n")
    assert reasons(ANN) == [UNSUBSCRIBED, ELSEWHERE]
    lift_stop(ANN)
    assert reasons(ANN) == [ELSEWHERE]


def test_it_is_stored_with_the_contacts_or_not_at_all(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(running, "store_records", fails)
    assert load(f"mobile,SMS Consent\n{ANN},no\n").status == "failed"
    assert (people(), listed()) == (set(), {})


def test_undoing_an_import_lets_nobody_be_texted(load: Load) -> None:
    load(f"mobile,SMS Consent\n{BOB},no\n")
    job = load(f"mobile,SMS Consent\n{ANN},no\n{BOB},no\n{EVE},yes\n")
    begin_undo(job.id)
    undo_import(job.id)
    assert people() == {BOB}
    assert set(listed()) == {ANN, BOB}
    assert lift_refusals(job.id, by="user ann") == 1  # that of Bob came from the import before
    assert set(listed()) == {BOB}


# -- a column that is left out


@pytest.mark.parametrize("column", ["SMS Consent", "Accepts Email Marketing"])
def test_a_column_about_consent_is_not_left_out_silently(
    app: Flask, tmp_path: Path, column: str
) -> None:
    path = tmp_path / "people.csv"
    cell = "ask Bob" if column == "SMS Consent" else "no"
    path.write_text(f"mobile,{column}\n{ANN},{cell}\n")
    with pytest.raises(BadInput, match="may say who must not be texted") as refused:
        create_import(path, filename="people.csv", region="FR")
    assert column in refused.value.message
    assert "--without-consent" in refused.value.message
    assert dry_run(path, region="FR").plan.facts.unread_consent == (column,)
    assert db.session.scalars(select(Import)).all() == []


@pytest.mark.parametrize(
    "meant",
    [
        {"mapping": {"SMS Consent": "-"}},
        {"mapping": {"SMS Consent": "consent"}},
        {"without_consent": True},
        {"all_refuse": True},
    ],
)
def test_it_is_imported_when_somebody_meant_it(load: Load, meant: dict[str, Any]) -> None:
    job = load(f"mobile,SMS Consent\n{ANN},ask Bob\n", **meant)
    assert (job.status, job.created) == ("finished", 1)
    texted = meant.keys() == {"without_consent"} or meant.get("mapping") == {"SMS Consent": "-"}
    assert (find_dnc(ANN) is None) == texted


def test_a_dry_run_counts_whom_nobody_may_text(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"mobile,SMS Consent\n{ANN},yes\n{BOB},no\n{EVE},perhaps\n")
    trial = dry_run(path, region="FR")
    assert (trial.contacts, trial.opted_out, trial.remarked) == (3, 2, 1)
    assert any("without a clear yes" in note for note in trial.notes)
    assert listed() == {}


# -- formulas


def test_rejected_rows_are_no_formulas_and_come_in_again_as_they_were(
    load: Load, tmp_path: Path
) -> None:
    job = load('mobile,first name,=x\n12,"=HYPERLINK(""http://x"")",+33612345678\n')
    text = Path(job.error_path).read_text("utf-8-sig")
    (row,) = csv.DictReader(text.splitlines())
    assert row["first name"] == '\'=HYPERLINK("http://x")'
    assert row["'=x"] == "+33612345678"
    again = text.replace(",12,", f",{ANN},").replace(" 12", "")
    load(again, mapping={"mobile": "mobile", "row": "-", "line": "-", "=x": "-"})
    ann = db.session.scalars(select(Contact)).one()
    assert ann.first_name == '=HYPERLINK("http://x")'


def test_files_of_an_import_are_for_their_owner_alone(load: Load) -> None:
    job = get_import(load(f"mobile\n{ANN}\n12\n").id)
    for path in (job.path, job.error_path):
        assert Path(path).stat().st_mode & 0o077 == 0
