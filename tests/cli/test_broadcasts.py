"""`heliograph broadcasts show` tells how a broadcast gets on, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from heliograph.db import utcnow
from heliograph.deliveries.pace import hold_sender

SENDER = "+15005550006"


def test_show_tells_what_is_in_the_way(
    run: Callable[..., Any], crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(3)
    send(limit=1)
    shown = run("broadcasts", "show", str(message.id), "--json")
    assert (shown["status"], shown["open"], shown["in_flight"]) == ("running", 2, 0)
    assert shown["per_second"] > 0
    assert shown["seconds_left"] > 0
    assert (shown["obstacle"], shown["held_sender"]) == ("", None)
    assert "waits for its turn" in shown["oldest_waiting"]["why"]
    until = utcnow() + timedelta(hours=2)
    hold_sender("recorder", SENDER, until, "The daily limit is reached.")
    shown = run("broadcasts", "show", str(message.id), "--json")
    assert shown["obstacle_kind"] == "held"
    assert datetime.fromisoformat(shown["obstacle_until"]) == until
    assert (shown["held_sender"], shown["held_reason"]) == (SENDER, "The daily limit is reached.")
    assert datetime.fromisoformat(shown["held_until"]) == until
    words = run("broadcasts", "show", str(message.id))
    assert f"The sender {SENDER} is held until {until:%Y-%m-%d %H:%M} UTC." in words
    assert "It waits. The sender" in words


def test_show_of_a_finished_one_has_nothing_in_the_way(
    run: Callable[..., Any], crowd: Any, send: Any, desk: Any
) -> None:
    message, _ = crowd(2)
    send()
    shown = run("broadcasts", "show", str(message.id), "--json")
    assert (shown["status"], shown["obstacle"], shown["oldest_waiting"]) == ("finished", "", None)
