"""Hooks by which a plugin adds to pages, the doctor and the metrics. Asked once, at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from heliograph.host.extensions import Card, DoctorCheck, MenuEntry, Metric, ObjectPage


@hookspec
def register_menu() -> list[MenuEntry]:  # type: ignore[empty-body]  # a spec
    """Entries of the main menu, shown only while the plugin is enabled.

    Asked once per process at start. An entry without a label, or whose endpoint
    does not exist or needs arguments, quarantines the plugin.
    """


@hookspec
def register_checks() -> list[DoctorCheck]:  # type: ignore[empty-body]  # a spec
    """Checks of `heliograph doctor`, run only while the plugin is enabled.

    Asked once per process at start. A check that raises is a finding itself.
    """


@hookspec
def register_metrics() -> list[Metric]:  # type: ignore[empty-body]  # a spec
    """Gauges on `/metrics`, read only while the plugin is enabled.

    Asked once per process at start. A metric that raises, or whose values do not
    fit its labels, is logged and left out; the scrape goes on.
    """


@hookspec
def register_object_pages() -> list[ObjectPage]:  # type: ignore[empty-body]  # a spec
    """Pages of single objects: wherever such an object is named, it links there.

    Asked once per process at start. While the plugin is disabled the objects are
    named without a link. An endpoint that does not exist quarantines the plugin.
    """


@hookspec
def register_cards() -> list[Card]:  # type: ignore[empty-body]  # a spec
    """Cards on the dashboard and on the page of a contact, only while enabled.

    Asked once per process at start. A card that raises is logged and left out.
    """
