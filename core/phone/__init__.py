"""Phone numbers: any spelling in, E.164 out."""

from __future__ import annotations

from collections.abc import Iterable

from phonenumbers import country_code_for_region

from heliograph.phone.number import EITHER, MOBILE, PERSONAL, UNKNOWN, VOIP, Number
from heliograph.phone.reading import parse_number
from heliograph.phone.senders import read_sender
from heliograph.phone.spelling import looks_like_number
from heliograph.phone.twins import one_spelling

__all__ = [
    "EITHER",
    "MOBILE",
    "PERSONAL",
    "UNKNOWN",
    "VOIP",
    "Number",
    "beginnings",
    "looks_like_number",
    "one_spelling",
    "parse_number",
    "read_sender",
]


def beginnings(text: str, regions: Iterable[str]) -> list[str]:
    """What E.164 numbers may begin with when a person typed *text*, a part of one.

    >>> beginnings("06 12", ["FR"])
    ['+33612', '+0612']
    """
    digits = "".join(char for char in text if char.isdecimal())
    if text.lstrip().startswith("+"):
        return [f"+{digits}"]
    if digits.startswith("00"):
        return [f"+{digits[2:]}"]
    known = [code for region in regions if (code := country_code_for_region(region))]
    national = [f"+{code}{digits.lstrip('0')}" for code in dict.fromkeys(known)]
    return [*national, f"+{digits}"]
