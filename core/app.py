"""The application factory, as sentences."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from heliograph.campaigns import builtin as campaigns
from heliograph.checkup import builtin as checkup
from heliograph.db import init_db
from heliograph.deliveries import builtin as deliveries
from heliograph.encryption import Cipher
from heliograph.host.plugins import EXTENSION, PluginHost
from heliograph.imports import builtin as imports
from heliograph.links import builtin as links
from heliograph.logs import configure_logging
from heliograph.meters import init_meters
from heliograph.parts import check_parts
from heliograph.plugin_files import candidates
from heliograph.private_files import make_private
from heliograph.replies import builtin as replies
from heliograph.segments import builtin as segments
from heliograph.settings import Settings
from heliograph.upgrades import init_migrations
from heliograph.web import mount_web
from heliograph.web.application import Application
from heliograph.web.builtin import broadcasts as broadcast_pages
from heliograph.web.builtin import campaigns as campaign_pages
from heliograph.web.builtin import imports as import_pages
from heliograph.web.builtin import pages
from heliograph.web.errors import register_error_handlers
from heliograph.web.mount import mount_plugins
from heliograph.web.prefix import PublicPrefix
from heliograph.web.security import cookie_settings

# parts that come by the hooks that plugins use; of one hook the last is called first
BUILT_IN = (
    ("imports", imports),
    ("core", campaigns),
    ("links", links),
    ("replies", replies),
    ("deliveries", deliveries),
    ("segments", segments),
    ("checkup", checkup),
    ("pages", pages),
    ("broadcast_pages", broadcast_pages),
    ("campaign_pages", campaign_pages),
    ("import_pages", import_pages),
)
SETTINGS = "heliograph_settings"
HIDDEN = {"hide_parameters": True}  # errors of the database are logged: no texts, no numbers


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application.

    Raises BadInput on settings that cannot be used, StartFailed when installations are mixed.
    """
    check_parts()
    settings = settings or Settings.from_environment()
    make_private(settings)
    keys = settings.keys()
    configure_logging(settings)
    app = Application("heliograph")
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
    for name, module in BUILT_IN:
        host.load_built_in(name, module)
    if settings.safe_mode == "0":
        host.load(candidates(settings.plugin_folders))
    return host


def engine_options(settings: Settings) -> dict[str, object]:
    if settings.database.startswith("sqlite"):
        return {**HIDDEN, "connect_args": {"check_same_thread": False}}
    return {**HIDDEN, "pool_size": 20, "max_overflow": 20}
