"""The races of `python -m tests.races`, some of them: no call begins long after a STOP."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.races.network import Weather
from tests.races.rounds import Kind, race

RACES = 150
SHORT = Kind("short", Weather(0.3, 1.2, calm=4.0, retry_after=2), connections=8)


def test_after_a_stop_no_call_begins(make_app: Callable[..., Flask]) -> None:
    app = make_app(public_url="https://sms.example.com")
    with app.app_context():
        verdict = race(app, RACES, kinds=[SHORT])
    assert verdict.kept, "\n".join(verdict.lines())
    assert verdict.races >= RACES
    assert verdict.claimed > 10
