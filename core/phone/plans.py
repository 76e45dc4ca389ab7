"""Numbering plans as a few compiled patterns: the fast way for plain spellings.

Built out of the library's own tables, per calling code and region, when first
needed. Answers None whenever the library might see it differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from heliograph.phone.number import EITHER, MAX_DIGITS, MOBILE, PERSONAL, UNKNOWN, VOIP, Number
from heliograph.phone.slow import text_lengths
from heliograph.phone.twins import CODES, REGIONS, one_spelling, rewritten

# The library's order: the first kind that fits is the one. Its landlines and
# mobiles come after these.
ASKED_FIRST = (
    ("premium_rate", "premium_rate"),
    ("toll_free", "toll_free"),
    ("shared_cost", "shared_cost"),
    (VOIP, "voip"),
    (PERSONAL, "personal_number"),
    ("pager", "pager"),
    ("uan", "uan"),
    ("voicemail", "voicemail"),
)
KINDS = frozenset({MOBILE, EITHER, VOIP, PERSONAL})
LENGTHS = range(2, 18)


@dataclass(frozen=True, slots=True)
class Region:
    """Kinds of one region: a pattern per length, whose group names the kind."""

    code: str
    leading: re.Pattern[str] | None
    heads: tuple[str, ...]
    patterns: dict[int, re.Pattern[str]]

    def may_claim(self, start: str) -> bool:
        """False when no number that begins with *start* can be of this region."""
        return any(head.startswith(start) or start.startswith(head) for head in self.heads)

    def kind(self, national: str) -> str | None:
        pattern = self.patterns.get(len(national))
        found = pattern.fullmatch(national) if pattern else None
        return found.lastgroup if found else None


@dataclass(frozen=True, slots=True)
class CallingCode:
    """The regions of one calling code, in the library's order."""

    prefix: re.Pattern[str] | None
    regions: tuple[Region, ...]
    lengths: frozenset[int]
    by_area: dict[str, tuple[Region, ...]] = field(default_factory=dict)

    def place(self, national: str) -> tuple[str, str | None]:
        """Region and kind of *national*; "" and None where there is none."""
        for region in self.by_area.get(national[:3]) or self.candidates(national[:3]):
            if region.leading is None:
                kind = region.kind(national)
                if kind is not None or len(self.regions) == 1:
                    return region.code, kind
            elif region.leading.match(national):
                return region.code, region.kind(national)
        return "", None

    def candidates(self, area: str) -> tuple[Region, ...]:
        """Regions to ask about an area code (three digits), kept from then on."""
        found = tuple(region for region in self.regions if region.may_claim(area))
        self.by_area[area] = found
        return found


@dataclass(frozen=True, slots=True)
class Dialling:
    """How numbers are written inside a region."""

    code: str
    international: re.Pattern[str]
    prefix: re.Pattern[str] | None
    rewrites: bool
    general: re.Pattern[str]

    def stripped(self, digits: str) -> str | None:
        """*digits* without the national prefix, None where a rule rewrites them."""
        found = self.prefix.match(digits) if self.prefix else None
        if not found:
            return digits
        if self.rewrites and found.group(found.re.groups) is not None:
            return None
        return digits[found.end() :]


def judge(digits: str, region: str) -> Number | None:
    """The number in *digits* if it plainly gets texts; None to ask the library."""
    if digits[:3] in CODES or region in REGIONS:
        digits = rewritten(digits, region)
    if digits[0] == "+":
        return judge_full(digits[1:])
    dialling = dialling_of(region)
    if dialling is None or dialling.international.match(digits):
        return None
    code = dialling.code
    if digits.startswith(code) and not dialling.general.fullmatch(digits):
        return judge_without_plus(digits, dialling)
    national = dialling.stripped(digits)
    if national is None or len(code) + len(national) > MAX_DIGITS:
        return None
    place, kind = plan_of(code).place(national)
    return Number(f"+{code}{national}", place, kind) if kind in KINDS else None


