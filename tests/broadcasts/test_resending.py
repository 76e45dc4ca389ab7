"""A new wave to those whose text failed, and the speed of a broadcast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from heliograph.broadcasts.lifecycle import cancel, get_broadcast
from heliograph.broadcasts.models import RUNNING, Broadcast
from heliograph.broadcasts.resend import resend_failed
from heliograph.broadcasts.speed import speed_of
from heliograph.channel import Failure, FailureKind
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.dnc import MANUAL, add_dnc
from heliograph.errors import BadInput, Conflict
from tests.fixtures import statuses
from tests.visitor import sign_in

Crowd = Callable[..., tuple[Any, list[int]]]
Send = Callable[..., list[Any]]


@pytest.fixture
def failed(desk: Any, crowd: Crowd, send: Send) -> int:
    """A broadcast of four: one delivered, two unreachable, one filtered."""
    message, _ = crowd(4)
    for last, kind in ((1, "unreachable"), (2, "unreachable"), (3, "filtered")):
        desk.by_number[f"+3361200000{last}"] = Failure(FailureKind(kind), "No.")
    send()
    desk.by_number.clear()
    assert statuses(message.id) == {"accepted": 1, "failed": 3}
    return int(message.id)


def test_only_the_chosen_kind_is_sent_again_and_nobody_twice(
    failed: int, desk: Any, send: Send
) -> None:
    before = len(desk.texts)
    assert resend_failed(failed, ["unreachable"]) == 2
    assert get_broadcast(failed).status == RUNNING
    send()
    assert statuses(failed) == {"accepted": 3, "failed": 1}
    assert [text.to for text in desk.texts[before:]] == ["+33612000001", "+33612000002"]
    assert resend_failed(failed, ["unreachable"]) == 0
    assert len({text.to for text in desk.texts}) == len(desk.texts)


def test_who_opted_out_meanwhile_is_left_out(failed: int, desk: Any, send: Send) -> None:
    add_dnc("+33612000001", reason=MANUAL)
    resend_failed(failed, ["unreachable", "filtered"])
    send()
    assert statuses(failed) == {"accepted": 3, "skipped": 1}


@pytest.mark.parametrize("kind", ["opted_out", "unknown_outcome", "nonsense"])
def test_some_kinds_are_never_sent_again(failed: int, kind: str) -> None:
    with pytest.raises(BadInput, match="never sent again"):
        resend_failed(failed, [kind])


def test_a_cancelled_broadcast_stays_so(crowd: Crowd) -> None:
    message, _ = crowd(2)
    cancel(message.id)
    with pytest.raises(Conflict, match="nothing can be resent"):
        resend_failed(message.id, ["transient"])


def test_the_page_has_a_button_for_it(sending: Flask, failed: int) -> None:
    visitor = sign_in(sending)
    assert "Send again" in visitor.get(f"/broadcasts/{failed}").text
    answer = visitor.post(f"/broadcasts/{failed}/resend", {"kind": "filtered"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert statuses(failed) == {"accepted": 1, "failed": 2, "queued": 1}


def test_speed_and_time_left(failed: int) -> None:
    broadcast = get_broadcast(failed)
    assert speed_of(broadcast, 10).per_second == 0  # it has finished
    with time_machine.travel(utcnow(), tick=False):  # however slow this machine is
        with transaction() as session:
            run = session.get_one(Broadcast, failed)
            run.status, run.started_at = RUNNING, utcnow() - timedelta(seconds=5)
            for text in session.scalars(db.select(Delivery)):
                text.attempted_at = utcnow() - timedelta(seconds=1)
        speed = speed_of(get_broadcast(failed), 8)
        assert speed.per_second == pytest.approx(4 / 5, rel=0.2)
        assert speed.seconds_left == pytest.approx(10, rel=0.2)
