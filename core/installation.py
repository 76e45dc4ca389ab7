"""The running application and its settings, for the domain."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Flask, current_app

from heliograph.settings import Settings
from heliograph.stored_settings import in_force


def running_app() -> Flask:
    """The application itself, for other threads: `current_app` is there in this one only."""
    # in Flask's documents, but not in its types
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return app


def current_settings() -> Settings:
    """The settings as they count now, with those that an admin has stored."""
    return in_force(settings_of(current_app))


def settings_of(app: Flask) -> Settings:
    """The settings of the environment alone, for what is needed without the database."""
    settings: Settings = app.extensions["heliograph_settings"]
    return settings


def current_zone() -> ZoneInfo:
    return ZoneInfo(current_settings().timezone)


def callback_url(provider: str, reference: str) -> str:
    """Where *provider* posts the statuses of a text; "" when no public URL is set."""
    public = current_settings().public_url.rstrip("/")
    return f"{public}/sms/{provider}/status?delivery={reference}" if public else ""
