"""The welcome page: the first account, and the zone and country that its browser suggests."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import available_timezones

from babel.core import get_global
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from phonenumbers import SUPPORTED_REGIONS

from heliograph.db import transaction
from heliograph.errors import HeliographError
from heliograph.installation import settings_of
from heliograph.logins import open_session
from heliograph.setting_keys import read_zone
from heliograph.setup_token import check_token, needs_token
from heliograph.stored_settings import DEFAULT, change_settings, list_settings
from heliograph.users import User, create_first_user, user_count
from heliograph.web.accounts import enter_with
from heliograph.web.contact_form import country_options
from heliograph.web.forms import Page, errors_of
from heliograph.web.trail import note

bp = Blueprint("welcome", __name__)


@bp.get("/welcome")
def first() -> Page:
    if user_count():
        return redirect(url_for("accounts.login"))
    return shown(None)


def shown(error: HeliographError | None) -> str:
    settings = {one.key.name: one for one in list_settings(settings_of(current_app))}
    return render_template(
        "accounts/first.html",
        errors=errors_of(error),
        guess=error is None,
        asks_token=asks_token(),
        region=request.form.get("default_region", region_of_browser()),
        asks_region=settings["default_region"].source == DEFAULT,
        asks_zone=settings["timezone"].source == DEFAULT,
        zone=settings["timezone"].value,
        zones=zones_with_country(),
        countries=country_options(),
    )


def asks_token() -> bool:
    """Whether the first account needs the set-up token."""
    return needs_token(settings_of(current_app), request.environ.get("SERVER_NAME", ""))


class ZoneOption(NamedTuple):
    name: str
    country: str


def zones_with_country() -> list[ZoneOption]:
    """Each zone with the country that it is in, "" for none."""
    countries = get_global("zone_territories")
    return [ZoneOption(name, countries.get(name, "")) for name in sorted(available_timezones())]


def region_of_browser() -> str:
    """The country of the first language that names one, as in fr-CA; "" for none.

    A guess for browsers without scripts: the others know their zone, which says more.
    """
    for language, _quality in request.accept_languages:
        _, _, region = language.replace("_", "-").rpartition("-")
        if region.upper() in SUPPORTED_REGIONS and len(region) < len(language):
            return region.upper()
    return ""


@bp.post("/welcome")
def begin() -> Page:
    form = request.form
    try:
        made = make_first_user()
    except HeliographError as error:
        return shown(error), error.status
    address, agent = request.remote_addr or "", request.user_agent.string
    enter_with(open_session(made.id, address=address, agent=agent))
    note(made.email, timezone=made.timezone, country=form.get("default_region", ""))
    return redirect(url_for("dashboard.show"), 303)


def make_first_user() -> User:
    """The account with its zone; zone and country are the installation's too if it has none."""
    form = request.form
    zone = form.get("timezone", "").strip()
    zone = read_zone(zone) if zone else ""
    wanted = {"timezone": zone, "default_region": form.get("default_region", "")}
    if asks_token() and not user_count():
        check_token(settings_of(current_app), form.get("setup_token", ""))
    with transaction():
        made = create_first_user(
            form.get("email", ""),
            form.get("password", ""),
            first_name=form.get("first_name", ""),
            last_name=form.get("last_name", ""),
            timezone=zone,
        )
        given = settings_of(current_app)
        open_ones = [one.key.name for one in list_settings(given) if one.source == DEFAULT]
        chosen = {name: wanted.get(name, "") for name in open_ones}
        change_settings(given, chosen, by=made.email)
    return made
