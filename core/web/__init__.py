"""Pages and endpoints of the application itself."""

from __future__ import annotations

from flask import Flask

from core.web import health, status


def mount_web(app: Flask) -> None:
    app.register_blueprint(health.bp)
    app.register_blueprint(status.bp)
