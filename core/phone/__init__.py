"""Phone numbers: any spelling in, E.164 out.

Two ways lead to the same answer. The plain cases (most rows of most files) are
judged by `plans`, a few compiled patterns; all else goes to the library, which
alone words the errors. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.phone.number import EITHER, MOBILE, PERSONAL, UNKNOWN, VOIP, Number
from core.phone.plans import dialling_of, judge
from core.phone.slow import parse_by_library
from core.phone.spelling import all_plain_digits, looks_like_number, plain_digits, spell

__all__ = [
    "EITHER",
    "MOBILE",
    "PERSONAL",
    "UNKNOWN",
    "VOIP",
    "Number",
    "beginnings",
    "looks_like_number",
    "parse_number",
    "parse_plain_numbers",
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
    known = [found.code for region in regions if (found := dialling_of(region))]
    national = [f"+{code}{digits.lstrip('0')}" for code in dict.fromkeys(known)]
    return [*national, f"+{digits}"]


def parse_number(raw: str, *, region: str) -> Number:
    """The number that *raw* writes; *region* (ISO 3166, capitals) is for national spellings.

    Raises BadInput("mobile", ...) when it is no number or cannot get texts. A
    number in full international form is taken when its length is possible even
    if its range is unknown: plans grow faster than libraries.
    """
    digits = plain_digits(raw) or spell(raw)
    return judge(digits, region) or parse_by_library(digits, region, raw=raw)


def parse_plain_numbers(raws: Sequence[str], regions: Iterable[str]) -> list[Number | None]:
    """Many at once: the plain cases; None where `parse_number` is to be asked."""
    digits = all_plain_digits(raws)
    return [
        judge(text, region) if text else None for text, region in zip(digits, regions, strict=True)
    ]
