"""The plugin host: finds plugins, loads them, calls their hooks.

The truth about what is enabled and how it is configured is in the database and
is read once per request, tick or command; what is loaded is fixed at start.
"""

from __future__ import annotations

from collections.abc import Mapping

from heliograph.db import once_committed
from heliograph.host.contributions import Callbacks, Job, Pages, PluginConfig
from heliograph.host.plugins import PluginHost, PluginInfo, current_host
from heliograph.host.state import PluginState

__all__ = [
    "Callbacks",
    "Job",
    "Pages",
    "PluginConfig",
    "PluginHost",
    "PluginInfo",
    "PluginState",
    "current_host",
    "gather",
    "notify",
]


def notify(hook: str, **arguments: object) -> None:
    """Tell each enabled plugin that has *hook*, once the running transaction is committed."""
    once_committed(lambda: ignore_answers(hook, arguments))


def ignore_answers(hook: str, arguments: Mapping[str, object]) -> None:
    current_host().call(hook, **arguments)


def gather(hook: str, **arguments: object) -> list[object]:
    """The answers of each enabled plugin that has *hook*."""
    return current_host().call(hook, **arguments).values
