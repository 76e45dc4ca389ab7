"""Campaigns on the timeline: what a contact came through, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all

from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import (
    CANCELLED,
    DONE,
    FAILED,
    FINISHED,
    LEFT,
    OPEN,
    REMOVED,
    RUNNING,
    SENDING,
    SKIPPED,
    WAITING,
    Campaign,
    CampaignEvent,
    CampaignMember,
    CampaignStep,
)
from heliograph.contacts.models import Contact
from heliograph.sentences import Sentence
from heliograph.timeline.entry import TimelineEntry, facts, read_page

STEPS = {
    RUNNING: (Sentence("Campaign: is being done"), "clock"),
    SENDING: (Sentence("Campaign: text is on its way"), "clock"),
    OPEN: (Sentence("Campaign: waits for the contact"), "clock"),
    DONE: (Sentence("Campaign: done"), "campaign"),
    FAILED: (Sentence("Campaign: failed"), "warning"),
    SKIPPED: (Sentence("Campaign: left out"), "skip"),
    CANCELLED: (Sentence("Campaign: cancelled"), "skip"),
}
JOINED = literal("joined")
MEMBERS = {
    "joined": (Sentence("Joined a campaign"), "campaign"),
    FINISHED: (Sentence("Came through a campaign"), "check"),
    LEFT: (Sentence("Left a campaign with its segment"), "skip"),
    REMOVED: (Sentence("Was taken out of a campaign"), "skip"),
}


def step_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """Steps that were begun; what is still to come is said by `why_here`."""
    at = func.coalesce(CampaignStep.done_at, CampaignStep.begun_at, CampaignStep.opened_at)
    query = (
        select(CampaignStep, CampaignEvent, Campaign.name, at)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .join(Campaign, Campaign.id == CampaignStep.campaign_id)
        .where(CampaignStep.contact_id == contact.id, CampaignStep.status != WAITING)
    )
    rows = read_page(query, at, before, limit, CampaignStep.id.desc())
    types = EventTypes()
    return [
        step_entry(step, event, label_of(event, types), name, moment)
        for step, event, name, moment in rows
    ]


def label_of(event: CampaignEvent, types: EventTypes) -> str:
    """What the type of the event calls itself; its key when its plugin is gone."""
    type_ = types.get(event.type)
    return type_.made.label if type_ else event.type


def step_entry(
    step: CampaignStep, event: CampaignEvent, label: str, campaign: str, at: datetime
) -> TimelineEntry:
    title, icon = STEPS.get(step.status, (f"Campaign: {step.status}", "campaign"))
    waits = step.status == OPEN
    known = facts(
        campaign=campaign,
        event=label,
        path=step.path,
        why=step.detail or step.reason.replace("_", " "),
        until=step.due_at.isoformat(timespec="seconds") if waits and step.due_at else None,
        rotation=step.rotation if step.rotation > 1 else None,
    )
    return TimelineEntry(at, "campaign", title, event.name or label, icon, known)


def member_entries(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """When the contact joined campaigns, and came to their end or left them."""
    members = CampaignMember
    mine: Any = members.contact_id == contact.id
    moments = union_all(
        select(members.campaign_id, members.joined_at.label("at"), JOINED.label("what")).where(
            mine
        ),
        select(members.campaign_id, members.ended_at, members.status).where(
            mine, members.ended_at.is_not(None)
        ),
    ).subquery()
    query = select(Campaign.name, moments.c.at, moments.c.what).join(
        Campaign, Campaign.id == moments.c.campaign_id
    )
    rows = read_page(query, moments.c.at, before, limit, Campaign.id.desc())
    entries = []
    for name, at, what in rows:
        title, icon = MEMBERS.get(what, MEMBERS["joined"])
        entries.append(TimelineEntry(at, "campaign", title, name, icon))
    return entries
