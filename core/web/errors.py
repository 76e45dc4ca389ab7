"""Errors at the edge: HTML for browsers, JSON for programs, never a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from core.errors import HeliographError

log = logging.getLogger(__name__)


def register_error_handlers(app: Flask) -> None:
    app.register_error_handler(HeliographError, told)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, unexpected)


def told(error: HeliographError) -> tuple[Response | str, int]:
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.path, error.message)
    return answer(error.message, error.status)


def refused(error: HTTPException) -> tuple[Response | str, int]:
    return answer(error.description or error.name, error.code or 500)


def unexpected(error: Exception) -> tuple[Response | str, int]:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return answer("Something went wrong here; it was written to the log.", 500)


def answer(message: str, status: int) -> tuple[Response | str, int]:
    accepted = request.accept_mimetypes
    if accepted.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("error.html", message=message, status=status), status
    return jsonify(error=message), status
