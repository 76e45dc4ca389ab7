"""The inbox: every reply, newest first, known number or not."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for

from core.replies.reading import PAGE, read_replies
from core.web.forms import page_number

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
