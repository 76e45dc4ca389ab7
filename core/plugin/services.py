"""What core does for a plugin while one of its views, jobs or commands runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import g
from pydantic import BaseModel
from werkzeug.test import Client

from heliograph.channel import InboundText, StatusReport
from heliograph.db import let_go
from heliograph.deliveries.reports import receive_status as store_status
from heliograph.errors import HeliographError
from heliograph.host.calling import current_plugin as running
from heliograph.host.plugins import current_host
from heliograph.installation import running_app
from heliograph.replies.inbox import receive_reply as store_reply
from heliograph.web.mount import public_url

__all__ = ["plugin_config", "post_callbacks", "public_url", "receive_reply", "receive_status"]

CALLS_AT_ONCE = 8


def current_plugin() -> str:
    """Name of the plugin whose hook, view, job or command is running."""
    name: str | None = running.get() or g.get("plugin")
    if not name:
        raise HeliographError("No plugin is running here: give its name.")
    return name


def plugin_config(name: str | None = None, *, max_age: float = 0) -> BaseModel:
    """The validated config of the running plugin; raises ConfigIncomplete.

    With *max_age* it may be so many seconds old: for callbacks, which come by the
    thousand. Ask again without it before you refuse one.
    """
    if max_age:
        return current_host().recent_config(name or current_plugin(), max_age)
    return current_host().config(name or current_plugin())


def receive_reply(text: InboundText) -> bool:
    """Store an inbound text, apply its opt-out or opt-in; True when it is new.

    Call it only after the provider's signature was checked. When it raises,
    nothing was stored: let it raise, so that the provider sees a 5xx and retries.
    """
    return store_reply(current_plugin(), text)


def receive_status(report: StatusReport) -> bool:
    """Store a status and move its delivery up; True when it is new.

    Unknown texts are kept and matched later. Call it only after the provider's
    signature was checked.
    """
    return store_status(current_plugin(), report)


def post_callbacks(
    path: str, forms: Sequence[Mapping[str, str]], headers: Sequence[Mapping[str, str]]
) -> list[int]:
    """Call the running plugin's own callback at `/sms/<plugin><path>` in this process.

    For demo providers: the whole way of real callbacks but the network, several at
    a time. Returns the HTTP statuses. Must not be called inside a transaction.
    """
    app = running_app()
    url = f"/sms/{current_plugin()}{path}"
    let_go()

    def post(form: Mapping[str, str], own: Mapping[str, str]) -> int:
        with app.app_context():
            return Client(app).post(url, data=dict(form), headers=dict(own)).status_code

    with ThreadPoolExecutor(CALLS_AT_ONCE, "heliograph-callback") as pool:
        return list(pool.map(post, forms, headers))
