"""The campaign builder: its page, and the JSON that it is fed with and gives back."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from heliograph.campaigns import (
    Campaign,
    CampaignVersion,
    NotReady,
    check_draft,
    get_campaign,
    publish,
    save_draft,
)
from heliograph.campaigns.canvas import MAX_SIZE
from heliograph.campaigns.library import Editing
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import db
from heliograph.errors import BadInput, Changed
from heliograph.web.access import abilities, actor
from heliograph.web.assets import asset
from heliograph.web.builder_choices import builder_choices, builder_filters
from heliograph.web.builder_words import builder_words
from heliograph.web.event_words import translated_palette
from heliograph.web.locale import choose_language
from heliograph.web.stage_facts import stages_of
from heliograph.web.trail import note, note_run

bp = Blueprint("campaign_builder", __name__, url_prefix="/campaigns/<int:campaign_id>/builder")

SESSION = re.compile(r"[A-Za-z0-9]{8,40}")
LARGEST_BODY = 4 * MAX_SIZE  # a character may take so many bytes
Answer = Response | tuple[Response, int]


@bp.get("/")
def show(campaign_id: int) -> str:
    campaign = get_campaign(campaign_id)
    return render_template("campaigns/builder.html", campaign=campaign, page=page_facts(campaign))


def page_facts(campaign: Campaign) -> dict[str, Any]:
    """What the island must know before it asks for the canvas."""
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "user": actor().id,
        "canWrite": abilities()["can_write"],
        "language": choose_language(),
        "icons": asset("vendor/icons.svg"),
        "urls": {
            **{view: here(view, campaign.id) for view in ("canvas", "draft", "token", "counts")},
            "publish": here("start", campaign.id),
            "campaign": url_for("campaigns.show", campaign_id=campaign.id),
            "simulate": url_for("campaign_simulation.show", campaign_id=campaign.id),
            "login": url_for("accounts.login"),
            "segments": url_for("segments.new"),
            "newMessage": url_for("messages.new", panel=1),
            "message": url_for("messages.show", message_id=0, panel=1),
        },
        "words": builder_words(),
    }


def here(view: str, campaign_id: int) -> str:
    return url_for(f"campaign_builder.{view}", campaign_id=campaign_id)


@bp.get("/canvas")
def canvas(campaign_id: int) -> Answer:
    """The draft with all that is needed to show and change it."""
    campaign = get_campaign(campaign_id)
    found = {
        **drawn(campaign),
        "status": status_of(campaign),
        "palette": translated_palette(),
        "choices": builder_choices(),
        "catalog": builder_filters(),
        "findings": findings_of(campaign_id),
    }
    # not by jsonify, which would sort the fields of forms
    return Response(json.dumps(found, ensure_ascii=False), mimetype="application/json")


def drawn(campaign: Campaign) -> dict[str, Any]:
    return {
        "canvas": campaign.draft,
        "version": campaign.draft_version,
        "session": campaign.draft_session,
    }


def status_of(campaign: Campaign) -> dict[str, Any]:
    """Whether members go through it, which version, and whether the draft is another one."""
    version = db.session.get(CampaignVersion, campaign.version_id) if campaign.version_id else None
    return {
        "published": campaign.published,
        "number": version.number if version else 0,
        "changed": version is None or version.canvas != campaign.draft,
    }


def findings_of(campaign_id: int) -> list[dict[str, str]]:
    return [finding.as_dict() for finding in check_draft(campaign_id)]


@bp.get("/token")
def token(campaign_id: int) -> Answer:
    """Our token for a page that outlived the session it was made in."""
    return jsonify(token=generate_csrf())


@bp.get("/counts")
def counts(campaign_id: int) -> Answer:
    """Where everybody stands, by the key of the event."""
    get_campaign(campaign_id)
    found = {one.key: [asdict(count) for count in one.counts] for one in stages_of(campaign_id)}
    return jsonify(counts=found)


@bp.put("/draft")
def draft(campaign_id: int) -> Answer:
    """Keep what was drawn, unless somebody else has drawn meanwhile."""
    campaign = get_campaign(campaign_id)
    sent = sent_json()
    try:
        canvas, by = sent.get("canvas"), editing(sent)
        version = save_draft(campaign_id, canvas, seen=seen(sent), by=by)
    except Changed:
        return changed(campaign_id)
    note_run(campaign.name, draft=version)
    now = status_of(get_campaign(campaign_id))
    return jsonify(version=version, changed=now["changed"], findings=findings_of(campaign_id))


def sent_json() -> dict[str, Any]:
    """The body as an object; raises BadInput."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise BadInput("canvas", "is too large", mend="Split it into several campaigns.")
    try:
        sent = request.get_json(silent=True)
    except RecursionError:
        sent = None
    if not isinstance(sent, dict):
        raise BadInput("body", "is no JSON object", mend="Send {canvas, version}.")
    return sent


def seen(sent: dict[str, Any]) -> int:
    version = sent.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        mend = "Send the version that the canvas was made from."
        raise BadInput("version", "is no number", value=version, mend=mend)
    return version


def editing(sent: dict[str, Any]) -> Editing | None:
    """Whose save it is, and which of theirs; None where nobody says so."""
    session, number = sent.get("session"), sent.get("number")
    if session is None and number is None:
        return None
    if not isinstance(session, str) or not SESSION.fullmatch(session):
        mend = "Send 8 to 40 letters and digits, other ones for each open builder."
        raise BadInput("session", "is no id of a session", value=session, mend=mend)
    whole = number if isinstance(number, int) and not isinstance(number, bool) else 0
    if not 0 < whole <= LARGEST_ID:
        mend = "Send 1 with the first save of the session, 2 with the next."
        raise BadInput("number", "is no number of a save", value=number, mend=mend)
    return Editing(session, whole)


def changed(campaign_id: int) -> Answer:
    """What stands now, for the one who was too late to choose from."""
    words = _("This campaign was changed meanwhile, by somebody else or in another tab.")
    return jsonify(error=words, **drawn(get_campaign(campaign_id))), 409


@bp.post("/publish")
def start(campaign_id: int) -> Answer:
    """Publish the draft that was seen."""
    campaign = get_campaign(campaign_id)
    try:
        version = publish(campaign_id, user=actor().email, seen=seen(sent_json()))
    except Changed:
        return changed(campaign_id)
    except NotReady as error:
        return jsonify(error=error.message, findings=findings_of(campaign_id)), 409
    note(campaign.name, version=version.number)
    now = get_campaign(campaign_id)
    return jsonify(status=status_of(now), findings=findings_of(campaign_id))
