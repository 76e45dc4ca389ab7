"""The page before a broadcast: who gets it, when, and the question before it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.broadcasts.lifecycle import get_broadcast
from heliograph.broadcasts.models import DRAFT, SCHEDULED, Broadcast
from heliograph.broadcasts.review import Review, review
from heliograph.contacts import contact_fields
from heliograph.db import utcnow
from heliograph.errors import BadInput, Changed, Conflict, HeliographError
from heliograph.links.tracking import marked_text, sample_link
from heliograph.messages import NotOurs, check_text, review_version, send_now
from heliograph.providers import default_provider, open_provider
from heliograph.segments import refresh_segment
from heliograph.web.access import reads_only
from heliograph.web.forms import Page, errors_of, submit
from heliograph.web.locale import day_words, zoned_words
from heliograph.web.trail import note
from heliograph.web.zones import comes_twice, input_time, offset_words, page_zone, typed_time

bp = Blueprint("broadcast_review", __name__, url_prefix="/broadcasts")

NOW, LATER = "now", "later"
FRESH = timedelta(minutes=1)  # a segment refreshed since then is not refreshed again


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a start right now would come to; `stale` says which segments cannot be refreshed."""

    review: Review
    stale: list[str]


def review_page(broadcast: Broadcast, error: HeliographError | None = None, **more: Any) -> str:
    """The page of a broadcast that has not begun; with *error*, what was typed stays in it."""
    page: str = "broadcasts/review.html"
    return render_template(page, **review_facts(broadcast, error), **more)


def review_facts(broadcast: Broadcast, error: HeliographError | None = None) -> dict[str, Any]:
    message = broadcast.message
    asked, typed = request.args.get("at", "")[:16], request.form
    stands = input_time(message.publish_up) if broadcast.status == SCHEDULED else ""
    when = typed.get("when", "") or (LATER if asked or stands else NOW)
    tracked = marked_text(message.text, track=message.track_links)
    return provider_facts() | {
        "broadcast": broadcast,
        "foreign": foreign_words(broadcast),
        "due": broadcast.status == SCHEDULED and message.is_open(utcnow()),
        "short": sample_link() if tracked else "",
        "version": review_version(broadcast),
        "when": when,
        "at": typed.get("at", "") or asked or stands,
        "errors": page_errors(error),
        "soon": input_time(utcnow()),
    }


def foreign_words(broadcast: Broadcast) -> str:
    """What another tool would fill in the text, which may be older than the check at saving."""
    try:
        check_text(broadcast.message.text, contact_fields())
    except BadInput as error:
        return error.message
    return ""


def page_errors(error: HeliographError | None) -> dict[str, str]:
    if isinstance(error, Changed):
        words = _("The broadcast was changed meanwhile. Nothing was sent: look again, then decide.")
        return {"": words}
    if isinstance(error, NotOurs):
        return {"": error.message}
    found = errors_of(error)
    return {name: words.partition(" Run: ")[0] for name, words in found.items()}


def provider_facts() -> dict[str, Any]:
    """What it would go through, or why it cannot."""
    try:
        provider = open_provider(default_provider())
    except HeliographError as error:
        words = error.message.partition(" Run: ")[0]
        return {"provider": None, "sender": "", "problem": words}
    return {"provider": provider, "sender": provider.sender, "problem": ""}


@bp.get("/<int:broadcast_id>/begun")
def begun(broadcast_id: int) -> Page:
    """A piece of the review page that is due: the page is loaded anew once it began."""
    broadcast = get_broadcast(broadcast_id)
    page = make_response(render_template("broadcasts/due.html", broadcast=broadcast))
    if broadcast.status not in (DRAFT, SCHEDULED):
        page.headers["HX-Refresh"] = "true"
    return page


@bp.get("/<int:broadcast_id>/review")
def ahead(broadcast_id: int) -> str:
    """A piece of the review page, as counting all members may take a moment."""
    broadcast = get_broadcast(broadcast_id)
    found = look_ahead(broadcast)
    return render_template(
        "broadcasts/ahead.html",
        broadcast=broadcast,
        review=found.review,
        stale=found.stale,
        **provider_facts(),
    )


def look_ahead(broadcast: Broadcast, *, fresh: timedelta = timedelta()) -> Ahead:
    stale = []
    for segment in broadcast.message.segments:
        lately = segment.refreshed_at is not None and segment.refreshed_at > utcnow() - fresh
        if segment.filters and not lately:
            try:
                refresh_segment(segment.id)
            except HeliographError as error:
                stale.append(f"{segment.name}: {error.message}")
    return Ahead(review(broadcast.id), stale)


