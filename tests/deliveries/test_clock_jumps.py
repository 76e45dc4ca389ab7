"""The machine's time is set while texts are under way: nothing is sent twice for it."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from flask import Flask

from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import SENDING, Delivery, Sender
from heliograph.deliveries.pace import parts_free
from heliograph.deliveries.recovery import take_doubtful
from heliograph.deliveries.wallclock import WallClock


def test_a_jump_is_noticed_and_waited_for() -> None:
    wall = WallClock()
    assert wall.is_steady(60, utcnow() + timedelta(hours=1))
    assert not wall.is_steady(60, utcnow())
    assert not wall.is_steady(60, utcnow())
    assert wall.is_steady(0, utcnow())


def test_small_corrections_are_no_jump() -> None:
    wall = WallClock()
    assert wall.is_steady(60, utcnow())
    assert wall.is_steady(60, utcnow() + timedelta(seconds=1))


def under_way() -> int:
    with transaction() as session:
        now = utcnow()
        row = Delivery(
            source="test",
            number="+15005550101",
            provider="simulator",
            status=SENDING,
            claim="a",
            text="Hi",
            attempted_at=now,
            lease_until=now + timedelta(seconds=120),
        )
        session.add(row)
        session.flush()
        return row.id


def test_after_a_jump_nothing_is_looked_up_for_a_lease(app: Flask) -> None:
    with app.app_context():
        under_way()
        loop = DeliveryLoop(app)
        try:
            assert loop.recover() == 0
            with time_machine.travel(utcnow() + timedelta(hours=1), tick=True):
                assert loop.recover() == 0
        finally:
            loop.stop()
        db.session.rollback()


def test_a_clock_set_back_does_not_keep_texts_for_ever(app: Flask) -> None:
    with app.app_context():
        delivery_id = under_way()
        assert take_doubtful("simulator", 5) == []
        with transaction() as session:  # as it was written before the jump
            session.get_one(Delivery, delivery_id).lease_until = utcnow() + timedelta(hours=1)
        taken = take_doubtful("simulator", 5)
        assert [item.delivery_id for item in taken] == [delivery_id]


def test_a_clock_set_back_does_not_stop_the_pace() -> None:
    now = utcnow()
    sender = Sender(provider="twilio", sender="+1", next_free_at=now + timedelta(hours=1))
    assert parts_free(sender, 10, now) == 20
    sender.next_free_at = now + timedelta(seconds=1)
    assert parts_free(sender, 10, now) == 10
