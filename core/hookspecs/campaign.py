"""Hooks of campaigns. Asked once, at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heliograph.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from heliograph.actions import Action
    from heliograph.events import Condition, Decision


@hookspec
def register_actions() -> list[Action]:  # type: ignore[empty-body]  # a spec
    """Actions for the campaign canvas; offered only while the plugin is enabled.

    Asked once per process at start, outside of any transaction. Keys must begin
    with the plugin's name. An exception quarantines the plugin. While it is
    disabled or gone, contacts wait before its actions and go on by themselves.
    """


@hookspec
def register_decisions() -> list[Decision]:  # type: ignore[empty-body]  # a spec
    """Decisions for the campaign canvas, as `register_actions`.

    While the plugin is disabled, contacts who wait in one of its decisions stay
    there: neither path is taken.
    """


@hookspec
def register_conditions() -> list[Condition]:  # type: ignore[empty-body]  # a spec
    """Conditions for the campaign canvas, as `register_actions`."""
