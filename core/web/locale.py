"""Languages, time zones, and how pages show times, numbers and names of things."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Flask, has_request_context, request
from flask_babel import Babel, format_date, format_decimal, format_timedelta, get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from core.db import utcnow
from core.installation import current_settings
from core.web.access import person

LANGUAGES = {"en": "English", "fr": "Français"}


def init_locale(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=choose_language, timezone_selector=zone_name)
    app.add_template_filter(moment)
    app.add_template_filter(ago)
    app.add_template_filter(day)
    app.add_template_filter(span)
    app.add_template_filter(number)
    app.add_template_filter(input_time)
    app.context_processor(lambda: {"language": choose_language(), "languages": LANGUAGES})


def choose_language() -> str:
    """The user's own, else the best of what the browser asks for."""
    user = person() if has_request_context() else None
    if user is not None and user.locale in LANGUAGES:
        return user.locale
    best = request.accept_languages.best_match(list(LANGUAGES)) if has_request_context() else None
    return best or "en"


def zone_name() -> str:
    """The user's own time zone, else that of the installation."""
    user = person() if has_request_context() else None
    return user.timezone if user is not None and user.timezone else current_settings().timezone


def page_zone() -> ZoneInfo:
    return ZoneInfo(zone_name())


def moment(at: datetime | None, style: str = "medium") -> Markup:
    """A time in the reader's zone and language, exact for machines; `short` has no year."""
    if at is None:
        return Markup("–")
    shown = words_of_time(at, "MMMd" if style == "short" else "yMMMd", "Hm")
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), shown)


def words_of_time(at: datetime, *skeletons: str, zone: ZoneInfo | None = None) -> str:
    """Each part as the reader's language writes it: `Nov 23, 2026, 14:05`."""
    locale, zone = get_locale() or "en", zone or page_zone()
    return ", ".join(format_skeleton(one, at, tzinfo=zone, locale=locale) for one in skeletons)


def ago(at: datetime | None) -> Markup:
    """`3 minutes ago`, with the exact time on hover."""
    if at is None:
        return Markup("–")
    distance = at - utcnow()
    words = format_timedelta(distance, add_direction=True, threshold=0.9)
    if abs(distance.total_seconds()) < 5:
        words = _("just now")
    exact = words_of_time(at, "yMMMd", "Hms")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), exact, words
    )


def span(seconds: float) -> str:
    """`4 minutes`."""
    shown: str = format_timedelta(timedelta(seconds=seconds), threshold=1.2)
    return shown


def day(on: date, style: str = "medium") -> str:
    shown: str = format_date(on, style)
    return shown


def number(value: float | None) -> str:
    shown: str = format_decimal(value) if value is not None else "–"
    return shown


def input_time(at: datetime | None) -> str:
    """For `<input type=datetime-local>`: in the reader's zone, without it."""
    return at.astimezone(page_zone()).strftime("%Y-%m-%dT%H:%M") if at else ""


def read_time(text: str) -> datetime | None:
    """What a datetime-local input holds, as UTC; raises ValueError."""
    if not text.strip():
        return None
    typed = datetime.fromisoformat(text.strip())
    return (typed if typed.tzinfo else typed.replace(tzinfo=page_zone())).astimezone(UTC)