def judge_full(digits: str) -> Number | None:
    """Calling code and national number, as after a +."""
    code = calling_code(digits[:3])
    if not code or len(digits) > MAX_DIGITS:
        return None
    plan, national = plan_of(code), digits[len(code) :]
    prefixed = plan.prefix.match(national) if plan.prefix else None
    if prefixed and prefixed.end():
        return None
    place, kind = plan.place(national)
    if kind in KINDS:
        return Number(f"+{digits}", place, kind)
    if kind is None and len(national) in plan.lengths:
        todays = one_spelling(f"+{digits}")
        if todays != f"+{digits}":
            return judge_full(todays[1:])
        return Number(f"+{digits}", place, UNKNOWN)
    return None


def judge_without_plus(digits: str, dialling: Dialling) -> Number | None:
    """A number such as 33612345678 in FR, which cannot be a national one."""
    rest = digits[len(dialling.code) :]
    if dialling.stripped(rest) != rest or not dialling.general.fullmatch(rest):
        return None
    number = judge_full(digits)
    return number if number and number.kind != UNKNOWN else None


@lru_cache(maxsize=1000)
def calling_code(start: str) -> str:
    """The calling code that the digits *start* begin with, or ""."""
    if start[:1] == "0":
        return ""
    codes = (start[:length] for length in range(1, len(start) + 1))
    return next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), "")


@cache  # as many as there are calling codes
def plan_of(code: str) -> CallingCode:
    names = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    table_of = PhoneMetadata.metadata_for_region_or_calling_code
    tables: list[Any] = [table_of(int(code), name) for name in names]
    regions = tuple(build_region(table, alone=len(tables) == 1) for table in tables)
    return CallingCode(optional(tables[0].national_prefix_for_parsing), regions, text_lengths(code))


@cache  # as many as there are regions
def dialling_of(region: str) -> Dialling | None:
    if region not in SUPPORTED_REGIONS:
        return None
    table: Any = PhoneMetadata.metadata_for_region(region)
    return Dialling(
        code=str(table.country_code),
        international=re.compile(f"{table.international_prefix or '(?!)'}|00"),
        prefix=optional(table.national_prefix_for_parsing),
        rewrites=bool(table.national_prefix_transform_rule),
        general=re.compile(table.general_desc.national_number_pattern),
    )


def build_region(table: PhoneMetadata, *, alone: bool) -> Region:
    patterns = {}
    for length in LENGTHS:
        kinds = [f"(?P<{name}>{pattern})" for name, pattern in kinds_of(table, length)]
        general = pattern_for(table.general_desc, length)
        if general and kinds:
            patterns[length] = re.compile(rf"(?={general}\Z)(?:{'|'.join(kinds)})")
    digits = "" if alone else table.leading_digits or ""
    code = table.id if table.id.isalpha() else ""
    return Region(code, optional(digits), heads_of(digits), patterns)


def heads_of(leading: str) -> tuple[str, ...]:
    """Literal beginnings that cover all which the pattern *leading* matches."""
    heads = (re.match(r"(?:\d(?![?*{]))*", part) for part in leading.split("|"))
    return tuple({head.group() for head in heads if head})


def kinds_of(table: PhoneMetadata, length: int) -> Iterator[tuple[str, str]]:
    """Name and pattern of each kind that has numbers of *length*, in order."""
    for name, attribute in ASKED_FIRST:
        pattern = pattern_for(getattr(table, attribute), length)
        if pattern:
            yield name, pattern
    fixed = pattern_for(table.fixed_line, length)
    if table.same_mobile_and_fixed_line_pattern:
        if fixed:
            yield EITHER, fixed
        return
    mobile = pattern_for(table.mobile, length)
    if fixed and mobile:
        yield EITHER, rf"(?={mobile}\Z){fixed}"
    if fixed:
        yield "fixed_line", fixed
    if mobile:
        yield MOBILE, mobile


def pattern_for(desc: PhoneNumberDesc | None, length: int) -> str:
    """The pattern of *desc*, or "" when it has no numbers of *length*."""
    if desc is None or not desc.national_number_pattern:
        return ""
    if desc.possible_length and length not in desc.possible_length:
        return ""
    return f"(?:{desc.national_number_pattern})"


def optional(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None
