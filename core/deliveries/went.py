"""When texts went out: which one a reply belongs to, and since when a campaign texts somebody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from heliograph.db import table_of
from heliograph.deliveries.models import SENDING, WITH_PROVIDER, Delivery
from heliograph.lookups import one_of, read_rows

# also those whose answer from the provider is not recorded yet: some reply at once
WENT_OUT = (SENDING, *WITH_PROVIDER)
NEWEST = 200  # texts that are looked at: a staff number may have got any number of them
NEEDED = ("id", "source", "status", "contact_id", "recipient_id", "attempted_at", "accepted_at")
# where the answer was lost, `accepted_at` is the time of the look-up, much later
LONGEST_CALL = timedelta(minutes=2)


def last_text_to(number: str) -> Any | None:
    """The row (NEEDED) of the text that went out last to *number*; None for none.

    Texts to staff about a contact are none.
    """
    columns = table_of(Delivery).c
    newest = (
        select(*(columns[name] for name in NEEDED))
        .where(columns.number == number, columns.attempted_at.is_not(None))
        .order_by(columns.attempted_at.desc())
        .limit(NEWEST)
    )
    found = [row for row in read_rows(newest) if row.status in WENT_OUT and not is_to_staff(row)]
    return max(found, key=lambda row: (went_out_at(row), row.id), default=None)


def is_to_staff(row: Any) -> bool:
    return row.source == "campaign" and row.recipient_id is None


def went_out_at(row: Any) -> datetime:
    """When the provider took it; while that is not known, when it was handed over."""
    begun: datetime = row.attempted_at
    return begun if row.accepted_at is None else min(row.accepted_at, begun + LONGEST_CALL)


def sent_since(delivery_ids: Collection[int]) -> dict[int, datetime]:
    """When these texts were handed over, by id; without those that did not go out."""
    columns = table_of(Delivery).c
    query = select(columns.id, columns.attempted_at).where(
        one_of(columns.id, delivery_ids),
        columns.status.in_(WENT_OUT),
        columns.attempted_at.is_not(None),
    )
    return {row.id: row.attempted_at for row in read_rows(query)}


def texted_since(campaign_id: int, contact_ids: Collection[int]) -> dict[int, datetime]:
    """When the campaign's first text to each of these contacts was handed over."""
    columns = table_of(Delivery).c
    query = (
        select(columns.contact_id, func.min(columns.attempted_at).label("at"))
        .where(
            one_of(columns.contact_id, contact_ids),
            columns.campaign_id == campaign_id,
            columns.status.in_(WENT_OUT),
            columns.attempted_at.is_not(None),
        )
        .group_by(columns.contact_id)
    )
    return {row.contact_id: row.at for row in read_rows(query)}
