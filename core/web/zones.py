"""Time zones on pages: in which zone a reader's clock is, and times that are typed in it."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from flask import has_request_context, request
from flask_babel import get_locale, pgettext
from flask_babel import gettext as _

from heliograph.errors import BadInput
from heliograph.installation import current_settings
from heliograph.web.access import person

NO_CITY = re.compile(r"UTC|GMT|Zulu|[A-Z0-9+-]+")
FIXED = re.compile(r"Etc/GMT[+-]\d+")


def zone_name() -> str:
    """The user's own time zone, else that of the installation."""
    user = person() if has_request_context() else None
    return user.timezone if user is not None and user.timezone else current_settings().timezone


def page_zone() -> ZoneInfo:
    return ZoneInfo(zone_name())


def zone_words(zone: ZoneInfo | None = None, at: datetime | None = None) -> str:
    """`Paris time`; with the offset as well when the clocks there show *at* twice."""
    zone = zone or page_zone()
    words = city_words(zone)
    if at is not None and comes_twice(at, zone):
        return f"{words}, {offset_words(at, zone)}"
    return words


def city_words(zone: ZoneInfo) -> str:
    if FIXED.fullmatch(zone.key):  # the signs of these names are the wrong way round
        return offset_words(datetime.now(UTC), zone)
    locale = get_locale() or "en"
    city = get_timezone_location(zone, locale=locale, return_city=True)
    if "/" not in zone.key and NO_CITY.fullmatch(zone.key):
        return zone.key
    if NO_CITY.fullmatch(city):
        return city
    before_vowel = city[0] in "AEIOUYÉÎ"
    plain = _("%(city)s time", city=city)
    return str(pgettext("before a vowel", "%(city)s time", city=city) if before_vowel else plain)


def offset_words(at: datetime, zone: ZoneInfo) -> str:
    """`UTC+02:00`."""
    shift = at.astimezone(zone).strftime("%z")
    return f"UTC{shift[:3]}:{shift[3:5]}"


def comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in *zone* show the hour of *at* twice, as they are put back."""
    clock = at.astimezone(zone).replace(tzinfo=None)
    first, second = (clock.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and exists_in(clock, zone)


def exists_in(clock: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in *zone* ever show *clock*: not while they are put forward."""
    back = clock.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) == clock


def input_time(at: datetime | None) -> str:
    """For `<input type=datetime-local>`: in the reader's zone, without it."""
    return at.astimezone(page_zone()).strftime("%Y-%m-%dT%H:%M") if at else ""


def read_time(text: str, *, stands: datetime | None = None) -> datetime | None:
    """What a datetime-local input holds, as UTC; raises ValueError.

    *stands* is what the input was filled with: unchanged it stays that very moment,
    with its seconds, and the second of two equal hours. Else the first is meant.
    """
    if not text.strip():
        return None
    if stands is not None and text.strip() == input_time(stands):
        return stands
    typed = datetime.fromisoformat(text.strip())
    try:
        at = (typed if typed.tzinfo else typed.replace(tzinfo=page_zone())).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"a time out of reach: {text!r}") from None
    if not MINYEAR < at.year < MAXYEAR:  # some zone could not show it
        raise ValueError(f"a time out of reach: {text!r}")
    return at


def typed_time(name: str, *, stands: datetime | None = None) -> datetime | None:
    """The time in the form's field *name*, as `read_time`; raises BadInput.

    An hour that the clocks leap over is refused.
    """
    text = request.form.get(name, "")
    try:
        at = read_time(text, stands=stands)
    except ValueError:
        problem, mend = _("is not a date and time"), _("Use 2026-11-23T14:05.")
        raise BadInput(name, problem, value=text, mend=mend) from None
    refuse_leap(name, text)
    return at


def refuse_leap(name: str, text: str) -> None:
    """Raise BadInput when clocks in the reader's zone never show the time *text*."""
    zone = page_zone()
    typed = datetime.fromisoformat(text.strip()) if text.strip() else None
    if typed is None or typed.tzinfo is not None or exists_in(typed, zone):
        return
    later = typed.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    problem = _("does not exist in %(zone)s: the clocks are put forward then", zone=zone_words())
    mend = _("Choose another hour, such as %(hour)s.", hour=later.strftime("%H:%M"))
    raise BadInput(name, problem, value=text.replace("T", " "), mend=mend)
