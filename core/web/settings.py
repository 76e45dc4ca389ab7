"""The settings page: what an admin changes without a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, current_app, flash, render_template, request, url_for
from flask_babel import gettext as _

from heliograph.db import utcnow
from heliograph.errors import Changed, HeliographError
from heliograph.installation import settings_of
from heliograph.stored_settings import (
    ENVIRONMENT,
    STORED,
    Shown,
    change_settings,
    list_settings,
    settings_version,
)
from heliograph.web.access import actor, asks_password
from heliograph.web.contact_form import country_options
from heliograph.web.forms import Page, differences, errors_of, submit
from heliograph.web.locale import words_of_time
from heliograph.web.sentence_words import told
from heliograph.web.trail import note

bp = Blueprint("admin_settings", __name__, url_prefix="/admin/settings")


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on the page: `stored` is what its input holds, `default` and `value` are words."""

    name: str
    label: str
    help: str
    effect: str
    variable: str
    fixed: bool
    value: str
    stored: str
    default: str
    changed_at: datetime | None
    changed_by: str


@bp.get("/")
def index() -> str:
    return shown(None)


def shown(error: HeliographError | None) -> str:
    rows = [row_of(one) for one in list_settings(settings_of(current_app))]
    typed = request.form if error else {row.name: row.stored for row in rows}
    return render_template(
        "admin/settings.html",
        rows=rows,
        typed=typed,
        errors={} if isinstance(error, Changed) else errors_of(error),
        theirs=overwritten(rows) if isinstance(error, Changed) else [],
        version=settings_version(),
        zones=sorted(available_timezones()),
        countries=country_options(),
    )


def row_of(one: Shown) -> Row:
    key = one.key
    return Row(
        key.name,
        told(key.label),
        told(key.help),
        told(key.effect),
        key.variable,
        one.source == ENVIRONMENT,
        value_words(key.name, one.value),
        one.value if one.source == STORED else "",
        value_words(key.name, key.default),
        one.changed_at,
        one.changed_by,
    )


def value_words(name: str, value: str) -> str:
    """A value as people say it."""
    if name == "default_region":
        return dict(country_options()).get(value.upper(), value)
    if name == "timezone":
        now = words_of_time(utcnow(), "Hm", zone=ZoneInfo(value))
        return str(_("%(zone)s (it is %(time)s there now)", zone=value, time=now))
    return value


def overwritten(rows: list[Row]) -> list[tuple[str, str]]:
    """What stands now where it differs from what was typed."""
    stored = {row.name: row.stored for row in rows if not row.fixed}
    return differences(request.form, stored, {row.name: row.label for row in rows})


@bp.post("/")
@asks_password
def save() -> Page:
    def store() -> str:
        given = settings_of(current_app)
        names = [one.key.name for one in list_settings(given) if one.source != ENVIRONMENT]
        changed = change_settings(
            given,
            {name: request.form[name] for name in names if name in request.form},
            by=actor().email,
            seen=request.form.get("version", ""),
        )
        words = {name: f"{before} → {after}" for name, (before, after) in changed.items()}
        note(", ".join(changed), **words)
        flash(_("Saved.") if changed else _("Nothing was changed."))
        return url_for("admin_settings.index")

    return submit(store, shown)
