"""One subscriber has one spelling of a number, however it is written and by whom."""

from __future__ import annotations

from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import phonenumberutil

from heliograph.errors import BadInput
from heliograph.phone import one_spelling, parse_number, read_sender
from heliograph.phone.twins import REGIONS

# spellings of one subscriber; the first is today's, as it is dialled from abroad
TWINS = {
    "Mexico": ("+525512345678", "+5215512345678", "+52 044 55 1234 5678", "+52 01 55 1234 5678"),
    "Brazil": ("+5511987654321", "+551187654321", "+55 (0)11 8765-4321"),
    "Brazil, by a carrier": ("+5513977444148", "+55 0 21 13 7744-4148", "+55901377444148"),
    "Brazil, once Nextel": ("+5541977654321", "+554177654321"),
    "Argentina": ("+5491123456789", "+54 9 11 15 2345-6789", "+54 11 15 2345-6789"),
    "Argentina, an unknown range": ("+5492966123456", "+542966123456"),
    "Argentina, mobile by itself": ("+546759187172", "+54 675 918 7172"),
    "Argentina, four digits": ("+5492966423456", "+54 9 2966 15 423456"),
    "Britain": ("+447400123456", "+44 (0)7400 123456", "0044 7400 123456"),
    "Lithuania": ("+37061234567", "+370 8 612 34567"),
    "Hungary": ("+36201234567", "+36 06 20 123 4567"),
}
SPELLINGS = [(one[0], other) for one in TWINS.values() for other in one]
# only those who send: no file could tell them from landlines
ONLY_SENDERS = [("+5491123456789", "+541123456789")]
CHANNELS = ("", "whatsapp:", "rcs:", "RCS: ", "sms:", "tel:", "sip:", "newchannel:")


@pytest.mark.parametrize(("number", "spelling"), SPELLINGS)
def test_each_spelling_is_read_as_the_one_number(number: str, spelling: str) -> None:
    assert parse_number(spelling, region="FR").e164 == number
    assert one_spelling(number) == number


@pytest.mark.parametrize(
    ("number", "typed", "region"),
    [
        ("+525512345678", "5215512345678", "MX"),
        ("+525512345678", "044 55 1234 5678", "MX"),
        ("+525512345678", "011 52 1 55 1234 5678", "US"),
        ("+5511987654321", "(11) 8765-4321", "BR"),
        ("+5555987654321", "(55) 8765-4321", "BR"),
        ("+5511987654321", "551187654321", "BR"),
        ("+5491123456789", "011 15 2345-6789", "AR"),
        ("+5491123456789", "9 11 15 2345-6789", "AR"),
    ],
)
def test_so_are_national_spellings(number: str, typed: str, region: str) -> None:
    assert parse_number(typed, region=region).e164 == number


@pytest.mark.parametrize(
    "number", ["+551130123456", "+525512345678", "+33612345678", "+5551234", "+558001234567"]
)
def test_a_landline_or_another_country_is_no_twin(number: str) -> None:
    assert one_spelling(number) == number


@given(st.from_regex(r"\+5[245][0-9]{5,13}", fullmatch=True))
def test_one_spelling_has_no_other(number: str) -> None:
    assert one_spelling(one_spelling(number)) == one_spelling(number)


@given(st.from_regex(r"\+5[245]0?[0-9]{6,13}", fullmatch=True))
def test_a_number_is_stored_as_it_is_looked_up(number: str) -> None:
    with suppress(BadInput):
        read = parse_number(number, region="FR").e164
        assert one_spelling(read) == read
    sender = read_sender(number, region="FR")
    assert sender is None or one_spelling(sender) == sender


def test_the_library_knows_no_mobile_token_that_is_not_handled() -> None:
    known = phonenumberutil._MOBILE_TOKEN_MAPPINGS
    assert {str(code) for code in known} <= set(REGIONS.values())


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("number", "spelling"), [*SPELLINGS, *ONLY_SENDERS])
def test_a_sender_is_read_behind_any_channel(channel: str, number: str, spelling: str) -> None:
    if channel in ("newchannel:", "sip:") and not spelling.startswith("+"):
        pytest.skip("may be an id")
    assert read_sender(channel + spelling, region="FR") == number


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("whatsapp:5215512345678", "+525512345678"),
        ("whatsapp:33612345678", "+33612345678"),
        ("tel:06 12 34 56 78", "+33612345678"),
        ("sip:+33612345678@example.com;transport=tls", "+33612345678"),
        ("5491123456789", "+5491123456789"),
        ("01 42 34 56 78", "+33142345678"),
        ("+18005550199", "+18005550199"),
        ("＋33 6 12 34 56 78", "+33612345678"),
    ],
)
def test_who_can_write_can_be_read_though_no_text_goes_there(raw: str, number: str) -> None:
    assert read_sender(raw, region="FR") == number


@pytest.mark.parametrize(
    "raw",
    [
        *("messenger:123456789012345", "messenger:0612345678", "instagram:17841400000000000"),
        *("rcs:an_agent", "12345", "36105", "ACME", "", " ", "+", "+12", "a:b:+33612345678"),
        *("whatsapp:", "mailto:ann@example.com", "ann@example.com"),
    ],
)
def test_ids_names_and_short_codes_are_no_numbers(raw: str) -> None:
    assert read_sender(raw, region="FR") is None


@given(st.text(max_size=40))
def test_any_sender_is_a_number_or_none(raw: str) -> None:
    number = read_sender(raw, region="FR")
    assert number is None or (number == one_spelling(number) and len(number) <= 16)


def test_an_argentine_landline_is_refused_with_the_spelling_of_mobiles() -> None:
    with pytest.raises(BadInput, match=r"landline.*written \+54 9"):
        parse_number("+541123456789", region="AR")


def test_the_library_s_own_examples_are_spelled_as_they_are() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is not None:
            e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert one_spelling(e164) == e164, region
