"""What a phone number is here, and which kinds get texts."""

from __future__ import annotations

from typing import NamedTuple

from phonenumbers import PhoneNumberType

MOBILE, EITHER, VOIP, PERSONAL = "mobile", "fixed_or_mobile", "voip", "personal"
UNKNOWN = "unknown"

MAX_DIGITS = 15  # of E.164, calling code included

TAKEN = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: EITHER,
    PhoneNumberType.VOIP: VOIP,
    PhoneNumberType.PERSONAL_NUMBER: PERSONAL,
}

REFUSED = {
    PhoneNumberType.FIXED_LINE: ("landline", "is a landline"),
    PhoneNumberType.TOLL_FREE: ("toll_free", "is a toll-free number"),
    PhoneNumberType.PREMIUM_RATE: ("premium_rate", "is a premium-rate number"),
    PhoneNumberType.SHARED_COST: ("shared_cost", "is a shared-cost number"),
    PhoneNumberType.PAGER: ("pager", "is a pager"),
    PhoneNumberType.UAN: ("service_number", "is a company's service number"),
    PhoneNumberType.VOICEMAIL: ("voicemail", "is a voice mailbox"),
}


class Number(NamedTuple):
    """`e164` is `+` and digits; `region` is ISO 3166 or "" where none is known.

    `kind` is mobile, fixed_or_mobile, voip, personal, or unknown (possible, but
    in a range that the numbering plan at hand does not hold).
    """

    e164: str
    region: str
    kind: str
