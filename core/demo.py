"""The first start of a new installation: a provider that works at once."""

from __future__ import annotations

import logging

from sqlalchemy import func, select

from heliograph.db import db
from heliograph.host import PluginState, current_host
from heliograph.providers import provider_class

log = logging.getLogger(__name__)


def set_up_demo() -> str | None:
    """Enable the demo provider when nothing was ever enabled; returns its name."""
    host = current_host()
    if db.session.scalar(select(func.count()).select_from(PluginState)):
        return None
    for info in host.sound():
        if info.contributions.providers and provider_class(info).demo:
            host.enable(info.name)
            log.info("the demo provider %s is enabled", info.name)
            return info.name
    return None
