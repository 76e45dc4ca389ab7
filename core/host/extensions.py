"""What a plugin adds to pages, the doctor and the metrics: plain descriptions of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from flask_babel import LazyString

ROLES = ("admin", "marketer", "reader")
MENU_SECTIONS = ("main", "admin")
CARD_PLACES = ("dashboard", "contact")
NEEDED = "needs_role"  # the attribute of a marked view
OK, NOTE, BAD = "ok", "note", "bad"
METRIC_NAME = re.compile(r"[a-z][a-z0-9_]*")


View = TypeVar("View", bound=Callable[..., Any])


def needs_role(role: str) -> Callable[[View], View]:
    """Marks a view: *role* is the least that may ask for it. Put it below the route.

    Without it whoever signed in may look, and marketers may also change. It only ever
    narrows that. Raises ValueError for a role that is none.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {ROLES}, not {role!r}")

    def mark(view: View) -> View:
        setattr(view, NEEDED, role)
        return view

    return mark


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the main menu.

    `endpoint` is a view without arguments: `<blueprint>.<view>`, in a plugin its own
    blueprint. `icon` is a name of bootstrap-icons. Entries stand by `order`: core's are 10
    to 70 and 110 to 150. `role` is the least role that sees it: reader, marketer or admin.
    `section` is main or admin. `pages` are further blueprints whose pages belong to it.
    """

    endpoint: str
    label: str | LazyString
    icon: str = "puzzle"
    order: int = 100
    role: str = "reader"
    section: str = "main"
    pages: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the doctor. `level` "bad" is broken, "note" worth knowing, else "ok".

    `mend` is what to do about it.
    """

    level: str
    what: str
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """A check of `heliograph doctor`; `run` only reads. `key` is `<plugin>.<name>`."""

    key: str
    run: Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge on `/metrics`, called `heliograph_<name>`; `name` begins with the plugin's.

    `read` gives pairs of label values, in the order of `labels`, and a number. It runs on
    each scrape: read by index, call nobody.
    """

    name: str
    help: str
    read: Callable[[], Iterable[tuple[tuple[str, ...], float]]]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """The page of one object: `url_of(kind, id)` leads to it.

    `endpoint` is a view, as in MenuEntry, that takes the id as *argument* and nothing else.
    `kind` of a plugin is its name or `<plugin>.<word>`.
    """

    kind: str
    endpoint: str
    argument: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card on the dashboard or on a contact's page.

    `place` is dashboard or contact. `render` returns HTML, for instance by
    `flask.render_template`, or "" for no card; for a contact it is given the id. The pages
    allow no inline script and no inline style. `key` is `<plugin>.<name>`.
    """

    key: str
    place: str
    render: Callable[..., str]
    order: int = 100
    role: str = "reader"


@dataclass(frozen=True, slots=True)
class Extensions:
    """All that one plugin adds to the edges of the application."""

    menu: list[MenuEntry]
    checks: list[DoctorCheck]
    metrics: list[Metric]
    objects: list[ObjectPage]
    cards: list[Card]


# what each hook hands over, by the field of Extensions
HOOKS: dict[str, tuple[str, type]] = {
    "menu": ("register_menu", MenuEntry),
    "checks": ("register_checks", DoctorCheck),
    "metrics": ("register_metrics", Metric),
    "objects": ("register_object_pages", ObjectPage),
    "cards": ("register_cards", Card),
}
NOTHING = Extensions([], [], [], [], [])


def fault_of(name: str, given: Extensions, *, built_in: bool = False) -> str:
    """Why *given* cannot be used; "" when it can. Words for the author of the plugin.

    Metrics of what is *built in* have short names.
    """
    for field, (hook, kind) in HOOKS.items():
        for item in getattr(given, field):
            if not isinstance(item, kind):
                return f"{hook} must return {kind.__name__} objects, not {item!r}"
    fault = fault_of_keys(name, given) or ("" if built_in else fault_of_names(name, given))
    return fault or next(filter(None, map(fault_of_one, every(given))), "")


def every(given: Extensions) -> list[Any]:
    return [item for field in HOOKS for item in getattr(given, field)]


def fault_of_keys(name: str, given: Extensions) -> str:
    checks, cards = [one.key for one in given.checks], [one.key for one in given.cards]
    metrics = [one.name for one in given.metrics]
    for key in (*checks, *cards):
        if not key.startswith(f"{name}."):
            return f"key {key!r} must begin with {name + '.'!r}"
    kinds, endpoints = [one.kind for one in given.objects], [one.endpoint for one in given.menu]
    for group in (checks, cards, metrics, kinds, endpoints):
        for one in group:
            if group.count(one) > 1:
                return f"{one!r} is given twice"
    return ""


def fault_of_names(name: str, given: Extensions) -> str:
    for metric in given.metrics:
        if not f"{metric.name}_".startswith(f"{name}_"):
            return f"metric {metric.name!r} must begin with {name + '_'!r}"
    return ""


def fault_of_one(item: Any) -> str:
    if isinstance(item, MenuEntry):
        if not str(item.label).strip() or not item.endpoint:
            return f"the menu entry of {item.endpoint!r} needs a label and an endpoint"
        if item.section not in MENU_SECTIONS:
            return f"section of a menu entry must be main or admin, not {item.section!r}"
    if isinstance(item, Metric) and not METRIC_NAME.fullmatch(item.name):
        return f"metric {item.name!r} must be small letters, digits and _"
    if isinstance(item, Card) and item.place not in CARD_PLACES:
        return f"place of card {item.key!r} must be one of {CARD_PLACES}, not {item.place!r}"
    if isinstance(item, MenuEntry | Card) and item.role not in ROLES:
        return f"role must be one of {ROLES}, not {item.role!r}"
    order: Any = getattr(item, "order", 0)
    if not isinstance(order, int):
        return f"order must be a whole number, not {order!r}"
    return ""
