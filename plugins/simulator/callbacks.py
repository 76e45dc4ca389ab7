"""What the simulated network calls: replies and statuses, signed."""

from __future__ import annotations

import hmac

from flask import Response, request

from heliograph.plugin import (
    Callbacks,
    FailureKind,
    InboundText,
    Status,
    StatusReport,
    receive_reply,
    receive_status,
)

from .reports import HEADER, sign
from .tables import signing_key

callbacks = Callbacks("callbacks", __name__)

STATUSES = {"delivered": Status.DELIVERED, "undelivered": Status.UNDELIVERED}


@callbacks.post("/callback")
def callback() -> Response:
    if not signed("/callback"):
        return Response("The signature does not fit.\n", 403)
    form = request.form
    if not form.get("id") or not form.get("from"):
        return Response("id and from are required.\n", 400)
    receive_reply(
        InboundText(form["id"], form["from"], to=form.get("to", ""), text=form.get("text", ""))
    )
    return Response(status=204)


@callbacks.post("/status")
def status() -> Response:
    if not signed("/status"):
        return Response("The signature does not fit.\n", 403)
    form = request.form
    word = STATUSES.get(form.get("status", ""))
    if not form.get("id") or word is None:
        return Response("id and a known status are required.\n", 400)
    failed = word is Status.UNDELIVERED
    receive_status(
        StatusReport(
            form["id"],
            word,
            reference=form.get("delivery", ""),
            kind=FailureKind.UNREACHABLE if failed else None,
            detail="The simulated phone is switched off." if failed else "",
        )
    )
    return Response(status=204)


def signed(path: str) -> bool:
    expected = sign(signing_key(), path, request.form.to_dict())
    given = request.headers.get(HEADER, "")
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
