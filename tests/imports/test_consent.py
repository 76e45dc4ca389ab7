"""Which columns of a file say who may be texted, and what their cells mean."""

from __future__ import annotations

import pytest

from heliograph.imports.consent import (
    ConsentReader,
    Refusal,
    find_consent,
    is_of_unsubscribed,
    left_out,
    merged,
)
from heliograph.imports.consent_words import CONSENT, DO_NOT_CONTACT, read_value

FORBIDS, ALLOWS = DO_NOT_CONTACT, CONSENT


@pytest.mark.parametrize(
    ("column", "cell", "target"),
    [
        ("Accepts SMS Marketing", "no", ALLOWS),
        ("SMS Consent status", "Unsubscribed", ALLOWS),
        ("SMS Consent", "NEVER_SUBSCRIBED", ALLOWS),
        ("SMS Status", "opted_out", ALLOWS),
        ("Opt-in SMS", "non", ALLOWS),
        ("OPT_IN", "1", ALLOWS),
        ("Text opt-in", "Y", ALLOWS),
        ("Consentement SMS", "Oui", ALLOWS),
        ("SMS-Einwilligung", "ja", ALLOWS),
        ("Status", "Unsubscribed", ALLOWS),
        ("Statut", "Désabonné", ALLOWS),
        ("Subscribed", "false", ALLOWS),
        ("Abonné", "oui", ALLOWS),
        ("$consent", "['email', 'sms']", ALLOWS),
        ("HasOptedOut", "TRUE", FORBIDS),
        ("HasOptedOutOfSms__c", "0", FORBIDS),
        ("Do not contact", "1", FORBIDS),
        ("doNotContact", "yes", FORBIDS),
        ("DoNotCall", "false", FORBIDS),
        ("SMS_BLACKLISTED", "true", FORBIDS),
        ("smsBlacklisted", "false", FORBIDS),
        ("unsubscribed_at", "2026-03-04T10:11:12Z", FORBIDS),
        ("UNSUB_TIME", "2026-03-04 10:11:12", FORBIDS),
        ("Opted Out", "Mar 4, 2026", FORBIDS),
        ("OptOut_Date", "20260304T101112", FORBIDS),
        ("Désinscrit(e) des SMS", "x", FORBIDS),
        ("STOP SMS", "X", FORBIDS),
        ("Ne plus contacter", "VRAI", FORBIDS),
        ("Werbesperre", "Nein", FORBIDS),
        ("Unsubscribed", "", FORBIDS),
    ],
)
def test_columns_of_common_exports_are_found_the_right_way_round(
    column: str, cell: str, target: str
) -> None:
    found = find_consent(["Phone", column], [["+33612345678", cell]])
    assert found.mapped == {column: target}
    assert found.open == ()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("First name", "Ada"),
        ("SMS Phone", "+33612345678"),
        ("Status", "enabled"),
        ("State", "NY"),
        ("Subscription", "gold"),
        ("Marketing contact status", "Non-marketing contact"),
        ("OPTIN_TIME", "2024-01-01 10:00:00"),
        ("SMS Consent Timestamp", "2024-01-01"),
        ("Consent source", "checkout"),
        ("Unsubscribe link", "https://example.com/u/1"),
        ("Subscriber ID", "1"),
        ("Stop", "Gare du Nord"),
        ("Notes", "unsubscribed"),
    ],
)
def test_other_columns_are_not_taken_for_consent(column: str, cell: str) -> None:
    found = find_consent(["Phone", column], [["+33612345678", cell]])
    assert (found.mapped, found.open) == ({}, ())


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Accepts Email Marketing", "no"),
        ("HasOptedOutOfEmail", "TRUE"),
        ("Unsubscribed from all email", "true"),
        ("Newsletter", "non"),
        ("UNSUB_REASON", "NORMAL"),
        ("SMS Consent", "ask Bob"),
        ("SMS Consent", ""),
        ("Do not contact", "see the note"),
    ],
)
def test_a_column_that_leaves_it_open_is_for_a_person(column: str, cell: str) -> None:
    found = find_consent(["Phone", column], [["+33612345678", cell]])
    assert (found.mapped, found.open) == ({}, (column,))


def test_a_column_about_texts_settles_those_about_email() -> None:
    columns = ["Accepts Email Marketing", "Phone", "Accepts SMS Marketing", "UNSUB_REASON"]
    found = find_consent(columns, [["no", "+33612345678", "yes", ""]])
    assert (found.mapped, found.open) == ({"Accepts SMS Marketing": ALLOWS}, ())


OUT, IN = True, False


