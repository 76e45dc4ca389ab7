"""The way to a counterpart: the installation's Twilio plugin, pointed at it."""

from __future__ import annotations

from typing import Any

from heliograph.db import db, utcnow
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import add_members, create_segment
from tests.counterpart.fast import Fast
from tests.counterpart.server import Counterpart
from tests.fixtures import add_people


def connect(counterpart: Counterpart | Fast | type[Counterpart], **changes: str) -> None:
    given: dict[str, Any] = {
        "account_sid": counterpart.account_sid,
        "auth_token": counterpart.auth_token,
        "from_number": counterpart.number,
        "api_base_url": counterpart.url,
        "connections": "4",
    }
    current_host().configure("twilio", given | changes)
    current_host().enable("twilio")


def ready_broadcast(counterpart: Counterpart, count: int) -> int:
    """A scheduled broadcast through Twilio to *count* contacts."""
    connect(counterpart)
    segment = create_segment("everybody")
    add_members(segment.id, add_people(count))
    made = create_message(name="Crash", text="Hi", segments=[segment.id], publish_up=utcnow())
    db.session.rollback()
    return made.id
