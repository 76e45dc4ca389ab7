"""Hooks of campaigns. Asked once, at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from core.actions import Action


@hookspec
def register_actions() -> list[Action]:  # type: ignore[empty-body]
    """Actions for the campaign canvas; offered only while the plugin is enabled.

    Asked once per process at start, outside of any transaction. Keys must begin
    with the plugin's name. An exception quarantines the plugin.
    """
