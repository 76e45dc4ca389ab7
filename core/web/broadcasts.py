"""Broadcasts: review, start, live progress, who got it, who did not and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import select

from heliograph.broadcasts import lists
from heliograph.broadcasts.counts import kept_counts
from heliograph.broadcasts.lifecycle import (
    cancel,
    get_broadcast,
    newest_broadcasts,
    pause,
)
from heliograph.broadcasts.models import DRAFT, RUNNING, SCHEDULED, Broadcast
from heliograph.broadcasts.progress import progress_of
from heliograph.broadcasts.resend import KINDS, resend_failed
from heliograph.broadcasts.resuming import resume_as_seen
from heliograph.broadcasts.review import left_out
from heliograph.broadcasts.settle import settle
from heliograph.contacts.models import Contact
from heliograph.contacts.profile import LARGEST_ID
from heliograph.db import db
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import OPEN, STATUSES, Delivery, StatusReport
from heliograph.deliveries.unclear import check_way
from heliograph.errors import HeliographError, NotFound
from heliograph.links.counts import link_counts
from heliograph.links.models import Click, Link
from heliograph.messages import unschedule
from heliograph.web.broadcast_review import page_errors, review_page
from heliograph.web.forms import Page, page_number
from heliograph.web.trail import note

bp = Blueprint("broadcasts", __name__, url_prefix="/broadcasts")

MOST_CLICKS = 100  # on the page of a text


@bp.get("/")
def index() -> str:
    before = page_number("before")
    found = newest_broadcasts(before_id=before, limit=lists.PAGE + 1)
    page, more = found[: lists.PAGE], len(found) > lists.PAGE
    return render_template(
        "broadcasts/index.html",
        rows=[(one, kept_counts(one)) for one in page],
        older=url_for("broadcasts.index", before=page[-1].id) if more else None,
        newer=url_for("broadcasts.index") if before else None,
    )


@bp.get("/<int:broadcast_id>")
def show(broadcast_id: int) -> str:
    return shown(get_broadcast(broadcast_id))


def shown(broadcast: Broadcast) -> str:
    if broadcast.status in (DRAFT, SCHEDULED):
        return review_page(broadcast)
    return render_template("broadcasts/show.html", **facts(broadcast))


def facts(broadcast: Broadcast) -> dict[str, Any]:
    counts = kept_counts(broadcast, exact=True)
    by = counts.by_status
    progress = progress_of(broadcast, counts.open)
    done = counts.recipients - counts.open
    taken = sum(by.get(one, 0) for one in ("accepted", "sent", "delivered", "undelivered"))
    return {
        "broadcast": broadcast,
        "counts": counts,
        "done": done,
        "funnel": [
            (_("Recipients"), counts.recipients, "calm"),
            (_("Handed over"), taken, "busy"),
            (_("Delivered"), by.get("delivered", 0), "good"),
        ],
        "progress": progress,
        "obstacle": progress.obstacle,
        "live": broadcast.status == RUNNING or counts.open > 0,
        "planning": broadcast.status == RUNNING and broadcast.planned_at is None,
        "statuses": [(one, by[one]) for one in STATUSES if by.get(one) and one != "skipped"],
        "speed": progress.speed,
        "again": set(KINDS),
        "links": link_counts(broadcast.id),
    }


@bp.get("/<int:broadcast_id>/progress")
def progress(broadcast_id: int) -> str:
    return render_template("broadcasts/progress.html", **facts(get_broadcast(broadcast_id)))


@bp.get("/<int:broadcast_id>/texts")
def texts(broadcast_id: int) -> str:
    broadcast = get_broadcast(broadcast_id)
    status, reason = request.args.get("status", ""), request.args.get("reason", "")[:24]
    if status and status not in STATUSES:
        raise NotFound(f"There is no status {status[:40]!r}.")
    found = lists.texts_of(
        broadcast_id, status=status, reason=reason, after=page_number("after") or 0
    )
    contacts = contacts_of(found)
    args = {"status": status or None, "reason": reason or None}
    more = len(found) == lists.PAGE
    mark = found[-1].recipient_id if more else None
    return render_template(
        "broadcasts/texts.html",
        broadcast=broadcast,
        texts=[(text, contacts.get(text.contact_id or 0)) for text in found],
        status=status,
        reason=reason,
        statuses=STATUSES,
        older=here("texts", broadcast_id, after=mark, **args) if more else None,
        newer=here("texts", broadcast_id, **args) if page_number("after") else None,
    )


def here(view: str, broadcast_id: int, **args: Any) -> str:
    return url_for(f"broadcasts.{view}", broadcast_id=broadcast_id, **args)


def contacts_of(found: Any) -> dict[int, Contact]:
    ids = [text.contact_id for text in found if text.contact_id]
    return {one.id: one for one in db.session.scalars(select(Contact).where(Contact.id.in_(ids)))}


@bp.get("/<int:broadcast_id>/skipped")
def skipped(broadcast_id: int) -> str:
    """Who was left out for a reason, or would be before the start."""
    broadcast = get_broadcast(broadcast_id)
    reason, after = request.args.get("reason", "")[:24], page_number("after") or 0
    later: Sequence[Delivery] = []
    contacts: list[tuple[Contact, datetime | None]]
    if broadcast.status in (DRAFT, SCHEDULED):
        contacts = [(one, None) for one in left_out(broadcast_id, reason, after_id=after)]
    else:
        out = lists.planned_out(broadcast_id, reason, after=after)
        contacts = [(one.contact, one.at) for one in out]
        later = lists.skipped_later(broadcast_id, reason) if not after else []
    more = len(contacts) == lists.PAGE
    mark = contacts[-1][0].id if more else None
    return render_template(
        "broadcasts/skipped.html",
        broadcast=broadcast,
        reason=reason,
        contacts=contacts,
        later=later,
        older=here("skipped", broadcast_id, reason=reason, after=mark) if more else None,
        newer=here("skipped", broadcast_id, reason=reason) if after else None,
    )


@bp.post("/<int:broadcast_id>/<word>")
def act(broadcast_id: int, word: str) -> Page:
    """Pause, resume, cancel, or take the schedule away.

    What sends again does so only as the page said; what stops a broadcast always does.
    """
    doings: dict[str, Callable[[int], object]] = {
        "pause": pause,
        "resume": partial(resume_as_seen, seen=request.form.get("seen", "")),
        "cancel": cancel,
        "unschedule": unschedule,
    }
    if word not in doings:
        raise NotFound(f"A broadcast cannot {word[:20]!r}.")
    broadcast = get_broadcast(broadcast_id)
    try:
        doings[word](broadcast_id)
        note(broadcast.message.name)
    except HeliographError as error:
        flash(page_errors(error).get("", error.message), "error")
    return redirect(here("show", broadcast_id), 303)


@bp.post("/<int:broadcast_id>/settle")
def decide(broadcast_id: int) -> Page:
    """A person decides on the texts of which nobody knows whether they went out."""
    broadcast, way = get_broadcast(broadcast_id), request.form.get("way", "")
    check_way(way)
    try:
        count = settle(broadcast_id, way)
        note(broadcast.message.name, way=way, texts=count)
        flash(_("%(count)s texts are settled.", count=count))
    except HeliographError as error:
        flash(error.message, "error")
    return redirect(here("show", broadcast_id), 303)


@bp.post("/<int:broadcast_id>/resend")
def again(broadcast_id: int) -> Page:
    """A new wave to those whose text failed for one kind of reason."""
    broadcast, kind = get_broadcast(broadcast_id), request.form.get("kind", "")
    try:
        count = resend_failed(broadcast_id, [kind])
        note(broadcast.message.name, kind=kind, texts=count)
        flash(_("%(count)s texts are sent again.", count=count))
    except HeliographError as error:
        flash(error.message, "error")
    return redirect(here("show", broadcast_id), 303)


@bp.get("/texts/<int:delivery_id>")
def delivery(delivery_id: int) -> str:
    """One text: what was sent, what became of it, and why."""
    return render_template("broadcasts/delivery.html", **one_text(delivery_id))


@bp.get("/texts/<int:delivery_id>/now")
def delivery_now(delivery_id: int) -> str:
    return render_template("broadcasts/delivery_card.html", **one_text(delivery_id))


def one_text(delivery_id: int) -> dict[str, Any]:
    known = 0 < delivery_id <= LARGEST_ID
    text = db.session.get(Delivery, delivery_id, populate_existing=True) if known else None
    if text is None:
        raise NotFound(f"There is no text {delivery_id}.")
    reports = select(StatusReport).where(StatusReport.delivery_id == text.id)
    clicks = select(Click, Link.url).join(Link, Link.id == Click.link_id)
    clicks = clicks.where(Click.delivery_id == text.id).order_by(Click.id)
    return {
        "text": text,
        "why": explain(text),
        "contact": db.session.get(Contact, text.contact_id) if text.contact_id else None,
        "reports": db.session.scalars(reports.order_by(StatusReport.id)).all(),
        "clicks": db.session.execute(clicks.limit(MOST_CLICKS)).all(),
        "open": text.status in (*OPEN, "accepted", "sent"),
    }
