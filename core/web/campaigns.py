"""Campaigns: the list, one's overview and settings, publishing it, its versions."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from heliograph.campaigns import (
    Campaign,
    CampaignVersion,
    NotReady,
    clone_campaign,
    create_campaign,
    delete_campaign,
    edit_campaign,
    get_campaign,
    list_campaigns,
    list_versions,
    publish,
    restore,
    unpublish,
)
from heliograph.campaigns.models import ACTIVE, LEFT, NEW, REMOVED
from heliograph.campaigns.unclear import count_unclear, settle
from heliograph.db import db, utcnow
from heliograph.errors import BadInput, Changed, HeliographError
from heliograph.segments import Segment
from heliograph.web.access import actor
from heliograph.web.forms import Page, differences, errors_of, seen_version, submit
from heliograph.web.stage_facts import StageFacts, kept_members, stages_of
from heliograph.web.trail import note
from heliograph.web.zones import input_time, typed_time

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")


def state_of(campaign: Campaign) -> str:
    """running, scheduled, ended, held (was published) or draft."""
    now = utcnow()
    if not campaign.published:
        return "held" if campaign.version_id else "draft"
    if campaign.is_open(now):
        return "running"
    return "scheduled" if campaign.publish_up and campaign.publish_up > now else "ended"


def here(view: str, campaign_id: int, **args: Any) -> str:
    return url_for(f"campaigns.{view}", campaign_id=campaign_id, **args)


@bp.get("/")
def index() -> str:
    found = list_campaigns()
    return render_template(
        "campaigns/index.html",
        rows=[(one, state_of(one), kept_members(one.id)) for one in found],
    )


@bp.get("/<int:campaign_id>")
def show(campaign_id: int) -> str:
    return render_template("campaigns/show.html", **facts(get_campaign(campaign_id)))


@bp.get("/<int:campaign_id>/now")
def now(campaign_id: int) -> str:
    """The piece of the overview that keeps itself up to date."""
    return render_template("campaigns/progress.html", **facts(get_campaign(campaign_id)))


def facts(campaign: Campaign) -> dict[str, Any]:
    state, members = state_of(campaign), kept_members(campaign.id)
    stages = stages_of(campaign.id) if campaign.version_id else []
    version = db.session.get(CampaignVersion, campaign.version_id) if campaign.version_id else None
    canvas = version.canvas if version else campaign.draft
    return {
        "campaign": campaign,
        "state": state,
        "members": members,
        "inside": members.get(NEW, 0) + members.get(ACTIVE, 0),
        "gone": members.get(LEFT, 0) + members.get(REMOVED, 0),
        "stages": stages,
        "funnel": funnel_of(members, stages),
        "version": version,
        "changed": version is not None and version.canvas != campaign.draft,
        "sources": sources_of(canvas),
        "live": state == "running",
        "unclear": count_unclear(campaign.id),
    }


def funnel_of(members: dict[str, int], stages: list[StageFacts]) -> list[tuple[str, int, str]]:
    """(label, how many came so far, tone): everybody, then event by event."""
    tones = {"action": "busy", "decision": "warn", "condition": "calm"}
    rows = [(_("Came in"), sum(members.values()), "good")]
    return rows + [(one.title, one.reached, tones.get(one.kind, "calm")) for one in stages]


def sources_of(canvas: dict[str, Any]) -> list[Segment]:
    ids = canvas.get("sources", [])
    return list(db.session.scalars(select(Segment).where(Segment.id.in_(ids))))


@bp.get("/new")
def new() -> str:
    return form_page(None, None)


@bp.post("/new")
def create() -> Page:
    def save() -> str:
        made = create_campaign(**typed_facts(None))
        note(made.name, id=made.id)
        return url_for("campaign_builder.show", campaign_id=made.id)

    return submit(save, lambda error: form_page(None, error))


@bp.get("/<int:campaign_id>/settings")
def settings(campaign_id: int) -> str:
    return form_page(get_campaign(campaign_id), None)


@bp.post("/<int:campaign_id>/settings")
def store(campaign_id: int) -> Page:
    campaign = get_campaign(campaign_id)

    def save() -> str:
        changed = edit_campaign(campaign_id, seen=seen_version(), **typed_facts(campaign))
        note(changed.name, id=campaign_id)
        flash(_("Saved."))
        return here("show", campaign_id)

    return submit(save, lambda error: form_page(get_campaign(campaign.id), error))


def form_page(campaign: Campaign | None, error: HeliographError | None) -> str:
    stood = stands(campaign)
    return render_template(
        "campaigns/form.html",
        campaign=campaign,
        values=request.form.to_dict() if error else stood,
        zones=sorted(available_timezones()),
        errors=errors_of(error),
        theirs=differences(request.form, stood, labels()) if isinstance(error, Changed) else [],
        version=campaign.updated_at.isoformat() if campaign else "",
    )


def stands(campaign: Campaign | None) -> dict[str, str]:
    if campaign is None:
        return {"late_hours": "24"}
    return {
        "name": campaign.name,
        "description": campaign.description,
        "publish_up": input_time(campaign.publish_up),
        "publish_down": input_time(campaign.publish_down),
        "allow_restart": "1" if campaign.allow_restart else "",
        "timezone": campaign.timezone,
        "late_hours": "" if campaign.late_hours is None else str(campaign.late_hours),
    }


def labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "description": _("Description"),
        "publish_up": _("Publish up"),
        "publish_down": _("Publish down"),
        "allow_restart": _("Contacts may go through it again"),
        "timezone": _("Time zone"),
        "late_hours": _("Leave texts out that are late by more than"),
    }


def typed_facts(campaign: Campaign | None) -> Any:
    up, down = (campaign.publish_up, campaign.publish_down) if campaign else (None, None)
    form = request.form
    return {
        "name": form.get("name", ""),
        "description": form.get("description", "").replace("\r\n", "\n"),
        "publish_up": typed_time("publish_up", stands=up),
        "publish_down": typed_time("publish_down", stands=down),
        "allow_restart": bool(form.get("allow_restart")),
        "timezone": form.get("timezone", "").strip(),
        "late_hours": typed_hours(),
    }


def typed_hours() -> int | None:
    text = request.form.get("late_hours", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        mend = _("Use a number of hours, or nothing to leave no text out.")
        raise BadInput("late_hours", "is no number of hours", value=text, mend=mend)
    return int(text)


@bp.post("/<int:campaign_id>/publish")
def start(campaign_id: int) -> Page:
    """Publish what is drawn; what is wrong with it is shown in the builder."""
    campaign = get_campaign(campaign_id)
    try:
        version = publish(campaign_id, user=actor().email)
    except NotReady as error:
        flash(error.message, "error")
        return redirect(url_for("campaign_builder.show", campaign_id=campaign_id), 303)
    note(campaign.name, version=version.number)
    flash(_("It is published."))
    return redirect(here("show", campaign_id), 303)


@bp.post("/<int:campaign_id>/unpublish")
def hold(campaign_id: int) -> Page:
    campaign = unpublish(campaign_id)
    note(campaign.name)
    flash(_("It is held: everybody in it stays where they are until you publish it again."))
    return redirect(here("show", campaign_id), 303)


@bp.post("/<int:campaign_id>/settle")
def decide(campaign_id: int) -> Page:
    """A person decides on the texts of which nobody knows whether they went out."""
    campaign, way = get_campaign(campaign_id), request.form.get("way", "")
    count = settle(campaign_id, way)
    note(campaign.name, way=way, texts=count)
    flash(_("%(count)s texts are settled.", count=count))
    return redirect(here("show", campaign_id), 303)


@bp.post("/<int:campaign_id>/clone")
def clone(campaign_id: int) -> Page:
    made = clone_campaign(campaign_id)
    note(made.name, of=campaign_id)
    flash(_("This is a copy; nobody is in it."))
    return redirect(here("settings", made.id), 303)


@bp.post("/<int:campaign_id>/delete")
def delete(campaign_id: int) -> Page:
    campaign = get_campaign(campaign_id)
    name = campaign.name
    try:
        delete_campaign(campaign_id)
    except HeliographError as error:
        flash(error.message, "error")
        return redirect(here("show", campaign_id), 303)
    note(name)
    flash(_("The campaign %(name)s is deleted.", name=name))
    return redirect(url_for("campaigns.index"), 303)


@bp.get("/<int:campaign_id>/versions")
def versions(campaign_id: int) -> str:
    campaign = get_campaign(campaign_id)
    return render_template(
        "campaigns/versions.html", campaign=campaign, versions=list_versions(campaign_id)
    )


@bp.post("/<int:campaign_id>/versions/<int:number>/restore")
def bring_back(campaign_id: int, number: int) -> Page:
    """A version becomes the draft; nothing is published by that."""
    campaign = get_campaign(campaign_id)
    restore(campaign_id, number, seen=campaign.draft_version)
    note(campaign.name, version=number)
    flash(_("Version %(number)s is the draft now. Publish it to let it act.", number=number))
    return redirect(url_for("campaign_builder.show", campaign_id=campaign_id), 303)
