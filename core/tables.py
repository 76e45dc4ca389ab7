"""All tables of core, so that migrations and foreign keys see each of them."""

from __future__ import annotations

import importlib

MODULES = (
    "heliograph.stored_settings",
    "heliograph.users",
    "heliograph.logins",
    "heliograph.login_failures",
    "heliograph.audit",
    "heliograph.submissions",
    "heliograph.figures",
    "heliograph.meters",
    "heliograph.contacts.models",
    "heliograph.imports.models",
    "heliograph.segments.models",
    "heliograph.messages.models",
    "heliograph.broadcasts.models",
    "heliograph.campaigns.models",
    "heliograph.deliveries.models",
    "heliograph.links.models",
    "heliograph.replies.models",
    "heliograph.references",
    "heliograph.dnc",
    "heliograph.signals",
    "heliograph.host.state",
    "heliograph.jobs.models",
)


def import_all() -> None:
    for module in MODULES:
        importlib.import_module(module)
