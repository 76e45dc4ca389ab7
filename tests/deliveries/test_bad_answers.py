"""Providers that answer nonsense or lie about ids: their text tells, the rest goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from heliograph.channel import Failure, FailureKind, Sent
from heliograph.db import db
from heliograph.deliveries import outcomes
from heliograph.deliveries.models import Delivery
from tests.fixtures import a_number, statuses, text_to

Crowd = Callable[..., Any]
Send = Callable[..., Any]
TEXTS, GOOD = 4, 3  # a good one first, and some after the odd ones


def acts(answers: list[Callable[[], Any]]) -> dict[str, Callable[[Any], Any]]:
    """What the plodder answers to the people from number 1 on."""
    return {
        a_number(odd): lambda _, answer=answer: answer() for odd, answer in enumerate(answers, 1)
    }


async def late_answer() -> Sent:
    return Sent("from a coroutine")


LIES: list[tuple[Callable[[], Any], str]] = [
    (lambda: None, "not None"),
    (lambda: "sure, sent", "sure, sent"),
    (lambda: (yes for yes in ["sent"]), "generator"),
    (lambda: Sent(""), "not with ''"),
    (lambda: Sent("  "), "not with '  '"),
    (lambda: Sent(12345), "not with 12345"),  # type: ignore[arg-type]
    (lambda: Sent(None), "not with None"),  # type: ignore[arg-type]
    (lambda: "x" * 5_000_000, "xxxx"),
]


def test_an_answer_that_says_nothing_is_told_as_it_is(
    plodder: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(len(LIES) + GOOD)
    plodder.acts = acts([lie for lie, _ in LIES])
    send()
    assert statuses(message.id) == {"accepted": GOOD, "unknown": len(LIES)}
    for odd, (_, words) in enumerate(LIES, 1):
        assert words in text_to(odd).detail
        assert len(text_to(odd).detail) < 600


TAKEN: list[tuple[Callable[[], Any], str, str]] = [
    (late_answer, "from a coroutine", "accepted"),
    (lambda: Sent("x" * 255), "x" * 255, "accepted"),
    (lambda: Sent("1", parts="many", price="free", currency=None), "1", "accepted"),  # type: ignore[arg-type]
    (lambda: Sent("2", parts=10**9, price=Decimal("NaN"), currency="\x00\x00"), "2", "accepted"),
    (lambda: Sent("3", parts=-1, price=Decimal("1e30"), status="sent"), "3", "sent"),  # type: ignore[arg-type]
    (lambda: Sent("4", parts=1, price=Decimal(-1), status=7), "4", "accepted"),  # type: ignore[arg-type]
]


def test_of_an_odd_answer_the_id_counts_and_nonsense_is_left_out(
    plodder: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(len(TAKEN) + GOOD)
    plodder.acts = acts([act for act, *_ in TAKEN])
    send()
    assert sum(statuses(message.id).values()) == len(TAKEN) + GOOD
    for odd, (_, provider_id, status) in enumerate(TAKEN, 1):
        kept = text_to(odd)
        assert (kept.provider_id, kept.status, kept.price, kept.parts) == (
            provider_id,
            status,
            None,
            1,
        )


def test_one_id_for_all_is_kept_for_the_first_and_told_of_the_others(
    plodder: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(20)
    plodder.always = lambda text: plodder.take(text) and Sent("same")
    send()
    assert statuses(message.id) == {"accepted": 20}
    rows = db.session.scalars(db.select(Delivery)).all()
    assert Counter(kept.provider_id for kept in rows) == {"same": 1, None: 19}
    told = [kept for kept in rows if "which it has given to another text" in kept.detail]
    assert len(told) == 19
    assert len(plodder.texts) == 20


def test_a_record_that_fails_for_one_is_made_for_all_others(
    desk: Any, crowd: Crowd, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_of, stumbled = outcomes.sent_row, []

    def stumble(item: Any, answer: Sent, now: Any) -> Any:
        if text_to(1).id == item.delivery_id and len(stumbled) < 2:
            stumbled.append(item)
            raise ZeroDivisionError
        return row_of(item, answer, now)

    message, _ = crowd(TEXTS)
    monkeypatch.setattr(outcomes, "sent_row", stumble)
    monkeypatch.setattr("heliograph.deliveries.claim.LEASE", 3.0)
    monkeypatch.setattr("heliograph.deliveries.courier.LEASE", 3.0)
    send()
    assert statuses(message.id) == {"accepted": TEXTS}
    assert len(stumbled) == 2
    assert len(desk.texts) == TEXTS


def test_long_ids_that_differ_at_their_end_stay_two(plodder: Any, crowd: Crowd, send: Send) -> None:
    message, _ = crowd(4)
    ends = iter(("1", "2", "\x00", "\ud800"))
    plodder.always = lambda text: plodder.take(text) and Sent("x" * 10_000 + next(ends))
    send()
    assert statuses(message.id) == {"accepted": 4}
    kept = [text_to(number) for number in range(4)]
    assert len({one.provider_id for one in kept}) == 4
    assert all(len(one.provider_id) == 255 for one in kept)
    assert {one.detail for one in kept} == {""}


def test_codes_that_differ_behind_their_sixteenth_character_stay_two(
    plodder: Any, crowd: Crowd, send: Send
) -> None:
    codes = ["recipient_blacklisted", "recipient_blackhole", "e" * 500 + "1", "e" * 500 + "2"]

    def refuse(code: str) -> Callable[[], Any]:
        def act() -> Any:
            raise Failure(FailureKind.UNREACHABLE, "No.", code=code)

        return act

    crowd(5)
    plodder.acts = acts([refuse(code) for code in codes])
    send()
    kept = [text_to(number).error_code for number in range(1, 5)]
    assert kept[:2] == codes[:2]
    assert len(set(kept)) == 4
