"""The start page: texts over time, the funnel, what runs, what needs a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from heliograph.broadcasts.counts import kept_counts
from heliograph.broadcasts.models import RUNNING, SCHEDULED, Broadcast
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.errors import HeliographError
from heliograph.figures import read_figures
from heliograph.messages.models import TextMessage
from heliograph.providers import default_provider
from heliograph.replies.reading import read_replies
from heliograph.segments.models import Segment
from heliograph.web.attention import Trouble, troubles
from heliograph.web.edges import url_of
from heliograph.web.inbox import page_with
from heliograph.web.locale import day

bp = Blueprint("dashboard", __name__)

DAYS = 30
RECENT = 5


@bp.get("/")
def show() -> str:
    return render_template("dashboard.html", **facts())


@bp.get("/now")
def now() -> str:
    """The page's middle, which keeps itself up to date."""
    return render_template("dashboard_now.html", **facts())


def facts() -> dict[str, Any]:
    figures = read_figures(DAYS)
    total = {
        name: sum(day[name] for day in figures.values())
        for name in ("sent", "delivered", "undelivered", "failed", "replies", "opt_outs")
    }
    tried = total["sent"] + total["failed"]
    active = select(Broadcast).where(Broadcast.status.in_((RUNNING, SCHEDULED)))
    running = db.session.scalars(active.order_by(Broadcast.id.desc()).limit(RECENT)).all()
    return {
        "steps": first_steps(),
        "troubles": [(one, link_of(one)) for one in troubles()],
        "total": total,
        "chart": [
            (day(on, "medium"), one["delivered"], one["sent"] - one["delivered"], one["failed"])
            for on, one in figures.items()
        ],
        "funnel": [
            (_("Tried"), tried, "calm"),
            (_("Handed over"), total["sent"], "busy"),
            (_("Delivered"), total["delivered"], "good"),
            (_("Replies"), total["replies"], "warn"),
        ],
        "running": [(one, kept_counts(one)) for one in running],
        "replies": read_replies(limit=RECENT),
        "days": DAYS,
    }


def first_steps() -> list[tuple[str, str, str, bool]]:
    """(text, button, address, done) of each; [] once all are done."""
    try:
        provider = bool(default_provider())
    except HeliographError:
        provider = False
    begun = select(Broadcast.id).where(Broadcast.started_at.is_not(None)).limit(1)
    steps = [
        (
            _("Connect a provider. The simulator needs nothing and texts nobody."),
            _("Plugins"),
            url_for("admin_plugins.index"),
            provider,
        ),
        (_("Bring your contacts in."), _("Import"), url_for("imports.index"), has(Contact)),
        (_("Make a segment of them."), _("New segment"), url_for("segments.new"), has(Segment)),
        (_("Write a text."), _("New text message"), url_for("messages.new"), has(TextMessage)),
        (
            _("Review it and send it."),
            _("Broadcasts"),
            url_for("broadcasts.index"),
            db.session.scalar(begun) is not None,
        ),
    ]
    return [] if all(step[3] for step in steps) else steps


def has(model: type[Contact] | type[Segment] | type[TextMessage]) -> bool:
    return db.session.scalar(select(model.id).order_by(model.id).limit(1)) is not None


def link_of(trouble: Trouble) -> str:
    if page := url_of(trouble.kind, trouble.key):
        return page
    if trouble.kind == "reply":
        return page_with(int(trouble.key))
    if trouble.kind == "job":
        return url_for("admin_jobs.index")
    if trouble.kind == "provider" and not trouble.key:
        return url_for("admin_plugins.index")
    return url_for("admin_plugins.show", name=trouble.key)
