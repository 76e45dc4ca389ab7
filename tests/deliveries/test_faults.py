"""Faults at the provider, mixed at random: all ends well, and nobody gets two texts."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.run import Options, send_due
from heliograph.channel import FailureKind
from heliograph.db import db
from heliograph.deliveries import carrier, recovery
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.policy import POLICIES
from heliograph.host import current_host
from tests.counterpart import Counterpart, Refusal
from tests.counterpart.connection import ready_broadcast

TEXTS = 200
FAULTS: tuple[Any, ...] = (
    Refusal(429, 20429, "Too many requests"),
    Refusal(400, 21408, "Permission to send an SMS has not been enabled for the region"),
    *("503", "drop", "accept_and_drop", "bad_json", "hang"),
)


@pytest.fixture
def patient(hurried: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A call that is slow on a busy machine is no fault here."""
    provider = current_host().get("twilio").contributions.providers[0]
    monkeypatch.setattr(provider, "timeout", 30.0)
    return hurried


@pytest.fixture
def hurried(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Nothing waits longer than a test can."""
    for kind in (FailureKind.THROTTLED, FailureKind.TRANSIENT):
        monkeypatch.setitem(POLICIES, kind, replace(POLICIES[kind], wait=0.1))
    monkeypatch.setattr(carrier, "REST_SECONDS", 0.2)
    monkeypatch.setattr(recovery, "AGAIN_AFTER", timedelta(seconds=0.1))
    provider = current_host().get("twilio").contributions.providers[0]
    monkeypatch.setattr(provider, "timeout", 1.0)
    monkeypatch.setattr(provider, "settles_after", 0.3)
    return app


@pytest.mark.parametrize("seed", [4, 20261124])
def test_all_ends_well_and_nobody_gets_two(
    hurried: Flask, counterpart: Counterpart, seed: int
) -> None:
    chance = random.Random(seed)
    broadcast_id = ready_broadcast(counterpart, TEXTS)
    counterpart.latency = 0.01
    counterpart.faults = [
        chance.choice(FAULTS) if chance.random() < 0.3 else None for _ in range(TEXTS * 2)
    ]
    loop = DeliveryLoop(hurried)
    try:
        report = send_due(loop, Options(broadcast_id=broadcast_id))[0]
    finally:
        loop.stop()
    assert report.status == "finished", report
    db.session.rollback()
    rows = db.session.execute(db.select(Delivery.number, Delivery.status, Delivery.reason)).all()
    arrived = Counter(text.to for text in counterpart.texts)
    assert {row.status for row in rows} == {"accepted", "failed"}
    assert {row.reason for row in rows if row.status == "failed"} <= {"not_allowed", ""}
    assert {row.number for row in rows if row.status == "accepted"} == set(arrived)
    assert set(arrived.values()) == {1}
    assert len(arrived) > TEXTS * 0.8


def test_the_same_refusal_again_and_again_pauses_the_broadcast(
    patient: Flask, counterpart: Counterpart
) -> None:
    broadcast_id = ready_broadcast(counterpart, TEXTS)
    counterpart.faults = [Refusal(400, 21408, "Not enabled for the region")] * TEXTS
    loop = DeliveryLoop(patient)
    try:
        report = send_due(loop, Options(broadcast_id=broadcast_id))[0]
    finally:
        loop.stop()
    assert report.status == "paused"
    assert report.reason == (
        "25 texts in a row were refused with the code 21408: Not enabled for the region"
    )
    assert 25 <= report.tally.failed <= 25 + 2 * 4


def test_bad_numbers_in_a_row_pause_nothing(patient: Flask, counterpart: Counterpart) -> None:
    broadcast_id = ready_broadcast(counterpart, 40)
    counterpart.faults = [Refusal(400, 21211, "Invalid 'To' Phone Number")] * 40
    loop = DeliveryLoop(patient)
    try:
        report = send_due(loop, Options(broadcast_id=broadcast_id))[0]
    finally:
        loop.stop()
    assert (report.status, report.tally.failed) == ("finished", 40)
