"""Errors at the edge: HTML for browsers, JSON for programs, never a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from heliograph.errors import ConfigIncomplete, HeliographError
from heliograph.web.access import is_callback
from heliograph.web.mount import for_later

log = logging.getLogger(__name__)

Answer = Response | tuple[Response | str, int]
MOST_DRAINED = 1 << 30


def register_error_handlers(app: Flask) -> None:
    app.register_error_handler(HeliographError, told)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, unexpected)


def told(error: HeliographError) -> Answer:
    if is_callback() and (error.status >= 500 or isinstance(error, ConfigIncomplete)):
        log.warning("a callback of %s cannot be taken: %s", g.get("plugin"), error.message)
        return for_later()
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.path, error.message)
    return answer(error.message, error.status)


def refused(error: HTTPException) -> Answer:
    if error.code == 413:
        drain()
        return answer("This is too large: 100 MB is the most.", 413)
    return answer(error.description or error.name, error.code or 500)


def drain() -> None:
    """Read an upload that is refused to its end, or the browser would not read the answer."""
    left = min(request.content_length or 0, MOST_DRAINED)
    stream = request.environ["wsgi.input"]
    while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
        left -= len(chunk)


def unexpected(error: Exception) -> Answer:
    plugin = g.get("plugin")
    whose = f"plugin {plugin}: " if plugin else ""
    words = "%s%s %s failed"
    log.exception(words, whose, request.method, request.path, exc_info=error)
    return answer("Something went wrong here; it was written to the log.", 500)


def answer(message: str, status: int) -> Answer:
    if request.headers.get("HX-Request"):  # htmx accepts anything, and shows words
        return Response(message, status, mimetype="text/plain")
    accepted = request.accept_mimetypes
    if accepted.best_match(["application/json", "text/html"]) != "text/html":
        return jsonify(error=message), status
    if is_callback():
        return Response(message, status, mimetype="text/plain")
    try:
        return render_template("error.html", message=message, status=status), status
    except Exception:  # the page around the message needs the database
        log.exception("the error page failed")
        return Response(message, status, mimetype="text/plain")
