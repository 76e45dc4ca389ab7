"""What a claim has to know of campaign texts: their words, and whether they are held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from heliograph.campaigns.course import plan_of, zone_named
from heliograph.campaigns.leavers import is_leaving
from heliograph.campaigns.models import (
    CANCELLED,
    Campaign,
    CampaignEvent,
    CampaignMember,
    CampaignStep,
)
from heliograph.campaigns.sending import HELD_BY, LATE, LATE_WORDS, late_limit
from heliograph.campaigns.steps import LEFT_WORDS
from heliograph.campaigns.timing import Plan, reopened
from heliograph.contacts.models import Contact
from heliograph.db import db, table_of
from heliograph.deliveries.rendering import Renderer
from heliograph.deliveries.went import is_to_staff
from heliograph.lookups import one_of
from heliograph.messages.models import TextMessage
from heliograph.sentences import Sentence
from heliograph.text_filters import Words

LOOK_AGAIN = timedelta(minutes=5)  # publishing lets them go at once
ON_TIME = timedelta(minutes=1)  # the engine made it within its hours, just now
FACTS = (*HELD_BY, "published", "publish_down", "timezone")


class CampaignTexts:
    """Of the rows of one claim; others' texts pass through."""

    def __init__(self, rows: Sequence[Any], zone: ZoneInfo, now: datetime) -> None:
        self._now, self._zone = now, zone
        self._campaigns = found_campaigns({row.campaign_id for row in rows if row.campaign_id})
        late = [row for row in rows if row.campaign_id and row.created_at < now - ON_TIME]
        self._plans = found_plans([row.source_id for row in late])
        self._left = ended_steps(
            [row.source_id for row in rows if row.source == "campaign" and row.source_id]
        )
        wanted = {row.message_id or 0 for row in rows if row.campaign_id and row.text is None}
        self._renderers = {
            row.id: Renderer(Words(row.text, row.id, row.track_links), zone)
            for row in found_texts(wanted)
        }

    @property
    def columns(self) -> set[str]:
        """The columns of contacts that the texts need."""
        return {name for one in self._renderers.values() for name in one.columns}

    def renderer(self, row: Any) -> Renderer | None:
        """What makes the text of *row*, when it has none of its own yet."""
        if not row.campaign_id or row.text is not None:
            return None
        return self._renderers.get(row.message_id)

    def skip_reason(self, row: Any) -> tuple[str, str] | None:
        if not row.campaign_id:
            return None
        campaign = self._campaigns.get(row.campaign_id)
        if campaign is None:
            return "campaign_gone", Sentence("Its campaign was deleted.")
        if row.source == "campaign" and row.source_id in self._left:
            return "left", LEFT_WORDS
        if is_to_staff(row):  # late or not, somebody has to know
            return None
        limit = late_limit(campaign, self._now)
        if limit is not None and row.created_at < limit and not self.held_until(row):
            return LATE, LATE_WORDS
        return None

    def held_until(self, row: Any) -> datetime | None:
        """When to look again, while its campaign is not published."""
        campaign = self._campaigns.get(row.campaign_id) if row.campaign_id else None
        if campaign is None:
            return None
        begins, ends = campaign.publish_up, campaign.publish_down
        in_time = (not begins or begins <= self._now) and (not ends or ends > self._now)
        return None if campaign.published and in_time else self._now + LOOK_AGAIN

    def shut_until(self, row: Any, now: datetime) -> datetime | None:
        """When its event opens again after *now*, for a text that an outage delayed.

        On the clock of the contact that it tells of, also where it is to staff.
        """
        known = self._plans.get(row.source_id) if row.campaign_id else None
        if known is None:
            return None
        plan, timezone = known
        opens = reopened(plan, now, zone_named(timezone, self.zone(row)))
        return opens if opens > now else None

    def zone(self, row: Any) -> ZoneInfo:
        """The time zone for contacts without one."""
        campaign = self._campaigns.get(row.campaign_id) if row.campaign_id else None
        return zone_named(campaign.timezone, self._zone) if campaign else self._zone


def found_campaigns(ids: set[int]) -> dict[int, Any]:
    if not ids:
        return {}
    columns = table_of(Campaign).c
    query = select(columns.id, *(columns[name] for name in FACTS)).where(columns.id.in_(ids))
    return {row.id: row for row in db.session.execute(query)}


def ended_steps(step_ids: Sequence[int]) -> set[int]:
    """Those of the steps whose contacts have left their campaign, taken in or not yet."""
    if not step_ids:
        return set()
    member = and_(
        CampaignMember.campaign_id == CampaignStep.campaign_id,
        CampaignMember.contact_id == CampaignStep.contact_id,
    )
    query = (
        select(CampaignStep.id)
        .outerjoin(CampaignMember, member)
        .where(
            one_of(CampaignStep.id, step_ids), or_(CampaignStep.status == CANCELLED, is_leaving())
        )
    )
    return set(db.session.scalars(query))


def found_plans(step_ids: Sequence[int]) -> dict[int, tuple[Plan, str]]:
    """The hours and days of the events of these steps, where they are kept to some.

    With the time zone of each step's contact.
    """
    if not step_ids:
        return {}
    timing = (
        select(CampaignStep.id, CampaignEvent.timing, Contact.timezone)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .join(Contact, Contact.id == CampaignStep.contact_id)
    )
    rows = db.session.execute(timing.where(one_of(CampaignStep.id, step_ids)))
    found = {row.id: (plan_of(row.timing), row.timezone) for row in rows}
    return {step_id: plan for step_id, plan in found.items() if plan[0].is_narrowed}


def found_texts(ids: set[int]) -> Sequence[Any]:
    if not ids:
        return []
    columns = table_of(TextMessage).c
    wanted = (columns.id, columns.text, columns.track_links)
    return db.session.execute(select(*wanted).where(one_of(columns.id, ids))).all()
