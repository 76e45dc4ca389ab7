"""Who sent a text: numbers as providers write them, with the channel before them or not.

Landlines, toll-free numbers and ranges that the plan does not know can write to us,
and be looked up, though no text is sent to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    is_valid_number,
)

from heliograph.errors import BadInput
from heliograph.phone.number import MAX_DIGITS
from heliograph.phone.reading import parse_number
from heliograph.phone.spelling import spell
from heliograph.phone.twins import one_spelling, rewritten

CHANNEL = re.compile(r"\s*([a-z][a-z0-9+._-]*)\s*:(?://)?", re.IGNORECASE)
AFTER_NUMBER = re.compile(r"[@;?].*", re.DOTALL)
# channels whose addresses are numbers: dialled ones, and ids in full that lack their +
DIALLED = frozenset(("tel", "sms", "smsto", "mms"))
MESSENGERS = frozenset(("whatsapp", "wa", "rcs", "signal", "viber"))


def read_sender(raw: str, *, region: str) -> str | None:
    """The number that *raw* writes, in E.164 and one spelling; None when it writes none.

    Ids of other channels are none, however much they look like a number.

    >>> read_sender("whatsapp:+5215512345678", region="FR")
    '+525512345678'
    """
    channel = CHANNEL.match(raw)
    if channel is None:
        return find_number(raw, region)
    name, address = channel[1].lower(), AFTER_NUMBER.sub("", raw[channel.end() :]).strip()
    if name in MESSENGERS and address[:1] in tuple("123456789"):
        address = f"+{address}"
    known = name in DIALLED or name in MESSENGERS
    return find_number(address, region) if known or address.startswith(("+", "＋")) else None


def find_number(raw: str, region: str) -> str | None:
    try:
        return parse_number(raw, region=region).e164
    except BadInput:
        pass
    try:
        digits = spell(raw)
    except BadInput:
        return None
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits[0] == "+":
        return read_any(digits, None, is_possible)
    # many providers leave the + out
    return read_any(digits, region, is_valid_number) or read_any(
        f"+{digits}", None, is_valid_number
    )


def read_any(digits: str, region: str | None, fits: Callable[[PhoneNumber], bool]) -> str | None:
    """A number of any kind."""
    try:
        number = phonenumbers.parse(rewritten(digits, region or ""), region)
    except NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return one_spelling(e164) if fits(number) and len(e164) <= MAX_DIGITS + 1 else None


def is_possible(number: PhoneNumber) -> bool:
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == ValidationResult.IS_POSSIBLE)
