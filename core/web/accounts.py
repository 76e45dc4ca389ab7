"""Signing in and out, and one's own account."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from heliograph.contacts.values import parse_timezone
from heliograph.db import transaction
from heliograph.errors import BadInput, HeliographError
from heliograph.installation import current_settings
from heliograph.logins import (
    change_password,
    confirm_session,
    end_session,
    end_sessions,
    find_session,
    log_in,
    sessions_of,
)
from heliograph.users import THEMES, User, user_count
from heliograph.web.access import SignedIn, actor, load_user
from heliograph.web.forms import Page, errors_of
from heliograph.web.kept import own_path, read_kept
from heliograph.web.locale import LANGUAGES
from heliograph.web.trail import note

bp = Blueprint("accounts", __name__)


@bp.get("/login")
def login() -> Page:
    if current_user.is_authenticated:
        return redirect(url_for("dashboard.show"))
    if not user_count():
        return redirect(url_for("welcome.first"))
    return render_template("accounts/login.html", next=request.args.get("next"), error=None)


@bp.post("/login")
def enter() -> Page:
    form = request.form
    try:
        token = log_in(
            form.get("email", ""),
            form.get("password", ""),
            address=request.remote_addr or "",
            agent=request.user_agent.string,
        )
    except HeliographError as error:
        page = render_template(
            "accounts/login.html",
            next=form.get("next"),
            kept=form.get("kept", ""),
            error=error.message,
        )
        return page, error.status
    enter_with(token)
    fields = read_kept(form.get("kept", ""))
    if fields:
        return render_template(
            "accounts/resume.html", action=own_path(form.get("next", "/")), fields=fields
        )
    return redirect(own_path(form.get("next") or "/"), 303)


def enter_with(token: str) -> None:
    """A session of its own: nothing from before the sign-in is taken over."""
    session.clear()
    session.permanent = True
    signed_in = load_user(token)
    if signed_in is not None:
        g.entered = signed_in.user
        login_user(signed_in)
        note(signed_in.user.email)


@bp.post("/logout")
def leave() -> Page:
    signed_in: SignedIn = current_user
    end_session(signed_in.token)
    logout_user()
    session.clear()
    flash(_("You are signed out."))
    return redirect(url_for("accounts.login"), 303)


@bp.get("/account")
def show() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    here = find_session(current_user.token)
    return render_template(
        "accounts/show.html",
        sessions=sessions_of(actor().id),
        here=here.id if here else None,
        errors=errors_of(error),
        zones=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        installation_zone=current_settings().timezone,
    )


@bp.post("/account")
def edit() -> Page:
    form = request.form
    locale, theme = form.get("locale", ""), form.get("theme", "auto")
    zone = form.get("timezone", "")
    if locale not in ("", *LANGUAGES) or theme not in THEMES:
        raise BadInput("locale", "is not one that is offered", value=locale, mend="Choose one.")
    zone = str(parse_timezone(zone, "timezone")) if zone else ""
    with transaction() as database:
        mine = database.get_one(User, actor().id)
        mine.locale, mine.timezone, mine.theme = locale, zone, theme
    note(actor().email, locale=locale, timezone=zone, theme=theme)
    flash(_("Saved."))
    return redirect(url_for("accounts.show"), 303)


@bp.post("/account/password")
def change() -> Page:
    form = request.form
    try:
        change_password(
            actor(),
            form.get("old_password", ""),
            form.get("password", ""),
            address=request.remote_addr or "",
        )
    except HeliographError as error:
        return shown(error), error.status
    end_sessions(actor().id, but=current_user.token)
    confirm_session(current_user.token)
    note(actor().email)
    flash(_("The password is changed; all other sessions have ended."))
    return redirect(url_for("accounts.show"), 303)


@bp.post("/account/sessions/<int:session_id>/end")
def end(session_id: int) -> Page:
    end_sessions(actor().id, only=session_id)
    flash(_("That session has ended."))
    return redirect(url_for("accounts.show"), 303)


@bp.post("/account/sessions/end")
def end_all() -> Page:
    end_sessions(actor().id, but=current_user.token)
    flash(_("All other sessions have ended."))
    return redirect(url_for("accounts.show"), 303)
