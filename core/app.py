"""The application factory, as sentences."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core.campaigns import builtin
from core.db import init_db
from core.encryption import Cipher
from core.host.discovery import candidates
from core.host.plugins import EXTENSION, PluginHost
from core.logs import configure_logging
from core.meters import init_meters
from core.migrations import init_migrations
from core.private_files import make_private
from core.settings import Settings
from core.web import mount_web
from core.web.application import Application
from core.web.errors import register_error_handlers
from core.web.mount import mount_plugins
from core.web.prefix import PublicPrefix
from core.web.security import cookie_settings

SETTINGS = "heliograph_settings"
HIDDEN = {"hide_parameters": True}  # errors of the database are logged: no texts, no numbers


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; raises BadInput on settings that cannot be used."""
    settings = settings or Settings.from_environment()
    make_private(settings)
    keys = settings.keys()
    configure_logging(settings)
    app = Application("core")
    app.extensions[SETTINGS] = settings
    app.config.update(
        SECRET_KEY=keys[0],
        SECRET_KEY_FALLBACKS=keys[1:],
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        **cookie_settings(settings),
    )
    init_db(app)
    init_migrations(app)
    init_meters(app)
    app.extensions[EXTENSION] = load_plugins(settings, keys)
    mount_web(app)
    mount_plugins(app)
    register_error_handlers(app)
    # wrapped as Flask's documents say, which its types do not
    app.wsgi_app = PublicPrefix(app.wsgi_app, settings.prefix)  # type: ignore[assignment]
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies)  # type: ignore[method-assign]
    return app


def load_plugins(settings: Settings, keys: list[str]) -> PluginHost:
    host = PluginHost(Cipher(keys))
    host.load_built_in("core", builtin)
    if settings.safe_mode == "0":
        host.load(candidates(settings.plugin_folders))
    return host


def engine_options(settings: Settings) -> dict[str, object]:
    if settings.database.startswith("sqlite"):
        return {**HIDDEN, "connect_args": {"check_same_thread": False}}
    return {**HIDDEN, "pool_size": 20, "max_overflow": 20}
