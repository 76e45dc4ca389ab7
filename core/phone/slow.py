"""The library's way: right in each corner, forty microseconds a number."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata

from heliograph.phone.number import MAX_DIGITS, REFUSED, TAKEN, UNKNOWN, Number
from heliograph.phone.spelling import refusal
from heliograph.phone.twins import one_spelling, rewritten

INTERNATIONAL = "Write it with + and the country code, such as +33612345678."
WHOLE = "Enter the whole number, with + and the country code."
IN_FULL = (
    phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
    phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD,
)
UNPARSED = {
    NumberParseException.INVALID_COUNTRY_CODE: (
        *("unknown_country", "has no known country code", INTERNATIONAL),
    ),
    NumberParseException.TOO_SHORT_NSN: ("too_short", "is too short", WHOLE),
    NumberParseException.TOO_SHORT_AFTER_IDD: ("too_short", "is too short", WHOLE),
    NumberParseException.TOO_LONG: (
        *("number_too_long", "is too long", "Enter one number, without an extension."),
    ),
}


def parse_by_library(digits: str, region: str, *, raw: str = "") -> Number:
    """The number in *digits* (as `spell` writes them); raises BadInput on *raw*."""
    raw, region = raw or digits, region.upper()
    if digits.startswith("00") and not dialled_validly(digits, region):
        digits = "+" + digits[2:]
    digits = rewritten(in_full(digits, region), region)
    try:
        number = phonenumbers.parse(digits, region, keep_raw_input=True)
    except NumberParseException as error:
        unknown = ("not_a_number", "is not a phone number", WHOLE)
        code, problem, mend = UNPARSED.get(error.error_type, unknown)
        raise refusal(code, problem, raw, mend) from None
    kind = phonenumbers.number_type(number)
    if kind in REFUSED:
        code, what = REFUSED[kind]
        problem = f"{what}; texts need a mobile number"
        raise refusal(code, problem, raw, token_hint(number))
    if kind == PhoneNumberType.UNKNOWN:
        check_possible(number, region, raw)
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if one_spelling(e164) != e164:
            return parse_by_library(one_spelling(e164), region, raw=raw)
    return as_number(number, kind, raw)


def in_full(digits: str, region: str) -> str:
    """*digits* with + in place of what *region* dials before numbers abroad."""
    table = PhoneMetadata.metadata_for_region(region, None)
    prefix = table.international_prefix if table else None
    dialled = re.match(prefix, digits) if prefix and digits[0] != "+" else None
    return "+" + digits[dialled.end() :] if dialled else digits


def token_hint(number: PhoneNumber) -> str:
    code = number.country_code or 0
    token = phonenumbers.country_mobile_token(code)
    return f"A mobile number is written +{code} {token} and the rest." if token else ""


def dialled_validly(digits: str, region: str) -> bool:
    """Whether 00... means something else than + in *region*, such as 0011 in AU."""
    table = PhoneMetadata.metadata_for_region(region, None)
    if table is None or table.international_prefix == "00":
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except NumberParseException:
        return False


def check_possible(number: PhoneNumber, region: str, raw: str) -> None:
    """Let a number of an unknown range pass if it says its country and fits."""
    length = len(phonenumbers.national_significant_number(number))
    lengths = text_lengths(str(number.country_code))
    if length > max(lengths):
        raise refusal("number_too_long", "is too long", raw, WHOLE)
    if length not in lengths:
        raise refusal("too_short", "is too short", raw, WHOLE)
    if number.country_code_source not in IN_FULL:
        problem = f"is not a number of {region}"
        raise refusal("not_of_region", problem, raw, f"Check it. {INTERNATIONAL}")


def text_lengths(code: str) -> frozenset[int]:
    """How many digits may follow the calling code *code* in a number for texts."""
    region = phonenumbers.region_code_for_country_code(int(code))
    table: Any = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    mobile = table.mobile and table.mobile.possible_length
    return frozenset(mobile or table.general_desc.possible_length)


def as_number(number: PhoneNumber, kind: int, raw: str) -> Number:
    # again, as the library has taken off what was dialled before it: a carrier's code, for one
    e164 = one_spelling(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if len(e164) > MAX_DIGITS + 1:
        raise refusal("number_too_long", "is too long", raw, WHOLE)
    region = phonenumbers.region_code_for_number(number) or ""
    return Number(e164, region if region.isalpha() else "", TAKEN.get(kind, UNKNOWN))
