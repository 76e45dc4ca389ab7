"""An installation with people, texts and replies, seen by visitors without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.pages.showcase import populate
from tests.pages.visit import EMAIL, PASSWORD
from tests.visitor import Visitor


@pytest.fixture
def shop(make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    """The showcase of the pictures, on both databases, under a path prefix."""
    app = make_app(public_url="http://sms.example.com/mautic", default_region="FR")
    with app.app_context():
        populate(tmp_path)
    return app


@pytest.fixture
def ann(shop: Flask) -> Visitor:
    """The admin."""
    visitor = Visitor(shop)
    visitor.sign_in(EMAIL, PASSWORD)
    return visitor


@pytest.fixture
def rita(shop: Flask) -> Visitor:
    """Who only reads."""
    visitor = Visitor(shop)
    visitor.sign_in("rita@example.com", PASSWORD)
    return visitor
