"""The inbox: every reply, newest first, known number or not."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.replies.inbox import mark_done
from heliograph.replies.reading import PAGE, read_replies
from heliograph.web.forms import Page, page_number
from heliograph.web.trail import note

bp = Blueprint("inbox", __name__, url_prefix="/inbox")


@bp.get("/")
def index() -> str:
    before = page_number("before")
    found = read_replies(before_id=before, limit=PAGE + 1)
    page = found[:PAGE]
    more = len(found) > PAGE
    return render_template(
        "inbox/index.html",
        replies=page,
        older=url_for("inbox.index", before=page[-1].reply.id) if more else None,
        newer=url_for("inbox.index") if before else None,
        newest=not before,
    )


@bp.post("/<int:reply_id>/done")
def done(reply_id: int) -> Page:
    """A person has dealt with a reply that nobody could match to a contact, or has not yet."""
    is_done = "undo" not in request.form
    reply = mark_done(reply_id, done=is_done)
    note(reply.sender, done=is_done)
    flash(_("Marked as done.") if is_done else _("Marked as not done."))
    return redirect(page_with(reply_id), 303)


def page_with(reply_id: int) -> str:
    """The page of the inbox that begins with this reply."""
    return url_for("inbox.index", before=reply_id + 1)
