"""A plugin may hold a text back; one that fails to say so holds it back too."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text as sql

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.broadcasts.progress import obstacle_of
from heliograph.db import db, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.vetoes import ASK_AGAIN
from heliograph.host import current_host
from tests.fixtures import a_number, statuses, text_to

Crowd = Callable[..., Any]
Send = Callable[..., Any]
LATER = ASK_AGAIN + timedelta(seconds=30)


@pytest.fixture
def acts(sending: Flask) -> dict[str, Callable[[], Any]]:
    """What a plugin does about the text to a number."""
    current_host().enable("guard")
    found: dict[str, Callable[[], Any]] = sys.modules["heliograph.plugins.guard"].acts
    found.clear()
    return found


def fall() -> None:
    raise RuntimeError("the list is away")


def leave() -> None:
    sys.exit(3)


def break_transaction() -> None:
    db.session.execute(sql("SELECT * FROM no_such_table"))


def break_it_and_hush() -> None:
    with contextlib.suppress(Exception):
        break_transaction()
    raise RuntimeError("the list is away")


@pytest.mark.parametrize("fault", [fall, leave, break_transaction, break_it_and_hush])
def test_a_veto_that_fails_holds_its_text_and_no_other(
    acts: dict[str, Callable[[], Any]], desk: Any, crowd: Crowd, send: Send, fault: Any
) -> None:
    message, _ = crowd(5)
    acts[a_number(1)] = fault
    send()
    assert a_number(1) not in {text.to for text in desk.texts}
    assert statuses(message.id) == {"accepted": 4, "queued": 1}
    held = text_to(1)
    assert held.reason == "veto_failed"
    assert "guard" in held.detail
    assert held.attempts == 0


def test_it_says_why_it_waits(
    acts: dict[str, Callable[[], Any]], desk: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(2)
    acts[a_number(1)] = fall
    send()
    assert "It waits until" in explain(text_to(1))
    assert "The plugin guard" in explain(text_to(1))
    assert "the list is away" in explain(text_to(1))
    with time_machine.travel(utcnow() + ASK_AGAIN / 2):
        obstacle = obstacle_of(get_broadcast(message.id))
    assert obstacle is not None
    assert obstacle.kind == "veto"
    assert "guard" in obstacle.words


def test_it_goes_when_the_plugin_lets_it_go(
    acts: dict[str, Callable[[], Any]], desk: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(2)
    acts[a_number(1)] = fall
    send()
    with time_machine.travel(utcnow() + LATER, tick=True):
        send()
        assert statuses(message.id) == {"accepted": 1, "queued": 1}
    acts.clear()
    with time_machine.travel(utcnow() + 2 * LATER, tick=True):
        send()
    assert statuses(message.id) == {"accepted": 2}
    assert [text.to for text in desk.texts].count(a_number(1)) == 1


def test_it_goes_when_the_plugin_is_switched_off(
    acts: dict[str, Callable[[], Any]], desk: Any, crowd: Crowd, send: Send
) -> None:
    message, _ = crowd(2)
    acts[a_number(1)] = fall
    send()
    current_host().disable("guard")
    with time_machine.travel(utcnow() + LATER, tick=True):
        send()
    assert statuses(message.id) == {"accepted": 2}


@pytest.mark.parametrize(
    ("answer", "words"), [("on the blacklist", "on the blacklist"), (True, "True"), (7, "7")]
)
def test_whatever_it_answers_is_a_veto_for_good(
    acts: dict[str, Callable[[], Any]],
    desk: Any,
    crowd: Crowd,
    send: Send,
    answer: Any,
    words: str,
) -> None:
    message, _ = crowd(2)
    acts[a_number(1)] = lambda: answer
    send()
    assert statuses(message.id) == {"accepted": 1, "skipped": 1}
    assert (text_to(1).reason, text_to(1).detail) == ("vetoed", words)


@pytest.mark.parametrize("nothing", [None, "", False])
def test_nothing_is_no_veto(
    acts: dict[str, Callable[[], Any]], desk: Any, crowd: Crowd, send: Send, nothing: Any
) -> None:
    message, _ = crowd(2)
    acts[a_number(1)] = lambda: nothing
    send()
    assert statuses(message.id) == {"accepted": 2}


@pytest.mark.parametrize("odd", ["no", ["no"], 7, True])
def test_an_answer_that_names_no_texts_is_a_failure(
    acts: dict[str, Callable[[], Any]],
    desk: Any,
    crowd: Crowd,
    send: Send,
    odd: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules["heliograph.plugins.guard"], "answer", lambda _: odd)
    message, _ = crowd(2)
    send()
    assert statuses(message.id) == {"queued": 2}
    assert "not a Mapping" in text_to(0).detail


def test_a_claim_asks_once_about_all_its_texts(
    acts: dict[str, Callable[[], Any]],
    desk: Any,
    crowd: Crowd,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []
    guard = sys.modules["heliograph.plugins.guard"]
    monkeypatch.setattr(guard, "answer", lambda texts: asked.append([one.to for one in texts]))
    message, _ = crowd(5)
    send()
    assert statuses(message.id) == {"accepted": 5}
    assert asked == [[a_number(person) for person in range(5)]]
