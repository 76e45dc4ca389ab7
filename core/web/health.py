"""For whoever watches the server: alive, and ready."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from heliograph.db import db
from heliograph.upgrades import current_revision, newest_revision

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers and its schema is the one this code needs."""
    try:
        db.session.execute(text("SELECT 1"))
        current, newest = current_revision(), newest_revision()
    except SQLAlchemyError as error:
        return jsonify(status="no database", error=type(error).__name__), 503
    if current != newest:
        mend = "Run: heliograph db upgrade"
        return jsonify(status="schema is old", current=current, newest=newest, mend=mend), 503
    return jsonify(status="ok", schema=current), 200
