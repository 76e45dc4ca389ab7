"""Texts that were never reported on: their provider is asked, seldom and not for ever."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph.channel import Failure, FailureKind, Status, StatusReport
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.reconcile import PATIENCE, silent_providers
from tests.fixtures import statuses

Send = Callable[..., list[Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, sending: Flask) -> list[str]:
    """Ids the recorder was asked about; it says delivered, but of the last it knows nothing."""
    asked: list[str] = []

    async def status(_provider: Any, provider_id: str) -> StatusReport:
        asked.append(provider_id)
        if provider_id.endswith("lost"):
            raise Failure(FailureKind.UNKNOWN_OUTCOME, "Never heard of it.")
        if provider_id.endswith("bad"):
            raise ZeroDivisionError
        return StatusReport(provider_id, Status.DELIVERED)

    monkeypatch.setattr(sys.modules["heliograph.plugins.recorder"].Recorder, "status", status)
    return asked


@pytest.fixture
def loop(sending: Flask) -> Iterator[DeliveryLoop]:
    found = DeliveryLoop(sending)
    yield found
    found.stop()


def age(minutes: float) -> None:
    with transaction() as session:
        for text in session.scalars(db.select(Delivery)):
            text.accepted_at = utcnow() - timedelta(minutes=minutes)


def test_only_old_silent_texts_are_asked_about_and_only_once_in_a_while(
    crowd: Callable[..., Any], send: Send, asked: list[str], loop: DeliveryLoop
) -> None:
    message, _ = crowd(4)
    send()
    assert silent_providers() == []
    age(PATIENCE.total_seconds() / 60 + 1)
    with transaction() as session:
        texts = session.scalars(db.select(Delivery).order_by(Delivery.id)).all()
        texts[1].provider_id, texts[2].provider_id = "p-lost", "p-bad"
        texts[3].status = "undelivered"
    db.session.rollback()
    assert silent_providers() == ["recorder"]
    db.session.rollback()
    assert loop.reconcile("recorder").result(10) == 1
    assert len(asked) == 3
    assert statuses(message.id) == {"accepted": 2, "delivered": 1, "undelivered": 1}
    assert silent_providers() == []
    db.session.rollback()
    assert loop.reconcile("recorder").result(10) == 0
    assert len(asked) == 3


def test_after_three_days_nobody_is_asked_any_more(
    crowd: Callable[..., Any], send: Send, asked: list[str]
) -> None:
    crowd(2)
    send()
    age(60 * 24 * 3 + 5)
    assert silent_providers() == []


def test_a_provider_that_cannot_tell_is_left_alone(crowd: Callable[..., Any], send: Send) -> None:
    crowd(2)
    send()
    age(60)
    assert silent_providers() == []
