"""A sent broadcast with a link, and people who click."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.links.clicks import desk as click_desk
from heliograph.links.models import Click

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
SHORT = re.compile(r"https://sms\.example\.com/mautic/l/([0-9A-Za-z]{10})(?![0-9A-Za-z])")
URL = "https://shop.example/sale?from=sms"

Clicker = Callable[..., TestResponse]


def code_in(text: str | None) -> str:
    """The one code in a text."""
    (code,) = SHORT.findall(text or "")
    return str(code)


def texts_of(broadcast_id: int) -> list[Delivery]:
    db.session.rollback()
    query = select(Delivery).where(Delivery.broadcast_id == broadcast_id).order_by(Delivery.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def long_ago() -> None:
    """All texts went out an hour ago, so that a person may have read them."""
    with transaction():
        change_rows(update(Delivery).values(attempted_at=utcnow() - timedelta(hours=1)))


def kinds() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Click.kind).order_by(Click.id)))


@pytest.fixture
def click(sending: Flask) -> Iterator[Clicker]:
    """Asks for a short link by its code, and waits until that is written down."""

    def ask(code: str, agent: str = PHONE, method: str = "GET", **headers: str) -> TestResponse:
        db.session.rollback()
        with sending.app_context():
            client = sending.test_client()
            given: dict[str, Any] = {"User-Agent": agent, "Accept": "text/html"} | headers
            answer = client.open(f"/mautic/l/{code}", method=method, headers=given)
        click_desk().join()
        return answer

    yield ask
    click_desk().join()


@pytest.fixture
def sent(crowd: Callable[..., Any], desk: Any, send: Callable[..., Any]) -> Callable[..., Any]:
    """Sends a text with a link to so many people; gives the message and its deliveries."""

    def make(count: int = 3, text: str = f"Sale: {URL}", **message: Any) -> Any:
        made, _ = crowd(count, text=text, **message)
        send()
        long_ago()
        return made, texts_of(made.id)

    return make
