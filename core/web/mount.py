"""Mounting the plugins' blueprints, with a gate before each of them."""

from __future__ import annotations

import logging
from functools import lru_cache
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, current_app, g, request

from heliograph.host.contributions import Callbacks
from heliograph.host.guard import guarded
from heliograph.host.plugins import PluginHost, PluginInfo, current_host
from heliograph.host.state import states
from heliograph.installation import current_settings
from heliograph.web.access import OWNERS
from heliograph.web.edges import init_edges

log = logging.getLogger(__name__)

RETRY_AFTER = 60  # seconds
UNQUOTED = "/%:@!$&'()*+,;=~"


def mount_plugins(app: Flask) -> None:
    """Register every blueprint of every sound plugin; enabled or not is asked later.

    A blueprint that Flask refuses quarantines its plugin, nothing else.
    """
    host: PluginHost = app.extensions["heliograph_plugins"]
    owners: dict[str, tuple[str, bool]] = {}
    app.extensions[OWNERS] = owners
    for info in host.sound():
        try:
            for blueprint in info.contributions.blueprints:
                guarded(mount, app, info, blueprint, owners)
        except Exception:
            host.quarantine(info)
    app.before_request(gate)
    init_edges(app, host)


def mount(
    app: Flask, info: PluginInfo, blueprint: Blueprint, owners: dict[str, tuple[str, bool]]
) -> None:
    callbacks = isinstance(blueprint, Callbacks)
    name = f"plugin_{info.name}_{blueprint.name}"
    prefix = f"/sms/{info.name}" if callbacks else f"/plugins/{info.name}"
    owners[name] = (info.name, callbacks)
    if callbacks:  # they have no token of ours: each checks its provider's signature
        app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint, name=name, url_prefix=prefix)


def gate() -> Response | None:
    """404 for pages of a plugin that is off; its callbacks stay open.

    503 for callbacks of a plugin that is set up and cannot answer: most providers try
    again after that, and give up after a 404.
    """
    owner = current_app.extensions[OWNERS].get(request.blueprint)
    if owner is None:
        return refusal_for_now() if request.routing_exception else None
    g.plugin, callbacks = owner
    host = current_host()
    broken = bool(host.get(g.plugin).fault)
    if broken and callbacks and (refusal := refusal_for_now()):
        return refusal
    if broken or not (callbacks or host.is_enabled(g.plugin)):
        abort(404)
    return None


def refusal_for_now() -> Response | None:
    """For a callback of a plugin that was enabled once, and is broken or missing here."""
    first, _, rest = request.path.removeprefix("/").partition("/")
    name = rest.partition("/")[0]
    host = current_host()
    if first != "sms" or name in {info.name for info in host.sound()} or name not in states():
        return None
    log.warning("a callback of %s was answered with 503: the plugin is broken or missing", name)
    return for_later()


def for_later() -> Response:
    """503 for a provider, which tries again; a stranger learns nothing from it."""
    answer = Response("This cannot be taken now. Try again later.\n", 503, mimetype="text/plain")
    answer.retry_after = RETRY_AFTER
    return answer


def public_url() -> str:
    """The URL of this request as the outside called it: what signatures cover."""
    public = current_settings().public_url.rstrip("/")
    if not public:
        return request.url
    path = quoted(request.path)
    query = request.query_string.decode("latin-1")
    return f"{public}{path}?{query}" if query else public + path


@lru_cache(maxsize=256)
def quoted(path: str) -> str:
    return quote(path, safe=UNQUOTED)
