"""When something is due next on the stage: of all that the engine waits for, the first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, union_all

from heliograph.campaigns.models import Campaign, CampaignStep
from heliograph.campaigns.steps import is_timed
from heliograph.db import db, table_of
from heliograph.deliveries.models import QUEUED, Delivery, Sender
from heliograph.messages.models import TextMessage


def next_due(campaign_id: int, now: datetime) -> datetime | None:
    """The first moment after *now*; None when nothing is due any more."""
    campaign = db.session.get_one(Campaign, campaign_id, populate_existing=True)
    queries = [*of_steps(campaign_id, now), *of_dates(campaign_id, now)]
    queries += of_texts(now, held=not campaign.is_open(now))
    whole = union_all(*queries).subquery()
    type_ = table_of(CampaignStep).c.due_at.type
    found: datetime | None = db.session.execute(
        select(func.min(whole.c.at, type_=type_))
    ).scalar_one()
    db.session.rollback()
    return found


def of_steps(campaign_id: int, now: datetime) -> list[Select[Any]]:
    steps = table_of(CampaignStep).c
    return [
        select(func.min(steps.due_at).label("at")).where(
            steps.campaign_id == campaign_id, is_timed(steps.status), steps.due_at > now
        )
    ]


def of_texts(now: datetime, *, held: bool) -> list[Select[Any]]:
    """Texts that wait, and senders that are held while any does.

    Where the campaign is *held*, its dates say when they go on, not the next look.
    """
    texts, senders = table_of(Delivery).c, table_of(Sender).c
    queued = select(texts.id).where(texts.status == QUEUED, texts.provider == senders.provider)
    waits = select(func.min(texts.not_before)).where(texts.status == QUEUED, texts.not_before > now)
    return [
        waits.where(texts.reason != "held") if held else waits,
        select(func.min(senders.held_until)).where(senders.held_until > now, queued.exists()),
    ]


def of_dates(campaign_id: int, now: datetime) -> list[Select[Any]]:
    """Where publishing of the campaign, or of a message, begins or ends."""
    campaigns, messages = table_of(Campaign).c, table_of(TextMessage).c
    mine = campaigns.id == campaign_id
    return [
        select(func.min(campaigns.publish_up)).where(mine, campaigns.publish_up > now),
        select(func.min(campaigns.publish_down)).where(mine, campaigns.publish_down > now),
        select(func.min(messages.publish_up)).where(messages.publish_up > now),
        select(func.min(messages.publish_down)).where(messages.publish_down > now),
    ]
