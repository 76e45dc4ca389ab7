"""Which provider sends: the enabled ones, the default, and opening one."""

from __future__ import annotations

import logging
import math
from types import UnionType

from pydantic import BaseModel

from heliograph.channel import Provider
from heliograph.errors import Conflict
from heliograph.host.guard import guarded
from heliograph.host.plugins import PluginInfo, current_host

log = logging.getLogger(__name__)

LONGEST_SENDER = 64
# name, type and least value of what core reads of a provider
FACTS: tuple[tuple[str, type | UnionType, float], ...] = (
    ("sender", str, 0),
    ("parts_per_second", int | float, 0),
    ("concurrency", int, 1),
    ("timeout", int | float, 0.1),
    ("settles_after", int | float, 0),
)


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
        return guarded(opened, provider_class(info), config)
    except Exception as error:
        log.exception("provider %s does not start", name)
        raise Conflict(f"The provider {name} does not start: {error!r}") from error


def opened(made_by: type[Provider], config: BaseModel) -> Provider:
    """A provider whose facts are what core reckons with; raises TypeError, or what it raises."""
    provider = made_by(config)
    for name, kind, least in FACTS:
        given: object = getattr(provider, name)
        if not isinstance(given, kind) or isinstance(given, bool):
            raise TypeError(f"its {name} is {given!r}, which is no {kind_words(kind)}")
        if isinstance(given, int | float) and not least <= given < math.inf:
            raise ValueError(f"its {name} is {given!r}, and must be at least {least}")
    if len(provider.sender) > LONGEST_SENDER:
        raise ValueError(f"its sender is longer than {LONGEST_SENDER} characters")
    return provider


def kind_words(kind: type | UnionType) -> str:
    return "text" if kind is str else "whole number" if kind is int else "number"
