"""Texts that a provider took and never reported on: after a while it is asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy import text as sql

from heliograph.channel import Failure, Provider, StatusReport
from heliograph.db import db, dialect_name, transaction, utcnow
from heliograph.deliveries.carrier import ProviderCall
from heliograph.deliveries.models import IS_UNREPORTED, Delivery
from heliograph.deliveries.reports import receive_status
from heliograph.host import current_host
from heliograph.logs import text_fields

log = logging.getLogger(__name__)

BATCH = 50
# asked first after a quarter of an hour, then ever more seldom, for three days
PATIENCE, LONGEST = timedelta(minutes=15), timedelta(days=3)


def silent_providers() -> list[str]:
    """Providers that can be asked and have texts they should have reported on."""
    now = utcnow()
    found = db.session.scalars(
        select(Delivery.provider)
        .where(
            sql(IS_UNREPORTED),  # as its index says it, word for word
            Delivery.accepted_at.between(now - LONGEST, now - PATIENCE),
            or_(Delivery.not_before.is_(None), Delivery.not_before <= now),
        )
        .distinct()
    ).all()
    return [name for name in found if can_be_asked(name)]


def can_be_asked(name: str) -> bool:
    info = next((one for one in current_host().enabled() if one.name == name), None)
    if info is None or not info.contributions.providers:
        return False
    return info.contributions.providers[0].status is not Provider.status


@dataclass(frozen=True, slots=True)
class Silent:
    """A text that was taken and not reported on; `fields` are those of its log lines."""

    delivery_id: int
    provider_id: str
    fields: dict[str, object]


def take_unreported(provider: str) -> list[Silent]:
    """The next ones; they are not asked about again for a while."""
    now = utcnow()
    query = (
        select(Delivery)
        .where(
            sql(IS_UNREPORTED),
            Delivery.accepted_at.between(now - LONGEST, now - PATIENCE),
            or_(Delivery.not_before.is_(None), Delivery.not_before <= now),
            Delivery.provider == provider,
            Delivery.provider_id.is_not(None),
        )
        .order_by(Delivery.accepted_at)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    )
    with transaction() as session:
        if dialect_name() == "postgresql":
            query = query.with_for_update(skip_locked=True)
        taken = []
        for row in session.scalars(query):
            age = now - (row.accepted_at or now)
            row.not_before = now + max(age, PATIENCE)
            fields = text_fields(
                row.id,
                broadcast_id=row.broadcast_id,
                provider=provider,
                sender=row.sender,
                attempt=row.attempts,
            )
            taken.append(Silent(row.id, row.provider_id or "", fields))
        session.flush()
    return taken


async def reconcile(
    provider: Provider, database: Callable[[Callable[[], Any]], Any], call: ProviderCall
) -> int:
    """Ask about every silent text of *provider*; returns how many were reported on now."""
    reported = 0
    while True:
        taken: list[Silent] = await database(partial(take_unreported, provider.name))
        for one in taken:
            report = await ask(provider, one, call)
            if report is not None:
                reported += await database(partial(receive_status, provider.name, report))
        if len(taken) < BATCH:
            if reported:
                fields = {"provider": provider.name, "texts": reported}
                log.info("%s told of %s silent texts", provider.name, reported, extra=fields)
            return reported


async def ask(provider: Provider, text: Silent, call: ProviderCall) -> StatusReport | None:
    try:
        async with asyncio.timeout(provider.timeout):
            report = await call(provider.status, text.provider_id)
    except Failure as failure:
        words = "delivery %s: no status of it: %s"
        log.info(words, text.delivery_id, failure.text, extra=text.fields)
        return None
    except Exception:
        words = "provider %s failed to tell of delivery %s"
        log.exception(words, provider.name, text.delivery_id, extra=text.fields)
        return None
    return report if isinstance(report, StatusReport) else None
