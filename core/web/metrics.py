"""`/metrics` for Prometheus: for whoever has the token, or an admin who is signed in."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, g, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from heliograph.db import db
from heliograph.installation import current_settings
from heliograph.meters import CALLBACKS, current_meters
from heliograph.users import ADMIN
from heliograph.web.access import person
from heliograph.web.metric_families import Families

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def show() -> Response:
    if not may_read():
        refuse()
    current_meters().store()
    registry = CollectorRegistry()
    registry.register(Families())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    text = encode(registry)
    db.session.rollback()
    return Response(text, content_type=content_type)


def may_read() -> bool:
    token = current_settings().metrics_token
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    user = person()
    return user is not None and user.role == ADMIN


def refuse() -> None:
    """Without a token nobody needs to know that there is something."""
    if not current_settings().metrics_token:
        abort(404)
    words = "Give the token of HELIOGRAPH_METRICS_TOKEN: Authorization: Bearer ...\n"
    headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
    abort(Response(words, 401, headers, mimetype="text/plain"))


def count_callback(response: Response) -> None:
    """What a provider's callback was answered."""
    meters = current_meters()
    meters.add(CALLBACKS, g.plugin, {str(response.status_code): 1})
    if meters.overdue and response.status_code < 500:
        meters.store()
