"""Counting a text: encoding, characters, units, parts, and what makes it dear.

An estimate as every sender makes it: the provider's own count is the truth and
replaces it in the ledger.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from heliograph.messages.characters import BASIC, EXTENSION, REPLACEMENTS
from heliograph.nfc import nfc

MAX_CHARACTERS = 1600
GSM7, UCS2 = "gsm7", "ucs2"
GSM_ONE, GSM_MANY = 160, 153
UCS_ONE, UCS_MANY = 70, 67

ALL_BASIC = re.compile(f"[{re.escape(BASIC)}]*")
ALL_GSM = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")
IS_EXTENSION = re.compile(f"[{re.escape(EXTENSION)}]")
GSM = frozenset(BASIC + EXTENSION)


@dataclass(frozen=True, slots=True)
class Offender:
    """A character that is not in GSM-7; `position` counts from 0."""

    position: int
    character: str
    name: str
    replacement: str

    def __str__(self) -> str:
        mend = f", use {self.replacement!r}" if self.replacement else ""
        return f"{self.character!r} ({self.name}) at {self.position + 1}{mend}"


@dataclass(frozen=True, slots=True)
class Measure:
    """`units` are septets in GSM-7 and UTF-16 units in UCS-2."""

    encoding: str
    characters: int
    units: int
    parts: int
    offenders: tuple[Offender, ...] = ()


def measure(text: str) -> Measure:
    """Count *text* as it would be sent, that is composed (NFC).

    >>> measure("Hello").parts, measure("Hello 👋").encoding
    (1, 'ucs2')
    """
    text = nfc(text)
    length = len(text)
    if ALL_BASIC.fullmatch(text):
        return Measure(GSM7, length, length, parts_of_even(length, GSM_ONE, GSM_MANY))
    if ALL_GSM.fullmatch(text):
        units = length + len(IS_EXTENSION.findall(text))
        return Measure(GSM7, length, units, gsm_parts(text, units))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Measure(UCS2, length, units, ucs_parts(text, units), offenders(text))


def parts_of_even(units: int, one: int, many: int) -> int:
    """Parts where no character takes more than one unit."""
    if units <= one:
        return 1 if units else 0
    return -(-units // many)


def gsm_parts(text: str, units: int) -> int:
    if units <= GSM_ONE:
        return 1
    widths = (2 if character in EXTENSION else 1 for character in text)
    return packed(widths, GSM_MANY)


def ucs_parts(text: str, units: int) -> int:
    if units <= UCS_ONE:
        return 1
    if units == len(text):
        return parts_of_even(units, UCS_ONE, UCS_MANY)
    return packed((2 if ord(character) > 0xFFFF else 1 for character in text), UCS_MANY)


def packed(widths: Iterable[int], room: int) -> int:
    """Parts when a pair must not straddle two of them."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts


def offenders(text: str) -> tuple[Offender, ...]:
    """Each character outside GSM-7, at its first position only."""
    found: dict[str, int] = {}
    for position, character in enumerate(text):
        if character not in GSM and character not in found:
            found[character] = position
    return tuple(describe(character, position) for character, position in found.items())


@lru_cache(maxsize=512)
def named(character: str) -> tuple[str, str]:
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    return name, REPLACEMENTS.get(character, "")


def describe(character: str, position: int) -> Offender:
    name, replacement = named(character)
    return Offender(position, character, name, replacement)
