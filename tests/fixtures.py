"""A fixed cast, and an installation whose provider is the recorder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from heliograph.broadcasts.counts import count_broadcast
from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.broadcasts.run import Options, RunReport, send_due
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import Delivery
from heliograph.host import current_host
from heliograph.jobs import clock
from heliograph.jobs.clock import Clock
from heliograph.messages import create_message
from heliograph.messages.models import TextMessage
from heliograph.segments import add_members, create_segment
from tests.deliveries.nursery import Nursery

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def sending(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """An application that sends through the recorder, with a context pushed."""
    app = make_app(public_url="https://sms.example.com/mautic", plugin_dirs=str(SAMPLES))
    with app.app_context():
        current_host().configure("recorder", {"required": "yes"})
        current_host().enable("recorder")
        yield app


@pytest.fixture
def desk(sending: Flask) -> Any:
    """The recorder's desk, cleared."""
    module = sys.modules["heliograph.plugins.recorder"]
    module.desk.__init__()
    return module.desk


@pytest.fixture
def plodder(sending: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plain provider is the default, and cannot look texts up; its desk."""
    current_host().enable("plodder", default=True)
    module = sys.modules["heliograph.plugins.plodder"]
    monkeypatch.delattr(module.Plodder, "find")
    module.desk.__init__()
    return module.desk


@pytest.fixture
def send(sending: Flask) -> Iterator[Callable[..., list[RunReport]]]:
    """Runs `broadcasts send` with options."""
    loop = DeliveryLoop(sending)
    yield lambda **options: send_due(loop, Options(**options))
    loop.stop()


@pytest.fixture
def ticking(sending: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock of a server runs here, and looks for work often."""
    monkeypatch.setattr(clock, "SEND_EVERY", 0.2)
    monkeypatch.setattr(clock, "RECOVER_EVERY", 0.5)
    found = Clock(sending)
    found.start()
    yield found
    found._scheduler.shutdown(wait=True)  # the database goes next
    found.stop()


@pytest.fixture
def crowd(sending: Flask) -> Callable[..., tuple[TextMessage, list[int]]]:
    """Makes contacts, a segment of them, and a due message to it."""

    def make(
        count: int = 5,
        *,
        text: str = "Hello {contactfield=firstname|you}",
        first: int = 0,
        **message: Any,
    ) -> tuple[TextMessage, list[int]]:
        ids = add_people(count, first=first)
        segment = create_segment(f"crowd of {count} {ids[0]}")
        add_members(segment.id, ids)
        given = {"publish_up": utcnow()} | message
        made = create_message(name="Greeting", text=text, segments=[segment.id], **given)
        return made, ids

    return make


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    return Nursery()


def busy() -> float:
    """How much longer than usual things may take: a busy machine must not fail a test."""
    return max(1.0, os.getloadavg()[0] / 2 / (os.cpu_count() or 1))


def add_people(count: int, *, first: int = 0) -> list[int]:
    """Contacts Ann0, Ann1, … with the numbers +33612000000 and on; returns their ids."""
    people = [
        Contact(mobile=f"+33612{first + number:06}", first_name=f"Ann{number}")
        for number in range(count)
    ]
    with transaction() as session:
        session.add_all(people)
    return [person.id for person in people]


def statuses(broadcast_id: int) -> dict[str, int]:
    db.session.rollback()
    return count_broadcast(broadcast_id).by_status


def state_of(broadcast_id: int) -> str:
    """Where the broadcast stands now."""
    db.session.rollback()
    found = get_broadcast(broadcast_id).status
    db.session.rollback()
    return found


def a_number(person: int) -> str:
    """The number that `add_people` gives to that person."""
    return f"+33612{person:06}"


def text_to(person: int) -> Delivery:
    """The one text to that person, as it stands now."""
    db.session.rollback()
    return db.session.scalars(db.select(Delivery).where(Delivery.number == a_number(person))).one()
