"""The plugins page: what is there, on or off, its config, its connection."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from core.channel import Check
from core.connection import check_connection, setup_steps
from core.db import db
from core.errors import HeliographError
from core.host import PluginInfo, current_host
from core.host.discovery import candidates
from core.host.state import states
from core.installation import current_settings
from core.providers import default_provider, provider_class
from core.web.forms import Page, errors_of, seen_version, submit
from core.web.schema_form import form_fields, given_values
from core.web.trail import note

log = logging.getLogger(__name__)
bp = Blueprint("admin_plugins", __name__, url_prefix="/admin/plugins")

INSTALL_SECONDS = 120


@bp.get("/")
def index() -> str:
    host = current_host()
    missing = [] if current_settings().safe_mode == "1" else host.missing()
    try:
        default = default_provider()
    except HeliographError:
        default = ""
    return render_template(
        "admin/plugins.html",
        plugins=[*host.all(), *host.shadowed, *missing],
        missing=missing,
        enabled={info.name for info in host.enabled()},
        shadowed=host.shadowed,
        default=default,
        safe=current_settings().safe_mode == "1",
    )


@bp.get("/<name>")
def show(name: str) -> str:
    return shown(current_host().get(name), None)


def shown(info: PluginInfo, error: HeliographError | None) -> str:
    host, model = current_host(), info.contributions.config_model
    stored = host.shown_config(info.name)
    state = states().get(info.name)
    provider = provider_class(info) if info.contributions.providers else None
    url = callback_url(info.name)
    return render_template(
        "admin/plugin.html",
        plugin=info,
        enabled=host.is_enabled(info.name),
        fields=form_fields(model, stored, request.form if error else None) if model else [],
        errors=errors_of(error),
        version=state.updated_at.isoformat() if state else "",
        incomplete=what_is_missing(info),
        callback_url=url,
        reachable=bool(current_settings().public_url),
        steps=setup_steps(provider, url) if provider else [],
        provider=provider,
        is_default=state.is_default if state else False,
        check_now="check" in request.args,
    )


def what_is_missing(info: PluginInfo) -> str:
    if info.contributions.config_model is None:
        return ""
    try:
        current_host().config(info.name)
    except HeliographError as error:
        return error.message.partition(" Run: ")[0]
    return ""


def callback_url(name: str) -> str:
    """Where the provider is to call; without a public URL, as this browser sees us."""
    public = current_settings().public_url.rstrip("/")
    return f"{public or request.url_root.rstrip('/')}/sms/{name}/callback"


@bp.post("/<name>")
def configure(name: str) -> Page:
    info = current_host().get(name)
    model = info.contributions.config_model

    def save() -> str:
        given = given_values(model, request.form) if model else {}
        current_host().configure(name, given, seen=seen_version())
        note(info.title, fields=", ".join(key for key, value in given.items() if value))
        if request.form.get("then") == "check":
            return url_for("admin_plugins.show", name=name, check=1) + "#check"
        flash(_("The configuration is saved."))
        return url_for("admin_plugins.show", name=name)

    return submit(save, lambda error: shown(info, error))


@bp.post("/<name>/check")
def check(name: str) -> str:
    """Test the connection with what is saved; answers a piece of the page."""
    try:
        result = check_connection(name)
    except HeliographError as error:
        result = Check(ok=False, text=error.message.partition(" Run: ")[0])
    note(name, ok=result.ok)
    return render_template("admin/check.html", result=result)


@bp.post("/<name>/enable")
def enable(name: str) -> Page:
    current_host().upgrade_tables()
    current_host().enable(name)
    note(current_host().get(name).title)
    flash(_("%(name)s is enabled.", name=current_host().get(name).title))
    return redirect(url_for("admin_plugins.show", name=name), 303)


@bp.post("/<name>/disable")
def disable(name: str) -> Page:
    current_host().disable(name)
    note(current_host().get(name).title)
    flash(_("%(name)s is disabled.", name=current_host().get(name).title))
    return redirect(url_for("admin_plugins.index"), 303)


@bp.post("/<name>/default")
def make_default(name: str) -> Page:
    current_host().enable(name, default=True)
    note(current_host().get(name).title)
    flash(_("Texts go through %(name)s from now on.", name=current_host().get(name).title))
    return redirect(url_for("admin_plugins.index"), 303)


@bp.post("/install")
def install() -> Page:
    """Find new plugins and bring tables up to date, in a process of its own; then reload."""
    before = {info.name for info in current_host().all()}
    found = {item.name for item in candidates(current_settings().plugin_folders)}
    db.session.rollback()
    done = subprocess.run(
        [sys.executable, "-c", "from core.cli import main; main()", "plugins", "reload"],
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        flash(done.stderr.strip()[-500:] or _("The plugins could not be installed."), "error")
        return redirect(url_for("admin_plugins.index"), 303)
    new = ", ".join(sorted(found - before))
    note("plugins", found=new)
    if reload_server():
        flash(_("Plugins are up to date. New: %(new)s", new=new or _("none")))
    elif new:
        flash(_("Found %(new)s. Restart the server to load it.", new=new), "warning")
    else:
        flash(_("Plugins are up to date."))
    return redirect(url_for("admin_plugins.index"), 303)


def reload_server() -> bool:
    """Ask gunicorn for new workers, which load the plugins anew; False without gunicorn."""
    if not request.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        return False
    os.kill(os.getppid(), signal.SIGHUP)
    return True
