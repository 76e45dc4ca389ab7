"""Languages, time zones, and how pages show times, numbers and names of things."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Flask, has_request_context, request
from flask_babel import Babel, format_date, format_decimal, format_timedelta, get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from heliograph.db import utcnow
from heliograph.web.access import person
from heliograph.web.zones import comes_twice, input_time, page_zone, zone_name, zone_words

SKELETONS = {"short": "MMMd", "medium": "yMMMd", "day": "yMMMEd"}
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
    for words in (zone_words, zoned_words, day_words):
        app.add_template_global(words)
    app.context_processor(lambda: {"language": choose_language(), "languages": LANGUAGES})


def choose_language() -> str:
    """The user's own, else the best of what the browser asks for."""
    user = person() if has_request_context() else None
    if user is not None and user.locale in LANGUAGES:
        return user.locale
    best = request.accept_languages.best_match(list(LANGUAGES)) if has_request_context() else None
    return best or "en"


def moment(at: datetime | None, style: str = "medium") -> Markup:
    """A time in the reader's zone and language, exact for machines; style: see SKELETONS.

    The zone is beside it; within what names the zone once, by `ui.zone`, it is not drawn.
    """
    if at is None:
        return Markup("–")
    shown = words_of_time(at, SKELETONS[style], "Hm")
    kept = " zone-kept" if comes_twice(at, page_zone()) else ""
    words = zone_words(at=at)
    return Markup('<time datetime="{}">{}<span class="zone{}"> {}</span></time>').format(
        at.isoformat(timespec="seconds"), shown, kept, words
    )


def zoned_words(at: datetime, *skeletons: str, zone: ZoneInfo | None = None) -> str:
    """As `words_of_time`, with the zone: `Nov 23, 2026, 14:05 Paris time`."""
    return f"{words_of_time(at, *skeletons, zone=zone)} {zone_words(zone, at)}"


def day_words(at: datetime) -> str:
    """`Tue, Dec 1, 09:00 Paris time`: with the year only where it is another one."""
    zone = page_zone()
    same = at.astimezone(zone).year == utcnow().astimezone(zone).year
    return zoned_words(at, "MMMEd" if same else "yMMMEd", "Hm")


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
    exact = zoned_words(at, "yMMMd", "Hms")
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
