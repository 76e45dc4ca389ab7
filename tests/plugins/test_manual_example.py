"""The provider of the manual, as it is copied: each answer hurts nobody but whom it is about."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask

from heliograph.broadcasts.lifecycle import finish_if_done
from heliograph.broadcasts.run import Options, send_due
from heliograph.connection import check_connection
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.claim import Scope
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.obstacles import held_sender
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.replies.models import Reply
from heliograph.segments import add_members, create_segment
from tests.deliveries.test_neighbours import begun
from tests.fixtures import add_people, state_of
from tests.plugins.acme_network import Fault, Network, error, network
from tests.plugins.sources import put

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-provider.md"
BASE = "https://acme.example/v1"
SENDER, KEY = "+15551234567", "the key"
TEXTS = 3


def example(base: str) -> str:
    """The blocks of sections 1 and 4 as one file; only the address differs."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    provider = next(block for block in blocks if block.startswith('"""Acme SMS'))
    callbacks = next(block for block in blocks if "X-Acme-Signature" in block)
    source = provider + "\n" + callbacks
    assert source.count(BASE) == 1
    return source.replace(BASE, base)


@pytest.fixture
def acme(
    heliograph: Callable[..., Flask], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Network]:
    """Acme's server; the example is the provider."""
    with network() as found:
        put(folder, "acme", example(found.base))
        found.app = heliograph(plugin_dirs=str(folder))
        assert not current_host().get("acme").fault
        current_host().configure("acme", {"api_key": KEY, "sender_number": SENDER})
        current_host().enable("acme", default=True)
        module: Any = sys.modules["heliograph.plugins.acme"]
        monkeypatch.setattr(module, "SECONDS", (1, 1))
        monkeypatch.setattr(module.Acme, "settles_after", 0.1)
        yield found


class Expected(NamedTuple):
    """What becomes of a text whose request is answered so, and of its broadcast."""

    fault: Fault
    status: str
    reason: str
    broadcast: str = "running"
    number: str = "ok"


PAUSED = "paused"
ANSWERS = {
    "401": Expected(error(401, "bad_key"), "queued", "account", PAUSED),
    "402": Expected(error(402, "no_credit"), "queued", "account", PAUSED),
    "403": Expected(error(403, "forbidden"), "queued", "account", PAUSED),
    "404 of a proxy": Expected(Fault(404, "<h1>Not here</h1>"), "queued", "config", PAUSED),
    "302": Expected(Fault(302, "", {"Location": "/login"}), "queued", "config", PAUSED),
    "400 unknown": Expected(error(400, "new_code"), "queued", "config", PAUSED),
    "400 text": Expected(error(400, "text_not_allowed"), "queued", "bad_content", PAUSED),
    "400 number": Expected(
        error(400, "invalid_recipient"), "failed", "bad_number", "finished", "invalid"
    ),
    "422 number": Expected(
        error(422, "invalid_recipient"), "failed", "bad_number", "finished", "invalid"
    ),
    "429": Expected(error(429, "slow_down", **{"Retry-After": "40"}), "queued", "throttled"),
    "500": Expected(Fault(500, "oops"), "sending", "unknown_outcome"),
    "503": Expected(
        error(503, "invalid_recipient", **{"Retry-After": "40"}), "sending", "unknown_outcome"
    ),
    "reset": Expected(Fault(), "sending", "unknown_outcome"),
    "reset, taken": Expected(Fault(taken=True), "sending", "unknown_outcome"),
    "time-out": Expected(Fault(hangs=True), "sending", "unknown_outcome"),
    "200 of nothing": Expected(Fault(200, "{}", taken=True), "sending", "unknown_outcome"),
}


def broadcast() -> int:
    segment = create_segment("all")
    add_members(segment.id, add_people(TEXTS))
    made = create_message(name="Hi", text="Hi", segments=[segment.id], publish_up=utcnow())
    return begun(made.id)


def send_once(acme: Network, broadcast_id: int) -> None:
    """What the clock does in its first moments."""
    loop = DeliveryLoop(acme.app)
    loop.send(Scope("acme", SENDER, broadcast_id=broadcast_id)).result(60)
    loop.stop()
    db.session.rollback()


