"""The audit trail: each request that changed something, or exported it, leaves an entry."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from heliograph.audit import goes_on, record
from heliograph.web.access import changes_nothing, person

log = logging.getLogger(__name__)


def init_trail(app: Flask) -> None:
    app.after_request(leave_entry)


def note(subject: str, **changes: Any) -> None:
    """Say for the trail what this request changed; never secrets."""
    g.trail = (subject, changes)


def note_run(subject: str, **changes: Any) -> None:
    """The same for what is done again and again, such as saving while one draws: one entry."""
    note(subject, **changes)
    g.trail_of_run = True


def leave_entry(response: Response) -> Response:
    is_export = "trail" in g  # a GET that notes what it gives away
    if request.endpoint is None or (changes_nothing() and not is_export):
        return response
    if response.status_code >= 400:
        return response
    user = person() or g.get("entered")
    if user is None:
        return response
    subject, changes = g.get("trail", ("", {}))
    try:
        if g.get("trail_of_run") and goes_on(user, request.endpoint, request.path):
            return response
        record(
            user,
            request.endpoint,
            subject=subject,
            path=request.path,
            changes=changes,
            address=request.remote_addr or "",
        )
    except SQLAlchemyError:
        log.exception("no audit entry for %s by %s", request.endpoint, user.email)
    return response
