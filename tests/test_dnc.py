"""Do-not-contact: a STOP on top of what is there, and only a START takes it away."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from psycopg.errors import DeadlockDetected
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from heliograph.channel import FailureKind
from heliograph.contacts import add_contact, edit_contact, merge_contacts
from heliograph.db import db, transaction
from heliograph.deliveries.consequences import Failed, mark_numbers
from heliograph.dnc import (
    BOUNCED,
    ELSEWHERE,
    MANUAL,
    UNSUBSCRIBED,
    Dnc,
    DncBeneath,
    DncChange,
    add_dnc,
    blocked,
    find_beneath,
    find_dnc,
    lift_dnc,
    lift_stop,
)
from heliograph.dnc_many import NewEntry, add_entries, add_many, lift_many
from heliograph.dnc_sources import lift_of_source
from heliograph.signals import SignalRow

ANN, BOB = "+33612000000", "+33612000001"


def listed(number: str = ANN) -> list[str]:
    """The reason shown, then those beneath it, the earliest first."""
    db.session.expire_all()
    entry = find_dnc(number)
    beneath = [one.reason for one in find_beneath([number]).get(number, [])]
    assert entry or not beneath, "nothing is shown, so nothing holds"
    return [*([entry.reason] if entry else []), *beneath]


def history(number: str = ANN) -> list[tuple[str, str]]:
    query = select(DncChange).where(DncChange.number == number).order_by(DncChange.id)
    return [(one.change, one.reason) for one in db.session.scalars(query)]


def signals(number: str = ANN) -> list[int | None]:
    query = select(SignalRow.ref_id).where(SignalRow.number == number, SignalRow.kind == "dnc")
    return list(db.session.scalars(query.order_by(SignalRow.id)))


def stop(number: str = ANN) -> bool:
    return add_dnc(number, reason=UNSUBSCRIBED, comment="Replied 'STOP'", source="reply 1")


@pytest.mark.parametrize("earlier", [MANUAL, BOUNCED])
def test_a_stop_comes_on_top_and_a_start_brings_the_earlier_entry_back(
    app: Flask, earlier: str
) -> None:
    add_dnc(ANN, reason=earlier, comment="why", source="user ann")
    before = find_dnc(ANN)
    assert before is not None
    since = before.created_at
    assert stop()
    assert listed() == [UNSUBSCRIBED, earlier]
    shown = find_dnc(ANN)
    assert shown is not None
    assert (shown.comment, shown.source) == ("Replied 'STOP'", "reply 1")
    assert lift_stop(ANN, source="reply 2")
    again = find_dnc(ANN)
    assert again is not None
    facts = (again.reason, again.comment, again.source, again.created_at)
    assert facts == (earlier, "why", "user ann", since)
    assert listed() == [earlier]
    assert history() == [("on", earlier), ("on", UNSUBSCRIBED), ("off", UNSUBSCRIBED)]


def test_each_change_has_its_row_and_its_signal(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    stop()
    lift_dnc(ANN)
    lift_stop(ANN)
    assert history() == [
        ("on", MANUAL),
        ("on", UNSUBSCRIBED),
        ("off", MANUAL),
        ("off", UNSUBSCRIBED),
    ]
    assert signals() == list(db.session.scalars(select(DncChange.id).order_by(DncChange.id)))


def elsewhere(number: str = ANN, source: str = "import 7") -> list[NewEntry]:
    return add_entries([NewEntry(number, ELSEWHERE, "SMS Consent: no", source)])


def test_who_unsubscribed_elsewhere_lies_below_a_stop_and_above_all_else(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL, comment="by phone")
    assert elsewhere()
    assert listed() == [ELSEWHERE, MANUAL]
    stop()
    assert listed() == [UNSUBSCRIBED, MANUAL, ELSEWHERE]
    assert elsewhere() == []
    lift_stop(ANN)
    assert listed() == [ELSEWHERE, MANUAL]  # START lifts the STOP alone
    shown = find_dnc(ANN)
    assert shown is not None
    assert (shown.comment, shown.source) == ("SMS Consent: no", "import 7")
    add_dnc(ANN, reason=BOUNCED)
    assert listed()[0] == ELSEWHERE


def test_a_campaign_lifts_no_wish_of_the_person_and_a_person_lifts_it(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    elsewhere()
    elsewhere(BOB)
    assert lift_many([ANN, BOB]) == [ANN]
    assert (listed(), listed(BOB)) == ([ELSEWHERE], [ELSEWHERE])
    assert lift_dnc(ANN)
    assert listed() == []


def test_what_one_import_put_on_the_list_can_be_lifted_alone(app: Flask) -> None:
    eve = "+33612000002"
    add_dnc(ANN, reason=MANUAL)
    elsewhere()
    elsewhere(BOB, source="import 8")
    elsewhere(eve)
    stop(eve)
    assert lift_of_source("import 7", comment="a wrong file", by="user ann") == 2
    assert [listed(one) for one in (ANN, BOB, eve)] == [[MANUAL], [ELSEWHERE], [UNSUBSCRIBED]]
    assert history(eve) == [("on", ELSEWHERE), ("on", UNSUBSCRIBED), ("off", ELSEWHERE)]
    assert lift_of_source("import 7", comment="", by="user ann") == 0


def test_entries_of_a_list_keep_their_own_reason_date_and_comment(app: Flask) -> None:
    since = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)
    entries = [
        NewEntry(ANN, UNSUBSCRIBED, "Replied 'STOP'", "reply 1", since),
        NewEntry(ANN, MANUAL, "by phone", "user ann"),
        NewEntry(BOB, BOUNCED, "no such phone", "provider", since),
        NewEntry(BOB, BOUNCED, "again", "provider"),
    ]
    assert add_entries(entries) == [entries[2], entries[1], entries[0]]
    assert (listed(), listed(BOB)) == ([UNSUBSCRIBED, MANUAL], [BOUNCED])
    for number, comment in ((ANN, "Replied 'STOP'"), (BOB, "no such phone")):
        shown = find_dnc(number)
        assert shown is not None
        assert (shown.created_at, shown.comment) == (since, comment)
    assert len(signals()) == 2


def test_the_same_reason_twice_changes_nothing(app: Flask) -> None:
    assert add_dnc(ANN, reason=MANUAL, comment="first")
    assert not add_dnc(ANN, reason=MANUAL, comment="second")
    assert stop()
    assert not stop()
    assert not add_dnc(ANN, reason=MANUAL)
    assert history() == [("on", MANUAL), ("on", UNSUBSCRIBED)]
    assert find_beneath([ANN])[ANN][0].comment == "first"


def test_who_is_put_on_the_list_while_a_stop_stands_stays_after_a_start(app: Flask) -> None:
    stop()
    assert add_dnc(ANN, reason=MANUAL, comment="asked by phone")
    assert listed() == [UNSUBSCRIBED, MANUAL]
    lift_stop(ANN)
    assert listed() == [MANUAL]
    assert blocked([ANN, BOB]) == {ANN}


def test_removing_by_hand_never_lifts_a_stop(app: Flask) -> None:
    stop()
    assert not lift_dnc(ANN)
    assert listed() == [UNSUBSCRIBED]
    add_dnc(ANN, reason=MANUAL)
    add_dnc(ANN, reason=BOUNCED)
    assert lift_dnc(ANN, comment="came back")
    assert listed() == [UNSUBSCRIBED]
    assert lift_stop(ANN)
    assert listed() == []


def test_removing_by_hand_lifts_all_that_is_no_stop(app: Flask) -> None:
    add_dnc(ANN, reason=BOUNCED)
    add_dnc(ANN, reason=MANUAL)
    assert listed() == [BOUNCED, MANUAL]
    assert lift_dnc(ANN)
    assert listed() == []
    assert not lift_dnc(ANN)
    assert not lift_stop(ANN)


def test_a_start_lifts_nothing_that_is_no_stop(app: Flask) -> None:
    add_dnc(ANN, reason=BOUNCED)
    assert not lift_stop(ANN)
    assert listed() == [BOUNCED]


def test_many_at_once_keep_the_same_rules(app: Flask) -> None:
    stop(ANN)
    add_dnc(BOB, reason=BOUNCED)
    eve = "+33612000002"
    assert add_many([eve, BOB, ANN, ANN], reason=MANUAL) == [ANN, BOB, eve]
    assert add_many([eve, BOB, ANN], reason=MANUAL) == []
    assert [listed(one) for one in (ANN, BOB, eve)] == [
        [UNSUBSCRIBED, MANUAL],
        [BOUNCED, MANUAL],
        [MANUAL],
    ]
    assert add_many([BOB, eve], reason=UNSUBSCRIBED) == [BOB, eve]
    assert listed(BOB) == [UNSUBSCRIBED, BOUNCED, MANUAL]
    assert lift_many([ANN, BOB, eve, "+33612000009"]) == [ANN, BOB, eve]
    assert [listed(one) for one in (ANN, BOB, eve)] == [[UNSUBSCRIBED]] * 3
    assert history(ANN) == [("on", UNSUBSCRIBED), ("on", MANUAL), ("off", MANUAL)]
    assert len(signals(ANN)) == 3


def test_the_providers_word_that_somebody_opted_out_is_a_stop(app: Flask) -> None:
    add_dnc(ANN, reason=MANUAL)
    with transaction():
        mark_numbers([Failed(ANN, "x", "y", FailureKind.OPTED_OUT, code="21610")])
    assert listed() == [UNSUBSCRIBED, MANUAL]


def test_a_merge_carries_the_stop_and_what_lies_beneath(app: Flask) -> None:
    winner = add_contact({"mobile": ANN}, region="FR")
    loser = add_contact({"mobile": BOB}, region="FR")
    add_dnc(ANN, reason=BOUNCED)
    add_dnc(BOB, reason=MANUAL)
    stop(BOB)
    merge_contacts(winner.id, loser.id)
    assert listed(ANN) == [UNSUBSCRIBED, BOUNCED, MANUAL]
    assert listed(BOB) == [UNSUBSCRIBED, MANUAL]


def test_a_contact_with_a_new_number_keeps_its_stop(app: Flask) -> None:
    contact = add_contact({"mobile": ANN}, region="FR")
    add_dnc(BOB, reason=MANUAL)
    stop(ANN)
    edit_contact(contact.id, {"mobile": BOB}, region="FR")
    assert listed(BOB) == [UNSUBSCRIBED, MANUAL]
    assert listed(ANN) == [UNSUBSCRIBED]


Act = Callable[[], Any]

TOGETHER: list[tuple[str, list[Act], Act, Act, list[str]]] = [
    ("a STOP beside a START", [stop], lambda: lift_stop(ANN), stop, [UNSUBSCRIBED]),
    (
        "a STOP beside a removal by hand",
        [lambda: add_dnc(ANN, reason=MANUAL)],
        lambda: lift_dnc(ANN),
        stop,
        [UNSUBSCRIBED],
    ),
    ("a removal by hand beside a STOP", [], stop, lambda: lift_dnc(ANN), [UNSUBSCRIBED]),
    (
        "many removed beside a STOP",
        [lambda: add_dnc(ANN, reason=MANUAL)],
        stop,
        lambda: lift_many([ANN]),
        [UNSUBSCRIBED],
    ),
    (
        "an entry by hand beside a START",
        [stop],
        lambda: lift_stop(ANN),
        lambda: add_dnc(ANN, reason=MANUAL),
        [MANUAL],
    ),
    (
        "many entries beside a START",
        [stop],
        lambda: lift_stop(ANN),
        lambda: add_many([ANN], reason=MANUAL),
        [MANUAL],
    ),
    (
        "a removal by hand beside a STOP on top",
        [lambda: add_dnc(ANN, reason=MANUAL)],
        stop,
        lambda: lift_dnc(ANN),
        [UNSUBSCRIBED],
    ),
    (
        "a START beside an entry by hand",
        [stop],
        lambda: add_dnc(ANN, reason=MANUAL),
        lambda: lift_stop(ANN),
        [MANUAL],
    ),
    (
        "a START beside many entries",
        [stop],
        lambda: add_many([ANN], reason=MANUAL),
        lambda: lift_stop(ANN),
        [MANUAL],
    ),
    ("two STOPs", [], stop, stop, [UNSUBSCRIBED]),
    ("two STOPs on top", [lambda: add_dnc(ANN, reason=MANUAL)], stop, stop, [UNSUBSCRIBED, MANUAL]),
]


@pytest.mark.parametrize(
    ("before", "first", "second", "after"),
    [case[1:] for case in TOGETHER],
    ids=[case[0] for case in TOGETHER],
)
def test_what_comes_while_another_change_is_not_committed_yet_is_not_lost(
    app: Flask, before: list[Act], first: Act, second: Act, after: list[str]
) -> None:
    for act in before:
        act()
    begun, go_on = Event(), Event()

    def one() -> None:
        with app.app_context(), transaction():
            first()
            begun.set()
            go_on.wait(1)  # the other has run into it by then, or waits for its turn

    def other() -> None:
        with app.app_context():
            assert begun.wait(20)
            second()

    threads = [Thread(target=one), Thread(target=other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert listed() == after
    # each change was noted once, and none that did not happen
    assert replayed(history()) == set(after)


def replayed(changes: list[tuple[str, str]]) -> set[str]:
    reasons: set[str] = set()
    for change, reason in changes:
        assert (reason in reasons) == (change == "off"), changes
        (reasons.add if change == "on" else reasons.discard)(reason)
    return reasons


def test_in_any_crowd_the_list_is_what_its_history_says(app: Flask) -> None:
    numbers = [ANN, BOB, "+33612000002"]

    def play(seed: int) -> None:
        draw = random.Random(seed)
        with app.app_context():
            for _ in range(25):
                number, reason = draw.choice(numbers), draw.choice([MANUAL, BOUNCED, ELSEWHERE])
                acts: list[Act] = [
                    lambda number=number: stop(number),  # type: ignore[misc]
                    lambda number=number: lift_stop(number),  # type: ignore[misc]
                    lambda number=number: lift_dnc(number),  # type: ignore[misc]
                    lambda n=number, r=reason: add_dnc(n, reason=r),  # type: ignore[misc]
                    lambda r=reason: add_many(numbers, reason=r),  # type: ignore[misc]
                    lambda: lift_many(numbers),
                    lambda: lift_of_source("", comment="", by="test"),
                ]
                try:
                    draw.choice(acts)()
                except OperationalError as error:  # nothing of it is stored, then
                    if not isinstance(error.orig, DeadlockDetected):
                        raise

    threads = [Thread(target=play, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    for number in numbers:
        assert replayed(history(number)) == set(listed(number))
        assert UNSUBSCRIBED not in listed(number)[1:]
        assert ELSEWHERE not in listed(number)[1:] or listed(number)[0] == UNSUBSCRIBED
    for model in (Dnc, DncBeneath):
        assert {one.number for one in db.session.scalars(select(model))} <= set(numbers)
    assert len(list(db.session.scalars(select(SignalRow.id)))) == len(
        list(db.session.scalars(select(DncChange.id)))
    )
