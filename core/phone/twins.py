"""One subscriber, two spellings: numbering plans that put digits in or left them out.

Mexico dropped the 1 after +52 in 2019, Brazil put a 9 before the old mobile numbers
of eight digits until 2016, Argentina writes the mobile 9 only when it is called from
abroad. Networks, messengers and old lists use both spellings. Here each subscriber has
one: today's, as it is dialled from abroad.
"""

from __future__ import annotations

import re

# calling code: how the national number was written, and how it is today
REWRITTEN = {
    "52": (re.compile(r"(?:1|0[12]|04[45])(\d{10})"), r"\1"),
    "54": (re.compile(r"9(?=0?\d{12}$)(0?\d{2,4}15\d{6,8})"), r"\1"),  # the library knows 15
    "55": (re.compile(r"0?([1-9][1-9])([6-9]\d{7})"), r"\g<1>9\2"),
}
REGIONS = {"MX": "52", "AR": "54", "BR": "55"}
CODES = frozenset(f"+{code}" for code in REWRITTEN)

# what has no mobile 9 is a landline by the plan, but it was a phone if it sent a text;
# 675 is a range of mobiles that never have it
WITHOUT_TOKEN = re.compile(r"\+54(?!675)([1-8]\d{9})$")


def rewritten(digits: str, region: str) -> str:
    """*digits* (`+` and all, or national in *region*) in today's spelling."""
    if digits[:3] in CODES:
        return "+" + in_full(digits[1:])
    code = REGIONS.get(region)
    if code is None or digits[0] == "+":
        return digits
    full = in_full(digits) if digits.startswith(code) else digits
    if full != digits:
        return f"+{full}"
    national = todays(code, digits)
    return digits if national == digits else f"+{code}{national}"


def in_full(digits: str) -> str:
    return digits[:2] + todays(digits[:2], digits[2:])


def todays(code: str, national: str) -> str:
    pattern, replacement = REWRITTEN[code]
    found = pattern.fullmatch(national)
    return found.expand(replacement) if found else national


def one_spelling(e164: str) -> str:
    """The spelling under which a number in full is stored and looked up.

    >>> one_spelling("+5215512345678"), one_spelling("+551187654321")
    ('+525512345678', '+5511987654321')
    """
    if e164[:3] not in CODES:
        return e164
    return WITHOUT_TOKEN.sub(r"+549\1", rewritten(e164, "")) if len(e164) > 10 else e164
