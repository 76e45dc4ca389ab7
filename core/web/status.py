"""The plain status page at `/`."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from sqlalchemy import func, select

from core import __version__
from core.broadcasts.models import Broadcast
from core.contacts.models import Contact
from core.db import db
from core.host import current_host
from core.installation import current_settings
from core.users import user_count

bp = Blueprint("status", __name__)


@bp.get("/")
def show() -> str:
    """What runs here; no secrets, no names of people."""
    broadcasts = db.session.execute(
        select(Broadcast.status, func.count()).group_by(Broadcast.status)
    )
    return render_template(
        "status.html",
        version=__version__,
        plugins=current_host().sound(),
        enabled={info.name for info in current_host().enabled()},
        broadcasts={status: count for status, count in broadcasts},  # noqa: C416
        newest_contact=db.session.scalar(select(func.max(Contact.id))),
        users=user_count(),
        public_url=current_settings().public_url,
    )


@bp.get("/style.css")
def style() -> Response:
    """The style sheet of the plain pages."""
    return Response(render_template("style.css"), mimetype="text/css")
