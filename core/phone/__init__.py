"""Phone numbers: any spelling in, E.164 out.

Two ways lead to the same answer. The plain cases (most rows of most files) are
judged by `plans`, a few compiled patterns; all else goes to the library, which
alone words the errors. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from heliograph.phone.number import EITHER, MOBILE, PERSONAL, UNKNOWN, VOIP, Number
from heliograph.phone.plans import dialling_of
from heliograph.phone.reading import parse_number, parse_plain_numbers
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
    "parse_plain_numbers",
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
    known = [found.code for region in regions if (found := dialling_of(region))]
    national = [f"+{code}{digits.lstrip('0')}" for code in dict.fromkeys(known)]
    return [*national, f"+{digits}"]
