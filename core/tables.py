"""All tables of core, so that migrations and foreign keys see each of them."""

from __future__ import annotations

import importlib

MODULES = (
    "core.stored_settings",
    "core.users",
    "core.logins",
    "core.login_failures",
    "core.audit",
    "core.submissions",
    "core.figures",
    "core.meters",
    "core.contacts.models",
    "core.imports.models",
    "core.segments.models",
    "core.messages.models",
    "core.broadcasts.models",
    "core.campaigns.models",
    "core.deliveries.models",
    "core.links.models",
    "core.replies.models",
    "core.references",
    "core.dnc",
    "core.signals",
    "core.host.state",
    "core.jobs.models",
)


def import_all() -> None:
    for module in MODULES:
        importlib.import_module(module)
