"""Which provider sends: the enabled ones, the default, and opening one."""

from __future__ import annotations

import logging

from core.channel import Provider
from core.errors import Conflict
from core.host.plugins import PluginInfo, current_host

log = logging.getLogger(__name__)


def enabled_providers() -> list[PluginInfo]:
    """Enabled plugins that bring a provider."""
    return [info for info in current_host().enabled() if info.contributions.providers]


def default_provider() -> str:
    """Name of the provider that texts go through (the rule is in core/host/switching.py).

    Raises Conflict when none is enabled, and when the one in use is not loaded: no other
    one takes its texts over.
    """
    host = current_host()
    name = host.provider_in_use()
    if not name:
        raise Conflict(
            "No provider is enabled, so nothing can be sent. "
            "Run: heliograph plugins list, then heliograph plugins enable NAME"
        )
    if name not in {info.name for info in enabled_providers()}:
        raise Conflict(
            f"Texts go through {name}, which is not loaded here. Repair it, or choose another one. "
            "Run: heliograph plugins list, then heliograph plugins enable NAME --default"
        )
    return name


def provider_class(info: PluginInfo) -> type[Provider]:
    return info.contributions.providers[0]


def open_provider(name: str, *, even_disabled: bool = False) -> Provider:
    """A live provider; raises Conflict when it is off and ConfigIncomplete."""
    info = current_host().get(name)
    if info.fault:
        raise Conflict(f"The plugin {name} is broken: {info.reason}")
    if not info.contributions.providers:
        raise Conflict(f"The plugin {name} brings no provider.")
    if not (even_disabled or current_host().is_enabled(name)):
        raise Conflict(f"The provider {name} is disabled. Run: heliograph plugins enable {name}")
    config = current_host().config(name)
    try:
        return provider_class(info)(config)
    except (Exception, SystemExit) as error:
        log.exception("provider %s does not start", name)
        raise Conflict(f"The provider {name} does not start: {error!r}") from error
