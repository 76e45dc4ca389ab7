"""Numbers that texts can be sent to, out of any spelling."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from heliograph.phone.number import MAX_DIGITS, REFUSED, TAKEN, UNKNOWN, Number
from heliograph.phone.spelling import refusal, spell
from heliograph.phone.twins import one_spelling, rewritten

INTERNATIONAL = "Write it with + and the country code, such as +33612345678."
WHOLE = "Enter the whole number, with + and the country code."
IN_FULL = (
    CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
    CountryCodeSource.FROM_NUMBER_WITH_IDD,
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


def parse_number(raw: str, *, region: str) -> Number:
    """The number that *raw* writes; *region* (ISO 3166) is for national spellings.

    Raises BadInput("mobile", ...) when it is no number or cannot get texts. A
    number in full international form is taken when its length is possible even
    if its range is unknown: plans grow faster than libraries.
    """
    region = region.upper()
    return read_digits(in_full(spell(raw), region), region, raw)


def read_digits(digits: str, region: str, raw: str) -> Number:
    try:
        number = phonenumbers.parse(rewritten(digits, region), region, keep_raw_input=True)
    except NumberParseException as error:
        unknown = ("not_a_number", "is not a phone number", WHOLE)
        code, problem, mend = UNPARSED.get(error.error_type, unknown)
        raise refusal(code, problem, raw, mend) from None
    kind = phonenumbers.number_type(number)
    if kind in REFUSED:
        code, what = REFUSED[kind]
        problem = f"{what}; texts need a mobile number"
        raise refusal(code, problem, raw, token_hint(number))
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    todays = one_spelling(e164)
    if kind == PhoneNumberType.UNKNOWN:
        check_possible(number, region, raw)
        if todays != e164:
            return read_digits(todays, region, raw)
    if len(todays) > MAX_DIGITS + 1:
        raise refusal("number_too_long", "is too long", raw, WHOLE)
    place = phonenumbers.region_code_for_number(number) or ""
    return Number(todays, place if place.isalpha() else "", TAKEN.get(kind, UNKNOWN))


def in_full(digits: str, region: str) -> str:
    """*digits* with + in place of what *region*, or most of the world, dials before it."""
    if digits[0] == "+":
        return digits
    table = PhoneMetadata.metadata_for_region(region, None)
    prefix = table.international_prefix if table else None
    if digits.startswith("00") and (prefix == "00" or not is_valid(digits, region)):
        return "+" + digits[2:]
    dialled = re.match(prefix, digits) if prefix else None
    return "+" + digits[dialled.end() :] if dialled else digits


def is_valid(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except NumberParseException:
        return False


def token_hint(number: PhoneNumber) -> str:
    code = number.country_code or 0
    token = phonenumbers.country_mobile_token(code)
    return f"A mobile number is written +{code} {token} and the rest." if token else ""


def check_possible(number: PhoneNumber, region: str, raw: str) -> None:
    """Let a number of an unknown range pass if it says its country and fits."""
    # of codes that are of no country some have no mobiles
    kinds = phonenumbers.supported_types_for_non_geo_entity(number.country_code or 0)
    has_mobiles = not kinds or PhoneNumberType.MOBILE in kinds
    kind = PhoneNumberType.MOBILE if has_mobiles else PhoneNumberType.UNKNOWN
    fit = phonenumbers.is_possible_number_for_type_with_reason(number, kind)
    if fit == ValidationResult.TOO_LONG:
        raise refusal("number_too_long", "is too long", raw, WHOLE)
    if fit != ValidationResult.IS_POSSIBLE:
        raise refusal("too_short", "is too short", raw, WHOLE)
    if number.country_code_source not in IN_FULL:
        problem = f"is not a number of {region}"
        raise refusal("not_of_region", problem, raw, f"Check it. {INTERNATIONAL}")
