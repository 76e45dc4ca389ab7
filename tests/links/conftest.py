"""What the tests of links share."""

from __future__ import annotations

import re

from sqlalchemy import select

from core.db import db
from core.deliveries.models import Delivery

SHORT = re.compile(r"https://sms\.example\.com/mautic/l/([0-9A-Za-z]{10})(?![0-9A-Za-z])")
URL = "https://shop.example/sale?from=sms"


def code_in(text: str | None) -> str:
    """The one code in a text."""
    (code,) = SHORT.findall(text or "")
    return str(code)


def texts_of(broadcast_id: int) -> list[Delivery]:
    db.session.rollback()
    query = select(Delivery).where(Delivery.broadcast_id == broadcast_id).order_by(Delivery.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))
