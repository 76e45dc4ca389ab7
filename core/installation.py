"""The settings of the running application, for the domain."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Flask, current_app

from core.settings import Settings


def current_settings() -> Settings:
    settings: Settings = current_app.extensions["heliograph_settings"]
    return settings


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["heliograph_settings"]
    return settings


def current_zone() -> ZoneInfo:
    return ZoneInfo(current_settings().timezone)


def callback_url(provider: str, reference: str) -> str:
    """Where *provider* posts the statuses of a text; "" when no public URL is set."""
    public = current_settings().public_url.rstrip("/")
    return f"{public}/sms/{provider}/status?delivery={reference}" if public else ""
