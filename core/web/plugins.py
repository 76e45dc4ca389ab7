"""The plugins page: what is there, on or off, its config, its connection."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.channel import Check
from heliograph.connection import check_connection, setup_steps
from heliograph.db import db
from heliograph.errors import HeliographError
from heliograph.host import PluginInfo, current_host
from heliograph.host.state import states
from heliograph.host.switching import Switched
from heliograph.installation import current_settings
from heliograph.plugin_files import candidates
from heliograph.providers import provider_class
from heliograph.web.access import asks_password
from heliograph.web.forms import Page, errors_of, seen_version, submit
from heliograph.web.schema_form import form_fields, given_values
from heliograph.web.trail import note

log = logging.getLogger(__name__)
bp = Blueprint("admin_plugins", __name__, url_prefix="/admin/plugins")

# -P: not what lies in the current folder under our name
COMMAND = ("-P", "-c", "from heliograph import run_command; run_command()")
INSTALL_SECONDS = 120


@bp.get("/")
def index() -> str:
    host = current_host()
    missing = [] if current_settings().safe_mode == "1" else host.missing()
    in_use = host.provider_in_use()
    return render_template(
        "admin/plugins.html",
        plugins=[*host.all(), *host.shadowed, *missing],
        missing=missing,
        enabled={info.name for info in host.enabled()},
        shadowed=host.shadowed,
        in_use=in_use,
        not_loaded=in_use and not host.is_enabled(in_use),
        questions={info.name: question_of_disabling(info) for info in host.enabled()},
        safe=current_settings().safe_mode == "1",
    )


@bp.get("/<name>")
def show(name: str) -> str:
    return shown(current_host().get(name), None)


def shown(info: PluginInfo, error: HeliographError | None) -> str:
    host, model = current_host(), info.contributions.config_model
    stored = host.shown_config(info.name)
    state = states().get(info.name)
    in_use = host.provider_in_use()
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
        in_use=in_use,
        in_use_title=host.title(in_use) if in_use else "",
        question=question_of_disabling(info),
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
@asks_password
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
    host = current_host()
    return render_template(
        "admin/check.html", result=result, plugin=host.get(name), in_use=host.provider_in_use()
    )


@bp.post("/<name>/enable")
def enable(name: str) -> Page:
    host = current_host()
    host.upgrade_tables()
    switched = host.enable(name)
    say_switched(name, _("%(name)s is enabled.", name=host.title(name)), switched)
    return redirect(url_for("admin_plugins.show", name=name), 303)


@bp.post("/<name>/disable")
def disable(name: str) -> Page:
    host = current_host()
    switched = host.disable(name)
    say_switched(name, _("%(name)s is disabled.", name=host.title(name)), switched)
    return redirect(url_for("admin_plugins.index"), 303)


@bp.post("/<name>/default")
def make_default(name: str) -> Page:
    host = current_host()
    host.upgrade_tables()
    switched = host.enable(name, default=True)
    note(host.title(name), texts_went_through=switched.before)
    flash(_("Texts go through %(name)s from now on.", name=host.title(name)))
    return redirect(url_for("admin_plugins.show", name=name), 303)


def say_switched(name: str, words: str, switched: Switched) -> None:
    """Note a switch for the trail, and say it on the page: for a provider, where texts go now."""
    info = current_host().get(name)
    note(info.title, texts_go_through=switched.now)
    flash(f"{words} {moved(switched)}" if info.contributions.providers else words)


def moved(switched: Switched) -> str:
    """Where texts go after plugins were switched."""
    if not switched.now:
        return str(_("No provider is enabled now, so nothing can be sent."))
    name = current_host().title(switched.now)
    if switched.before == switched.now:
        return str(_("Texts go through %(name)s, as before.", name=name))
    return str(_("Texts go through %(name)s from now on.", name=name))


def question_of_disabling(info: PluginInfo) -> str:
    """What to say before a plugin is disabled: what stops, and who takes its texts over."""
    host = current_host()
    if not info.contributions.providers:
        return str(
            _("Its pages and functions disappear until it is enabled again. Its data stays.")
        )
    words = [
        _(
            "%(name)s can no longer send. Its callbacks still verify and record, so that no STOP "
            "is lost.",
            name=info.title,
        )
    ]
    if host.provider_in_use() == info.name:
        words.append(_("Broadcasts that run through it wait until it is enabled again."))
        words.append(told_successor(host.successor(info.name)))
    return " ".join(words)


def told_successor(name: str) -> str:
    if not name:
        return str(_("No other provider is enabled: nothing can be sent until one is."))
    info = current_host().get(name)
    if provider_class(info).demo:
        return str(
            _("Other texts go through %(name)s, which reaches no real phone.", name=info.title)
        )
    return str(_("Other texts go through %(name)s.", name=info.title))


@bp.post("/install")
def install() -> Page:
    """Find new plugins and bring tables up to date, in a process of its own; then reload."""
    before = {info.name for info in current_host().all()}
    found = {item.name for item in candidates(current_settings().plugin_folders)}
    db.session.rollback()
    done = subprocess.run(  # noqa: S603  all of it is ours
        [sys.executable, *COMMAND, "plugins", "reload"],
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
