"""Switching plugins on and off, and the one rule about which provider texts go through.

Texts that name no provider go through the default. The first provider that is enabled
becomes it; another one only when a person says so. When the default is disabled, the one
that was enabled first takes over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from heliograph.db import lock_table, transaction, utcnow
from heliograph.errors import Conflict
from heliograph.host.state import PluginState, change_state, forget_states, states

if TYPE_CHECKING:
    from heliograph.host.plugins import PluginHost, PluginInfo

UNKNOWN = datetime.min.replace(tzinfo=UTC)  # enabled before that was written down


class Switched(NamedTuple):
    """The provider that texts went through and the one they go through now; "" for none."""

    before: str
    now: str


def provider_in_use(host: PluginHost) -> str:
    """Name of the provider that texts go through; "" when none is enabled.

    The default, even if it is not loaded here: nothing else takes its texts over. Where
    there is none (it was never written down), the provider that was enabled first.
    """
    silent = {info.name for info in host.sound() if not info.contributions.providers}
    for name, state in states().items():
        if state.enabled and state.is_default and name not in silent:
            return name
    return first_enabled(host)


def first_enabled(host: PluginHost, *, but: str = "") -> str:
    """Name of the provider that was enabled first, *but* left out; "" when there is none."""
    found = [info for info in host.enabled() if info.contributions.providers and info.name != but]
    return min(found, key=rank).name if found else ""


def rank(info: PluginInfo) -> tuple[datetime, bool, str]:
    enabled_at = states()[info.name].enabled_at
    return enabled_at or UNKNOWN, info.contributions.providers[0].demo, info.name


def switch_on(host: PluginHost, name: str, *, default: bool) -> Switched:
    """Enable the plugin; raises Conflict when it is broken, or cannot be the default."""
    info = host.get(name)
    if info.fault:
        raise Conflict(f"The plugin {name} is broken and cannot be enabled: {info.reason}")
    if default and not info.contributions.providers:
        raise Conflict(f"The plugin {name} brings no provider: no text can go through it.")
    with transaction():
        before = locked(host)
        state = states().get(name)
        if state is None or not state.enabled:
            change_state(name, enabled=True, enabled_at=utcnow())
        if info.contributions.providers:
            choose(name if default or not before else before)
        return Switched(before, provider_in_use(host))


def switch_off(host: PluginHost, name: str) -> Switched:
    """Disable the plugin; when it was the default, the next provider is chosen at once."""
    host.get(name)
    with transaction():
        before = locked(host)
        change_state(name, enabled=False, is_default=False)
        now = provider_in_use(host)
        if before == name and now:
            choose(now)
        return Switched(before, now)


def locked(host: PluginHost) -> str:
    """Let nobody else switch plugins meanwhile; gives the provider in use."""
    lock_table(PluginState)
    forget_states()
    return provider_in_use(host)


def choose(name: str) -> None:
    """Write down that *name* is the default; a row that says so already is not touched."""
    if not states()[name].is_default:
        change_state(name, is_default=True)
