"""Who is in a campaign: the contacts behind each count, and one of them explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from heliograph.campaigns import get_campaign
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.explanation import why_here
from heliograph.campaigns.membership import add_by_hand, remove_contacts
from heliograph.campaigns.models import (
    ACTIVE,
    FINISHED,
    LEFT,
    LIVE,
    NEW,
    REMOVED,
    CampaignEvent,
    CampaignMember,
    CampaignStep,
)
from heliograph.campaigns.stages import GROUPS, PAGE, list_standing
from heliograph.contacts import Contact, find_contacts, get_contact
from heliograph.db import db
from heliograph.errors import NotFound
from heliograph.web.event_words import words
from heliograph.web.forms import Page, page_number
from heliograph.web.stage_facts import kept_members, stages_of
from heliograph.web.trail import note

bp = Blueprint("campaign_people", __name__, url_prefix="/campaigns/<int:campaign_id>")

MOST_STEPS = 200
STATUSES = (NEW, ACTIVE, FINISHED, LEFT, REMOVED)


def here(view: str, campaign_id: int, **args: Any) -> str:
    return url_for(f"campaign_people.{view}", campaign_id=campaign_id, **args)


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step that a contact has taken; `path` is the label of the way it went on."""

    title: str
    type_label: str
    icon: str
    status: str
    path: str
    at: datetime
    detail: str
    rotation: int


@bp.get("/events/<key>")
def standing(campaign_id: int, key: str) -> str:
    """The contacts behind a count of one event."""
    campaign = get_campaign(campaign_id)
    group = request.args.get("group", "waiting")
    path, before = request.args.get("path"), page_number("before")
    found = list_standing(campaign_id, key, group, path=path, before_id=before, limit=PAGE + 1)
    page, more = found[:PAGE], len(found) > PAGE
    args = {"key": key, "group": group, "path": path}
    stage = next((one for one in stages_of(campaign_id) if one.key == key), None)
    return render_template(
        "campaigns/standing.html",
        campaign=campaign,
        stage=stage,
        key=key,
        group=group,
        path=path,
        path_labels=stage.paths if stage else {},
        groups=GROUPS,
        rows=page,
        older=here("standing", campaign_id, **args, before=page[-1].step_id) if more else None,
        newer=here("standing", campaign_id, **args) if before else None,
    )


@bp.get("/members")
def members(campaign_id: int) -> str:
    campaign = get_campaign(campaign_id)
    status, before = request.args.get("status", ""), page_number("before")
    if status and status not in STATUSES:
        raise NotFound(f"There is no status {status[:40]!r}.")
    query = (
        select(CampaignMember, Contact)
        .join(Contact, Contact.id == CampaignMember.contact_id)
        .where(CampaignMember.campaign_id == campaign_id)
        .order_by(CampaignMember.contact_id.desc())
        .limit(PAGE + 1)
    )
    if status:
        query = query.where(CampaignMember.status == status)
    if before is not None:
        query = query.where(CampaignMember.contact_id < before)
    found = db.session.execute(query).all()
    page, more = found[:PAGE], len(found) > PAGE
    args = {"status": status or None}
    mark = page[-1][1].id if more else None
    return render_template(
        "campaigns/members.html",
        campaign=campaign,
        rows=page,
        status=status,
        statuses=STATUSES,
        counts=kept_members(campaign_id),
        older=here("members", campaign_id, **args, before=mark) if more else None,
        newer=here("members", campaign_id, **args) if before else None,
    )


@bp.get("/members/<int:contact_id>")
def one(campaign_id: int, contact_id: int) -> str:
    """Why a contact is here, what it did, and what comes next."""
    campaign, contact = get_campaign(campaign_id), get_contact(contact_id)
    found = why_here(contact_id, campaign_id)
    return render_template(
        "campaigns/contact.html",
        campaign=campaign,
        contact=contact,
        passage=found[0] if found else None,
        steps=steps_of(campaign_id, contact_id),
    )


def steps_of(campaign_id: int, contact_id: int) -> list[PastStep]:
    """What is behind the contact, the newest first."""
    query = (
        select(CampaignStep, CampaignEvent)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .where(
            CampaignStep.contact_id == contact_id,
            CampaignStep.campaign_id == campaign_id,
            CampaignStep.status.not_in(LIVE),
        )
        .order_by(CampaignStep.id.desc())
        .limit(MOST_STEPS)
    )
    types = EventTypes()
    return [past_step(step, event, types) for step, event in db.session.execute(query)]


def past_step(step: CampaignStep, event: CampaignEvent, types: EventTypes) -> PastStep:
    type_ = types.get(event.type)
    labels = {path.key: words(path.label) for path in type_.paths} if type_ else {}
    label = words(type_.made.label) if type_ else event.type
    path = labels.get(step.path, step.path) if step.path else ""
    return PastStep(
        event.name or label,
        label,
        type_.made.icon if type_ else "question-circle",
        step.status,
        path,
        step.done_at or step.opened_at,
        step.detail,
        step.rotation,
    )


@bp.post("/members")
def add(campaign_id: int) -> Page:
    """Add whoever was typed: by number, e-mail or id."""
    campaign = get_campaign(campaign_id)
    who = request.form.get("who", "").strip()
    if who.isascii() and who.isdecimal() and len(who) < 7:
        found = [get_contact(int(who))]
    else:
        found = find_contacts(who, limit=2) if who else []
    if len(found) != 1:
        flash(_("%(who)s is not exactly one contact: use a number or e-mail.", who=who), "error")
    elif add_by_hand(campaign_id, [found[0].id]):
        note(campaign.name, added=found[0].id)
        flash(_("%(name)s begins now.", name=found[0].name or found[0].mobile))
    else:
        flash(_("%(name)s is or was in it already.", name=found[0].name or found[0].mobile), "info")
    return redirect(here("members", campaign_id), 303)


@bp.post("/members/<int:contact_id>/remove")
def remove(campaign_id: int, contact_id: int) -> Page:
    campaign, contact = get_campaign(campaign_id), get_contact(contact_id)
    if remove_contacts(campaign_id, [contact_id]):
        note(campaign.name, removed=contact_id)
        flash(_("%(name)s is out of it, for good.", name=contact.name or contact.mobile))
    else:
        flash(_("%(name)s was not in it.", name=contact.name or contact.mobile), "info")
    return redirect(here("members", campaign_id), 303)
