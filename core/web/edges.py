"""Menu entries, links of objects and cards: what the parts of the product add to pages."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, url_for
from markupsafe import Markup

from heliograph.host.contributions import BadContribution, Pages
from heliograph.host.extensions import Card, MenuEntry, ObjectPage
from heliograph.host.offered import attempt, offered
from heliograph.host.plugins import PluginHost, PluginInfo, current_host
from heliograph.users import ROLES
from heliograph.web.access import person

log = logging.getLogger(__name__)
OBJECTS = "heliograph_object_pages"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the menu as the template shows it; `pages` are names of blueprints."""

    endpoint: str
    label: str
    icon: str
    order: int
    pages: tuple[str, ...]


def init_edges(app: Flask, host: PluginHost) -> None:
    """Check the endpoints of all that was handed over; one that is wrong quarantines its plugin."""
    for info in host.built_in():
        check_endpoints(app, info)
    for info in host.sound():
        try:
            check_endpoints(app, info)
        except BadContribution:
            host.quarantine(info)
    known: dict[str, tuple[PluginInfo, ObjectPage]] = {}
    for info in (*host.built_in(), *host.sound()):
        known |= {page.kind: (info, page) for page in info.contributions.extensions.objects}
    app.extensions[OBJECTS] = known
    for helper in (menu, url_of, cards):
        app.add_template_global(helper)


def check_endpoints(app: Flask, info: PluginInfo) -> None:
    """Raises BadContribution for a view that is not there or takes other arguments."""
    for entry in menu_of(info):
        check_view(app, endpoint_of(info, entry.endpoint), set(), f"menu entry {entry.label}")
    for page in info.contributions.extensions.objects:
        if info.origin != "core" and page.kind.partition(".")[0] != info.name:
            raise BadContribution(f"kind {page.kind!r} must begin with {info.name!r}")
        what = f"object page {page.kind}"
        check_view(app, endpoint_of(info, page.endpoint), {page.argument}, what)


def check_view(app: Flask, endpoint: str, arguments: set[str], what: str) -> None:
    rules = app.url_map.iter_rules(endpoint) if endpoint in app.view_functions else []
    if not any("GET" in (rule.methods or ()) and rule.arguments == arguments for rule in rules):
        takes = ", ".join(sorted(arguments)) or "no argument"
        raise BadContribution(f"{what}: there is no view {endpoint!r} that takes {takes}")


def endpoint_of(info: PluginInfo, endpoint: str) -> str:
    """The endpoint as Flask knows it: blueprints of plugins are mounted by a longer name."""
    return endpoint if info.origin == "core" else f"plugin_{info.name}_{endpoint}"


def menu_of(info: PluginInfo) -> list[MenuEntry]:
    """Entries of the plugin, also those that `Pages` imply."""
    implied = [
        MenuEntry(f"{blueprint.name}.index", blueprint.menu, blueprint.icon, role=blueprint.role)
        for blueprint in info.contributions.blueprints
        if isinstance(blueprint, Pages)
    ]
    return [*info.contributions.extensions.menu, *implied]


def menu(section: str) -> list[MenuItem]:
    """The entries of *section* that the user of this request sees, in their order."""
    host = current_host()
    found = [
        item_of(info, entry)
        for info in (*host.built_in(), *host.enabled())
        for entry in menu_of(info)
        if entry.section == section and sees(entry.role)
    ]
    return sorted(found, key=lambda item: item.order)  # stable: equal ones as they were loaded


def item_of(info: PluginInfo, entry: MenuEntry) -> MenuItem:
    endpoint = endpoint_of(info, entry.endpoint)
    own = endpoint.rpartition(".")[0]
    further = (endpoint_of(info, page) for page in entry.pages)
    return MenuItem(endpoint, str(entry.label), entry.icon, entry.order, (own, *further))


def sees(role: str) -> bool:
    """Whether the user of this request has *role* or a higher one."""
    user = person()
    return user is not None and ROLES.index(user.role) <= ROLES.index(role)


def url_of(kind: str, object_id: int | str) -> str | None:
    """The page of an object, such as `url_of("broadcast", 7)`; None when there is none now."""
    found = current_app.extensions[OBJECTS].get(kind)
    if found is None:
        return None
    info, page = found
    if info.origin != "core" and not current_host().is_enabled(info.name):
        return None
    try:
        values: dict[str, Any] = {page.argument: int(object_id)}
        return url_for(endpoint_of(info, page.endpoint), **values)
    except ValueError:  # no number, or none that an address can have
        return None


def cards(place: str, *about: int) -> list[Markup]:
    """Cards of *place* for this user, in their order; one that fails is left out."""
    found = [
        (info, card) for info, card in offered("cards") if card.place == place and sees(card.role)
    ]
    shown = [card_of(info, card, *about) for info, card in sorted(found, key=lambda c: c[1].order)]
    return [card for card in shown if card]


def card_of(info: PluginInfo, card: Card, *about: int) -> Markup:
    html = attempt(info, f"card {card.key}", lambda: str(card.render(*about) or ""))
    return Markup("") if isinstance(html, Exception) else Markup(html)  # noqa: S704  a plugin's template