@bp.post("/<int:broadcast_id>/confirm")
@reads_only
def confirm(broadcast_id: int) -> Page:
    """The question before it goes: what, to how many, by whom and when, by the server's count.

    A dialog over the page for its script; without one, a page.
    """
    broadcast = get_broadcast(broadcast_id)
    piece = "HX-Request" in request.headers
    try:
        check_open(broadcast)
        open_provider(default_provider())
        if request.form.get("seen", "") != review_version(broadcast):
            raise Changed
        check_text(broadcast.message.text, contact_fields())
        at = typed_choice(broadcast)
    except HeliographError as error:
        return refused(broadcast, error), error.status
    found = look_ahead(broadcast, fresh=FRESH)
    asked: dict[str, Any] = {
        "asked": True,
        "go_at": at,
        "now": utcnow(),
        "ahead": found,
        "twice": twice_words(at),
    }
    if not piece:
        return review_page(broadcast, **asked)
    question = render_template(
        "broadcasts/question_dialog.html", **review_facts(broadcast), **asked
    )
    answer = make_response(question)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#question", "innerHTML"
    return answer


def check_open(broadcast: Broadcast) -> None:
    if broadcast.status not in (DRAFT, SCHEDULED):
        raise Conflict(_("This broadcast has begun already."))


def typed_choice(broadcast: Broadcast) -> datetime | None:
    """The time that was typed, None for now; raises BadInput where choice and date differ."""
    when, text = request.form.get("when", ""), request.form.get("at", "").strip()
    if when not in (NOW, LATER):
        problem, mend = _("is neither Now nor At"), _("Choose one of both.")
        raise BadInput("when", problem, value=when or None, mend=mend)
    if when == NOW and text:
        problem = _("is typed, but Now is chosen")
        mend = _("Choose At to schedule it for then, or empty the date to send it now.")
        raise BadInput("at", problem, value=text.replace("T", " "), mend=mend)
    at = None if when == NOW else typed_time("at", stands=broadcast.message.publish_up)
    mend = _("Choose a day and an hour in the future.")
    if when == LATER and at is None:
        raise BadInput("at", _("is empty"), mend=mend)
    if at is not None and at <= utcnow():
        problem = _("is in the past: it is %(now)s now", now=day_words(utcnow()))
        raise BadInput("at", problem, value=text.replace("T", " "), mend=mend)
    refuse_after_end(broadcast, at)
    return at


def refuse_after_end(broadcast: Broadcast, at: datetime | None) -> None:
    """A message is not sent once its publish-down date has come."""
    down = broadcast.message.publish_down
    if down is None or down > (at or utcnow()):
        return
    problem = _("is not before publish down, %(time)s", time=day_words(down))
    mend = _("Choose an earlier time, or edit publish down in the message.")
    raise BadInput("at", problem, value=day_words(at) if at else None, mend=mend)


def twice_words(at: datetime | None) -> str:
    """Said of an hour that comes twice, as the clocks are put back: which of them is meant."""
    zone = page_zone()
    if at is None or not comes_twice(at, zone):
        return ""
    words: str = _(
        "The clocks are put back then, and %(hour)s comes twice: %(offset)s is meant.",
        hour=at.astimezone(zone).strftime("%H:%M"),
        offset=offset_words(at, zone),
    )
    return words


@bp.post("/<int:broadcast_id>/send")
def send(broadcast_id: int) -> Page:
    """Start it now, or at the time that was typed."""

    def save() -> str:
        broadcast = get_broadcast(broadcast_id)
        check_open(broadcast)
        open_provider(default_provider())
        at = typed_choice(broadcast)
        send_now(broadcast_id, at=at, seen=request.form.get("seen", ""))
        note(broadcast.message.name, at=at or "now")
        flash(done_words(at))
        return url_for("broadcasts.show", broadcast_id=broadcast_id)

    return submit(save, lambda error: refused(get_broadcast(broadcast_id), error))


def done_words(at: datetime | None) -> str:
    if at is None:
        return str(_("It is on its way."))
    words = _("It is scheduled for %(time)s.", time=zoned_words(at, "yMMMEd", "Hm"))
    return f"{words} {twice_words(at)}".strip()


def refused(broadcast: Broadcast, error: HeliographError) -> str:
    """What was typed, with the reason; for a script the piece of the page that holds it."""
    piece = "HX-Request" in request.headers
    if broadcast.status not in (DRAFT, SCHEDULED):
        page = "broadcasts/begun_card.html" if piece else "broadcasts/begun.html"
        return render_template(page, broadcast=broadcast, error=error)
    if piece:
        return render_template("broadcasts/when.html", **review_facts(broadcast, error))
    return review_page(broadcast, error)
