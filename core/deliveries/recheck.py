"""Asking again, right before the call, about texts that waited since they were claimed.

A claimed text may wait for its turn: behind a slow provider, a pace or a throttled
sender. Meanwhile its number may come on do-not-contact, its contact may go, or quiet
hours may begin.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select

from heliograph.campaigns.course import zone_named
from heliograph.campaigns.models import Campaign
from heliograph.campaigns.steps import LEFT_WORDS
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import table_of, utcnow
from heliograph.deliveries.calls import ClaimedText, Released, Skipped
from heliograph.deliveries.campaign_texts import ended_steps
from heliograph.deliveries.claim import QUIET, Scope, is_open
from heliograph.deliveries.models import SENDING, Delivery
from heliograph.deliveries.rules import LISTED, parse_quiet_hours
from heliograph.dnc import blocked
from heliograph.installation import current_settings
from heliograph.lookups import one_of, read_rows

MOST = 1000  # texts that are asked about at once


@dataclass(slots=True)
class Rechecked:
    """What a recheck found. `asked_at` (monotonic) is from before the database was asked.

    `stopped` are those that may not go, by delivery id and claim. `open` is False
    when nothing of the scope may.
    """

    asked_at: float
    open: bool = True
    stopped: dict[tuple[int, str], Skipped | Released] = field(default_factory=dict)


def recheck(scope: Scope, texts: Sequence[ClaimedText]) -> Rechecked:
    """Which of the claimed *texts* may still go.

    Those on do-not-contact are skipped, and those whose contact left the campaign. What
    else came between, quiet hours for one, goes back to the queue, where the next claim
    says what becomes of it.
    """
    found = Rechecked(time.monotonic())
    if not is_open(scope):
        found.open = False
        return found
    now = utcnow()
    listed = blocked({one.text.to for one in texts})
    rows = read_rows(still_standing([one.delivery_id for one in texts], now))
    left = ended_steps([row.source_id for row in rows if row.source == "campaign"])
    is_quiet = quiet_now(now)
    standing = {(row.id, row.claim): row for row in rows}
    for one in texts:
        key = one.delivery_id, one.claim
        row = standing.get(key)
        if one.text.to in listed:
            found.stopped[key] = Skipped(*LISTED)
        elif row is None or is_quiet(row):
            found.stopped[key] = Released()
        elif row.source == "campaign" and row.source_id in left:
            found.stopped[key] = Skipped("left", LEFT_WORDS)
    return found


def quiet_now(now: datetime) -> Callable[[Any], bool]:
    """Tells of a row of `still_standing` whether it is kept by quiet hours at *now*."""
    settings = current_settings()
    quiet, usual = parse_quiet_hours(settings.quiet_hours), ZoneInfo(settings.timezone)

    def is_quiet(row: Any) -> bool:
        if quiet is None or row.recipient_id is None or row.source not in QUIET:
            return False
        zone = zone_named(row.timezone, zone_named(row.campaign_timezone, usual))
        return quiet.until(now, zone) is not None

    return is_quiet


def still_standing(delivery_ids: Sequence[int], now: datetime) -> Select[Any]:
    """Of these deliveries those still claimed whose contact and campaign let them go."""
    text, contact = table_of(Delivery).c, table_of(Contact).c
    campaign = table_of(Campaign).c
    reachable = or_(
        text.recipient_id.is_(None),
        and_(contact.mobile == text.number, contact.number_status != NUMBER_INVALID),
    )
    published = and_(
        campaign.published,
        or_(campaign.publish_up.is_(None), campaign.publish_up <= now),
        or_(campaign.publish_down.is_(None), campaign.publish_down > now),
    )
    joined = (
        table_of(Delivery)
        .outerjoin(table_of(Contact), contact.id == text.contact_id)
        .outerjoin(table_of(Campaign), campaign.id == text.campaign_id)
    )
    return (
        select(text.id, text.claim, text.source, text.source_id, text.recipient_id)
        .add_columns(contact.timezone, campaign.timezone.label("campaign_timezone"))
        .select_from(joined)
        .where(
            one_of(text.id, delivery_ids),
            text.status == SENDING,
            reachable,
            or_(text.campaign_id.is_(None), published),
        )
    )
