"""Asking again, right before the call, about texts that waited since they were claimed.

A claimed text may wait for its turn: behind a slow provider, a pace or a throttled
sender. Meanwhile its number may come on do-not-contact, or its contact may go.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, or_, select

from core.campaigns.models import CANCELLED as STEP_CANCELLED
from core.campaigns.models import Campaign, CampaignStep
from core.contacts.models import NUMBER_INVALID, Contact
from core.db import table_of, utcnow
from core.deliveries.calls import ClaimedText, Released, Skipped
from core.deliveries.claim import Scope, is_open
from core.deliveries.models import SENDING, Delivery
from core.deliveries.rules import LISTED
from core.dnc import blocked
from core.lookups import one_of, read_rows
from core.sentences import Sentence

MOST = 1000  # texts that are asked about at once
LEFT = ("left", Sentence("The contact left the campaign."))


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

    Those on do-not-contact are skipped. What else came between goes back to the
    queue, where the next claim says what becomes of it.
    """
    found = Rechecked(time.monotonic())
    if not is_open(scope):
        found.open = False
        return found
    listed = blocked({one.text.to for one in texts})
    rows = read_rows(still_standing([one.delivery_id for one in texts], utcnow()))
    standing = {(row.id, row.claim): row.left for row in rows}
    for one in texts:
        key = one.delivery_id, one.claim
        if one.text.to in listed:
            found.stopped[key] = Skipped(*LISTED)
        elif key not in standing:
            found.stopped[key] = Released()
        elif standing[key]:
            found.stopped[key] = Skipped(*LEFT)
    return found


def still_standing(delivery_ids: Sequence[int], now: datetime) -> Select[Any]:
    """Of these deliveries those still claimed whose contact and campaign let them go.

    `left` tells that the contact left the campaign meanwhile.
    """
    text, contact = table_of(Delivery).c, table_of(Contact).c
    campaign, step = table_of(Campaign).c, table_of(CampaignStep).c
    of_campaign = text.source == "campaign"
    left = and_(of_campaign, step.id.is_not(None), step.status == STEP_CANCELLED)
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
        .outerjoin(table_of(CampaignStep), and_(of_campaign, step.id == text.source_id))
    )
    return (
        select(text.id, text.claim, case((left, 1), else_=0).label("left"))
        .select_from(joined)
        .where(
            one_of(text.id, delivery_ids),
            text.status == SENDING,
            reachable,
            or_(text.campaign_id.is_(None), published),
        )
    )
