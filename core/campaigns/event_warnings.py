"""What people should know of events that are published: said on the campaign's page."""

from __future__ import annotations

import logging
from typing import NamedTuple

from sqlalchemy import select

from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import DECISION, CampaignEvent
from heliograph.db import db
from heliograph.events import Decision
from heliograph.host.guard import guarded

log = logging.getLogger(__name__)


class Warned(NamedTuple):
    """An event by its title, and the words about it."""

    title: str
    words: str


def event_warnings(campaign_id: int) -> list[Warned]:
    """Of the decisions that members go through now."""
    types = EventTypes()
    events = select(CampaignEvent).where(
        CampaignEvent.campaign_id == campaign_id,
        CampaignEvent.kind == DECISION,
        CampaignEvent.deleted_at.is_(None),
    )
    found = []
    for event in db.session.scalars(events.order_by(CampaignEvent.position)):
        type_ = types.get(event.type)
        if type_ is None or not isinstance(type_.made, Decision) or type_.made.warns is None:
            continue
        try:
            words = guarded(type_.made.warns, type_.read(event.config))
        except Exception:  # a form of before, or a plugin's fault: contacts wait, which is said
            log.exception("decision %s failed to tell what is to be known", event.type)
            continue
        if words:
            found.append(Warned(event.name or type_.made.label, words))
    return found