@pytest.mark.parametrize(
    ("cell", "forbids", "allows"),
    [
        ("yes", OUT, IN),
        ("TRUE", OUT, IN),
        ("1", OUT, IN),
        ("1.0", OUT, IN),
        ("x", OUT, IN),
        ("✔", OUT, IN),
        ("Oui", OUT, IN),
        ("ja", OUT, IN),
        ("sí", OUT, IN),
        ("no", IN, OUT),
        ("FALSE", IN, OUT),
        ("0", IN, OUT),
        ("non", IN, OUT),
        ("Nein", IN, OUT),
        ("", IN, OUT),
        ("  ", IN, OUT),
        ("-", IN, OUT),
        ("NULL", IN, OUT),
        ("0000-00-00 00:00:00", IN, OUT),
        ("2026-03-04", OUT, IN),
        ("04/03/2026 10:00", OUT, IN),
        ("1772618400", OUT, IN),
        ("3", OUT, OUT),
        ("Unsubscribed", OUT, OUT),
        ("NEVER_SUBSCRIBED", OUT, OUT),
        ("non-subscribed", OUT, OUT),
        ("Not opted in", OUT, OUT),
        ("pending", OUT, OUT),
        ("cleaned", OUT, OUT),
        ("Désabonnée", OUT, OUT),
        ("Subscribed", IN, IN),
        ("opted_in", IN, IN),
        ("Active", OUT, IN),
        ("email,web", OUT, OUT),
        ("email, sms", OUT, IN),
        ("perhaps", OUT, OUT),
        ("🤷", OUT, OUT),
    ],
)
def test_what_a_cell_means(cell: str, forbids: bool, allows: bool) -> None:
    assert read_value(cell, FORBIDS).out is forbids
    assert read_value(cell, ALLOWS).out is allows


@pytest.mark.parametrize("target", [FORBIDS, ALLOWS])
@pytest.mark.parametrize("cell", ["perhaps", "🤷", "ask Bob", "yes/no", "?!", "Jein"])
def test_what_nobody_can_read_is_no_consent_and_is_said(cell: str, target: str) -> None:
    verdict = read_value(cell, target)
    assert (verdict.out, verdict.clear) == (True, False)


def test_a_row_names_the_cell_that_forbids_texts() -> None:
    reader = ConsentReader(
        ["Phone", "SMS", "DNC"], {"Phone": "mobile", "SMS": ALLOWS, "DNC": FORBIDS}
    )
    assert reader.read(["1", "yes", ""]) is None
    assert reader.read(["1", "yes", "1"]) == Refusal("DNC", "1", clear=True, at=2)
    assert reader.read(["1", "perhaps", ""]) == Refusal("SMS", "perhaps", clear=False, at=1)
    assert reader.read(["1", "perhaps", "1"]) == Refusal("DNC", "1", clear=True, at=2)
    assert reader.read(["1"]) == Refusal("SMS", "", clear=True, at=1)  # a short row


def test_a_reader_without_columns_reads_nothing() -> None:
    assert not ConsentReader(["Phone", "SMS"], {"Phone": "mobile", "SMS": "-"})


def test_in_a_file_of_unsubscribed_people_each_row_refuses() -> None:
    reader = ConsentReader(["Phone", "SMS"], {"Phone": "mobile", "SMS": ALLOWS}, everybody=True)
    assert reader.read(["1", "yes"]) is not None
    assert reader.read(["1", "no"]) == Refusal("SMS", "no", clear=True, at=1)


def test_of_two_rows_the_refusal_wins() -> None:
    clear, unclear = Refusal("a", "no", clear=True), Refusal("a", "?", clear=False)
    assert merged(None, None) is None
    assert merged(None, unclear) is unclear
    assert merged(unclear, None) is unclear
    assert merged(unclear, clear) is clear
    assert merged(clear, unclear) is clear


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unsubscribed_segment_export_8f2.csv", True),
        ("cleaned_members_export_1.csv", True),
        ("Désabonnés SMS.csv", True),
        ("opt-out list.txt", True),
        ("subscribed_segment_export_8f2.csv", False),
        ("customers.csv", False),
    ],
)
def test_a_file_may_say_by_its_name_that_all_in_it_unsubscribed(
    name: str,
    says: bool,
) -> None:
    assert is_of_unsubscribed(name) is says


def test_what_is_left_out_is_known() -> None:
    columns = ["Phone", "SMS Consent", "Unsubscribed"]
    found = find_consent(columns, [["1", "yes", ""]])
    number = {"Phone": "mobile"}
    assert left_out(found, number | {"SMS Consent": ALLOWS, "Unsubscribed": FORBIDS}) == []
    assert left_out(found, number | {"SMS Consent": ALLOWS}) == ["Unsubscribed"]
    assert left_out(found, number) == ["SMS Consent", "Unsubscribed"]
    about_email = find_consent(["Phone", "Accepts Email Marketing", "x"], [["1", "yes", "no"]])
    assert left_out(about_email, number) == ["Accepts Email Marketing"]
    assert left_out(about_email, number | {"x": ALLOWS}) == []
