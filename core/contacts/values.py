"""Typed values out of what files, forms and the API hand over."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from zoneinfo import available_timezones

from heliograph.contacts.countries import country_code
from heliograph.errors import BadInput
from heliograph.nfc import nfc

Value = str | int | float | bool | None

TRUE, FALSE = {"1", "true", "yes", "y", "on"}, {"0", "false", "no", "n", "off"}
LARGEST = 10**15  # numbers below it are exact in any JSON reader
TEXT_LIMIT, EMAIL_LIMIT, CUSTOM_LIMIT = 120, 254, 1000

GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(.+))?")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
LOCALE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")


def parse_text(raw: object, name: str, limit: int = CUSTOM_LIMIT) -> str:
    """*raw* as clean text, composed (NFC), of at most *limit* characters; raises BadInput."""
    if isinstance(raw, (dict, list, tuple, set, bytes)):
        raise BadInput(name, "is not a plain value", value=raw, mend="Give one value.")
    text = "" if raw is None else nfc(str(raw).replace("\x00", "").strip())
    if len(text) > limit:
        mend = f"Use {limit} characters at most."
        raise BadInput(name, "is too long", value=text, mend=mend, code="too_long")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise BadInput(name, "has a broken character", value=ascii(text), mend="Enter it again.")
    return text


def parse_number_value(text: str, name: str) -> int | float:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadInput(
            name, "is not a number", value=text, mend="Use digits, as in 12.5."
        ) from None
    if not number.is_finite() or abs(number) >= LARGEST:
        raise BadInput(name, "is too large", value=text, mend="Use fewer than 16 digits.")
    whole = number == number.to_integral_value()
    result = int(number) if whole else float(number)
    if not math.isfinite(result):
        raise BadInput(name, "is not a number", value=text, mend="Use digits, as in 12.5.")
    return result


def parse_boolean(text: str, name: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise BadInput(name, "is neither yes nor no", value=text, mend="Use yes or no.")


def parse_date(text: str, name: str) -> str:
    """`2026-11-23` out of ISO 8601 or DD.MM.YYYY; a time of day is dropped."""
    try:
        return moment(text).date().isoformat()
    except ValueError:
        mend = "Use 2026-11-23 or 23.11.2026."
        raise BadInput(name, "is not a date", value=text, mend=mend) from None


def parse_datetime(text: str, name: str) -> str:
    """`2026-11-23T14:05:00+00:00`, in UTC; a time without zone is taken as UTC."""
    try:
        at = moment(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        mend = "Use 2026-11-23T14:05:00+01:00 or 23.11.2026 14:05."
        raise BadInput(name, "is not a date and time", value=text, mend=mend) from None
    return at.isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """The date or time in *text*; raises ValueError."""
    german = GERMAN_DATE.fullmatch(text)
    if not german:
        return datetime.fromisoformat(text)
    day, month, year, clock = german.groups()
    on = date(int(year), int(month), int(day))
    return datetime.fromisoformat(f"{on.isoformat()}T{clock}" if clock else on.isoformat())


def parse_choice(text: str, name: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise BadInput(name, "is no choice", value=text, mend=f"Use one of {', '.join(choices)}.")


def parse_country(text: str, name: str) -> str:
    code = country_code(text)
    if not code:
        raise BadInput(name, "is not a country", value=text, mend="Use two letters such as FR.")
    return code


def parse_locale(text: str, name: str) -> str:
    """`fr`, `fr_CA`, `zh_Hant_TW`."""
    match = LOCALE.fullmatch(text)
    if not match:
        raise BadInput(name, "is not a locale", value=text, mend="Use fr or fr_CA.")
    language, script, region = match.groups()
    parts = [language.lower(), script and script.title(), region and region.upper()]
    return "_".join(part for part in parts if part)


def parse_timezone(text: str, name: str) -> str:
    zone = zones().get(text.casefold().replace(" ", "_"))
    if zone is None:
        raise BadInput(name, "is not a time zone", value=text, mend="Use one such as Europe/Paris.")
    return zone


def parse_email(text: str, name: str) -> str:
    """In lower case, so that one address is found again however it was typed."""
    if not EMAIL.fullmatch(text):
        raise BadInput(name, "is not an e-mail address", value=text, mend="Use name@host.tld.")
    return text.lower()


@cache
def zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


PARSERS: dict[str, Callable[[str, str], Value]] = {
    "number": parse_number_value,
    "boolean": parse_boolean,
    "date": parse_date,
    "datetime": parse_datetime,
    "country": parse_country,
    "locale": parse_locale,
    "timezone": parse_timezone,
    "email": parse_email,
}
