"""Mounting the plugins' blueprints, with a gate before each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from flask import Blueprint, Flask, abort, current_app, g, request

from core.host.contributions import Callbacks, Pages
from core.host.plugins import PluginHost, PluginInfo, current_host
from core.installation import current_settings
from core.web.access import OWNERS

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
                mount(app, info, blueprint, owners)
        except Exception:
            host.quarantine(info)
    app.before_request(gate)
    app.add_template_global(plugin_pages)


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


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A plugin's word in the main menu."""

    endpoint: str
    blueprint: str
    label: str
    icon: str


def plugin_pages() -> list[MenuEntry]:
    """For the menu: pages of the enabled plugins."""
    entries = []
    for info in current_host().enabled():
        for blueprint in info.contributions.blueprints:
            if isinstance(blueprint, Pages):
                name = f"plugin_{info.name}_{blueprint.name}"
                entries.append(MenuEntry(f"{name}.index", name, blueprint.menu, blueprint.icon))
    return entries


def gate() -> None:
    """404 for pages of a plugin that is off; its callbacks stay open."""
    owner = current_app.extensions[OWNERS].get(request.blueprint)
    if owner is None:
        return
    g.plugin, callbacks = owner
    host = current_host()
    if host.get(g.plugin).fault or not (callbacks or host.is_enabled(g.plugin)):
        abort(404)


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
