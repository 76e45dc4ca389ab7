"""Short links: a person is led on at once, and the click is written down beside it."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from heliograph.db import let_go, utcnow
from heliograph.links.clicks import NewClick, record_click
from heliograph.links.following import Followed, follow, target
from heliograph.links.visitors import device_of, kind_of

log = logging.getLogger(__name__)

bp = Blueprint("links", __name__)

PRIVATE = {
    "Cache-Control": "no-store",  # each click is to be seen
    "Referrer-Policy": "no-referrer",  # the code is nobody else's business
    "X-Robots-Tag": "noindex, nofollow",
}


@bp.get("/l/<code>")
def go(code: str) -> Response:
    """Lead to what the code stands for; for anybody, without a session or a cookie."""
    try:
        followed = follow(code)
        place = target(followed) if followed else ""
    except OperationalError:
        log.exception("a link cannot be looked up")
        return told(_("Try again in a moment."), 503)
    if followed is None:
        mend = _("Open the text message again and tap the link there, or ask whoever sent it.")
        return told(_("Perhaps a part of it is missing.") + " " + mend, 404)
    record(followed)
    return Response(status=302, headers=PRIVATE | {"Location": place})


def told(words: str, status: int) -> Response:
    page = make_response(render_template("links/broken.html", words=words), status)
    page.headers.update(PRIVATE)
    return page


def record(followed: Followed) -> None:
    let_go()
    now, headers = utcnow(), dict(request.headers)
    test = followed.source == "test"
    kind = kind_of(request.method, headers, sent_at=followed.sent_at, now=now, test=test)
    device = device_of(headers.get("User-Agent", ""))
    numbers = (followed.link_id, followed.delivery_id)
    record_click(NewClick(*numbers, kind, device, now, followed.url))
