"""Another program holds the database for a while: sending waits, goes on, doubles nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.db import db
from heliograph.jobs.clock import Clock
from tests.deliveries.test_leases import locked
from tests.fixtures import statuses
from tests.test_end_to_end import wait_until

Crowd = Callable[..., Any]
TEXTS = 80


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says "locked" after half a second, and not after thirty."""
    monkeypatch.setattr("heliograph.db.BUSY_SECONDS", 0.5)


def sent_around_a_lock(desk: Any, broadcast_id: int, seconds: float) -> None:
    wait_until(lambda: len(desk.texts) >= TEXTS // 8, 60)
    with locked():
        time.sleep(seconds / 2)
        stopped_at = len(desk.texts)
        time.sleep(seconds / 2)
        assert len(desk.texts) - stopped_at <= 20  # not more than were claimed before
    wait_until(lambda: statuses(broadcast_id) == {"accepted": TEXTS}, 60)
    assert set(Counter(text.to for text in desk.texts).values()) == {1}
    assert len(desk.texts) == TEXTS


def test_a_lock_is_waited_for(desk: Any, crowd: Crowd, ticking: Clock) -> None:
    desk.delay = 0.3
    message, _ = crowd(TEXTS)
    sent_around_a_lock(desk, message.id, 3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lock_beyond_all_patience_only_ends_the_run_until_the_next(
    impatient: None, desk: Any, crowd: Crowd, ticking: Clock
) -> None:
    desk.delay = 0.3
    message, _ = crowd(TEXTS)
    assert db.session.execute(db.text("PRAGMA busy_timeout")).scalar_one() == 500
    sent_around_a_lock(desk, message.id, 4)
