"""What broadcasts add: their menu entry, their pages, their metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from heliograph.broadcasts.progress import stalled_broadcasts
from heliograph.checkup.gauges import count_broadcasts
from heliograph.deliveries.obstacles import WORDS
from heliograph.hookspecs import hookimpl
from heliograph.host.extensions import MenuEntry, Metric, ObjectPage

Values = Iterable[tuple[tuple[str, ...], float]]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [MenuEntry("broadcasts.index", _l("Broadcasts"), "broadcast", 50)]


@hookimpl
def register_object_pages() -> list[ObjectPage]:
    return [ObjectPage("broadcast", "broadcasts.show", "broadcast_id")]


@hookimpl
def register_metrics() -> list[Metric]:
    words = "Broadcasts that should go on and do not, by what is in the way"
    return [
        Metric("broadcasts", "Broadcasts by status", by_status, ("status",)),
        Metric("broadcasts_stalled", words, stalled, ("obstacle",)),
    ]


def by_status() -> Values:
    return [((status,), count) for status, count in count_broadcasts().items()]


def stalled() -> Values:
    found = Counter(obstacle.kind for _, obstacle in stalled_broadcasts())
    return [((kind,), found[kind]) for kind in WORDS]
