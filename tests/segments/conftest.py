"""The cast: contacts by first name, and who of them a filter finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from heliograph.contacts.models import Contact
from heliograph.db import db, transaction
from heliograph.segments import compile_filters

Found = Callable[..., list[str]]
Person = Callable[..., int]


@pytest.fixture
def person(app: Flask) -> Person:
    """Stores a contact as given; returns its id."""

    def make(first_name: str, **values: Any) -> int:
        with transaction() as session:
            contact = Contact(first_name=first_name, **values)
            session.add(contact)
            session.flush()
            return contact.id

    return make


@pytest.fixture
def found(app: Flask) -> Found:
    """First names of the contacts that filters find."""

    def find(
        filters: dict[str, Any], *, now: datetime | None = None, zone: str | None = None
    ) -> list[str]:
        matching = compile_filters(filters, now=now, zone=ZoneInfo(zone) if zone else None)
        names = select(Contact.first_name).where(Contact.id.in_(matching))
        return sorted(db.session.scalars(names))

    return find


def where(field: str, operator: str, value: object = None) -> dict[str, Any]:
    """A condition; without a value when it is None."""
    condition: dict[str, Any] = {"field": field, "operator": operator}
    return condition if value is None else condition | {"value": value}