def outcomes() -> set[tuple[str, str]]:
    rows = db.session.execute(db.select(Delivery.status, Delivery.reason))
    return {(row.status, row.reason) for row in rows}


def numbers() -> set[str]:
    return set(db.session.scalars(db.select(Contact.number_status)))


@pytest.mark.parametrize("expected", ANSWERS.values(), ids=ANSWERS)
def test_each_answer_is_about_what_it_is_about(acme: Network, expected: Expected) -> None:
    acme.faults = [expected.fault] * TEXTS
    sent = broadcast()
    send_once(acme, sent)
    assert outcomes() == {(expected.status, expected.reason)}
    assert numbers() == {expected.number}
    if expected.status == "failed":
        finish_if_done(sent)
    assert state_of(sent) == expected.broadcast
    if expected.reason == "throttled":
        held = held_sender("acme", SENDER)
        assert held is not None
        assert held.held_until is not None
        assert 30 < (held.held_until - utcnow()).total_seconds() <= 40


def test_a_server_that_is_down_delays_texts(acme: Network) -> None:
    module: Any = sys.modules["heliograph.plugins.acme"]
    module.BASE = "http://127.0.0.1:9/v1"  # nobody listens
    sent = broadcast()
    send_once(acme, sent)
    assert outcomes() == {("queued", "transient")}
    assert (numbers(), state_of(sent)) == ({"ok"}, "running")


@pytest.mark.parametrize("name", ["500", "503", "reset", "reset, taken", "200 of nothing"])
def test_what_nobody_knows_is_looked_up_and_each_gets_one_text(acme: Network, name: str) -> None:
    acme.faults = [ANSWERS[name].fault] * TEXTS
    sent = broadcast()
    loop = DeliveryLoop(acme.app)
    try:
        send_due(loop, Options(broadcast_id=sent))
    finally:
        loop.stop()
    assert state_of(sent) == "finished"
    assert {status for status, _ in outcomes()} == {"accepted"}
    assert set(Counter(text["to"] for text in acme.texts).values()) == {1}
    assert len(acme.texts) == TEXTS
    assert numbers() == {"ok"}


def test_the_connection_can_be_tested(acme: Network) -> None:
    found = check_connection("acme")
    assert (found.ok, found.facts) == (True, {"balance": "12 EUR"})
    module: Any = sys.modules["heliograph.plugins.acme"]
    module.BASE = "http://127.0.0.1:9/v1"
    assert check_connection("acme").text == "Acme cannot be reached"


def post(acme: Network, path: str, body: str, key: str = KEY) -> int:
    """Acme calls us: form fields, signed with *key* over address and body."""
    url = f"https://sms.example.com/under/sms/acme/{path}"
    signature = hmac.new(key.encode(), (url + body).encode(), hashlib.sha256).hexdigest()
    answer = acme.app.test_client().post(
        f"/sms/acme/{path}",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Acme-Signature": signature},
    )
    return int(answer.status_code)


def test_replies_come_in_once_and_unsigned_ones_never(acme: Network) -> None:
    body = "id=1&from=%2B33612000000&text=hello"
    assert post(acme, "callback", body, key="another") == 403
    assert [post(acme, "callback", body) for _ in range(2)] == [204, 204]
    assert db.session.scalars(db.select(Reply.text)).all() == ["hello"]


def test_reports_of_known_statuses_are_applied_and_others_left_out(acme: Network) -> None:
    sent = broadcast()
    send_once(acme, sent)
    text = acme.texts[0]
    path = "status?" + text["callback"].partition("?")[2]
    assert post(acme, path, f"id={text['id']}&status=buffered") == 204
    assert outcomes() == {("accepted", "")}
    assert post(acme, path, f"id={text['id']}&status=ok") == 204
    db.session.rollback()
    assert outcomes() == {("accepted", ""), ("delivered", "")}
    assert post(acme, path, f"id={text['id']}&status=lost", key="another") == 403
