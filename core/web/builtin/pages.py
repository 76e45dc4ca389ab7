"""Core's own pages: their menu entries, and the pages of its objects."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from heliograph.hookspecs import hookimpl
from heliograph.host.extensions import MenuEntry, ObjectPage


def of_admins(endpoint: str, label: str, icon: str, order: int) -> MenuEntry:
    return MenuEntry(endpoint, label, icon, order, role="admin", section="admin")


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [
        MenuEntry("dashboard.show", _l("Dashboard"), "speedometer2", 10),
        MenuEntry("contacts.index", _l("Contacts"), "people", 20),
        MenuEntry("segments.index", _l("Segments"), "diagram-2", 30),
        MenuEntry("messages.index", _l("Text messages"), "chat-left-text", 40),
        MenuEntry("inbox.index", _l("Inbox"), "inbox", 70),
        of_admins("admin_plugins.index", _l("Plugins"), "plug", 110),
        of_admins("admin_settings.index", _l("Settings"), "gear", 120),
        of_admins("admin_users.index", _l("Users"), "person-badge", 130),
        of_admins("admin_jobs.index", _l("Jobs"), "clock-history", 140),
        of_admins("admin_audit.index", _l("Audit log"), "journal-text", 150),
    ]


@hookimpl
def register_object_pages() -> list[ObjectPage]:
    return [
        ObjectPage("contact", "contacts.show", "contact_id"),
        ObjectPage("segment", "segments.show", "segment_id"),
        ObjectPage("message", "messages.show", "message_id"),
        ObjectPage("text", "broadcasts.delivery", "delivery_id"),
    ]
