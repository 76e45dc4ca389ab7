"""Phone numbers: spellings and refusals."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from heliograph.errors import BadInput
from heliograph.phone import EITHER, MOBILE, UNKNOWN, Number, looks_like_number, parse_number

PARIS = Number("+33612345678", "FR", MOBILE)


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ("0612345678", "FR"),
        ("06 12 34 56 78", "FR"),
        ("06.12.34.56.78", "FR"),
        ("06-12-34-56-78", "FR"),
        ("06–12–34–56–78", "FR"),
        ("(06) 12/34/56/78", "FR"),
        ("06\u00a012\u202f34 56 78", "FR"),
        ("\u200e0612345678\u200b", "FR"),
        ("０６１２３４５６７８", "FR"),
        ("٠٦١٢٣٤٥٦٧٨", "FR"),
        ("+33612345678", "US"),
        ("＋33 6 12 34 56 78", "US"),
        ("(+33) 612345678", "US"),
        ("+33 (0)6 12 34 56 78", "US"),
        ("00 33 6 12 34 56 78", "FR"),
        ("0033612345678", "US"),
        ("01133612345678", "US"),
        ("tel:+33-6-12-34-56-78", "US"),
        ("TEL:0612345678", "FR"),
        ("'+33612345678", "US"),
        ("'0612345678", "FR"),
        ('="0612345678"', "FR"),
        ("33612345678", "FR"),
        ("33612345678.0", "FR"),
        ("612345678", "FR"),
        (" 0612345678\t", "FR"),
        ("0612345678", "fr"),
    ],
)
def test_it_reads_each_spelling_of_one_number(raw: str, region: str) -> None:
    assert parse_number(raw, region=region) == PARIS


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("(212) 555-1234", "US", Number("+12125551234", "US", EITHER)),
        ("1-212-555-1234", "US", Number("+12125551234", "US", EITHER)),
        ("416 555 1234", "US", Number("+14165551234", "CA", EITHER)),
        ("07400 123456", "GB", Number("+447400123456", "GB", MOBILE)),
        ("07797 712345", "GB", Number("+447797712345", "JE", MOBILE)),
        ("0151 23456789", "DE", Number("+4915123456789", "DE", MOBILE)),
        ("8 912 345 67 89", "RU", Number("+79123456789", "RU", MOBILE)),
        ("8 701 234 5678", "RU", Number("+77012345678", "KZ", MOBILE)),
        ("011 15 2345-6789", "AR", Number("+5491123456789", "AR", MOBILE)),
        ("(11) 96123-4567", "BR", Number("+5511961234567", "BR", MOBILE)),
        ("312 345 6789", "IT", Number("+393123456789", "IT", MOBILE)),
        ("0011 65 8123 4567", "AU", Number("+6581234567", "SG", MOBILE)),
        ("0061 412 345 678", "HK", Number("+61412345678", "AU", MOBILE)),
        ("+881612345678", "FR", Number("+881612345678", "", MOBILE)),
    ],
)
def test_it_knows_how_each_country_dials(raw: str, region: str, number: Number) -> None:
    assert parse_number(raw, region=region) == number


@pytest.mark.parametrize("raw", ["+15551234567", "+1 (555) 123-4567", "0015551234567"])
def test_it_takes_a_full_number_of_an_unknown_range(raw: str) -> None:
    assert parse_number(raw, region="FR") == Number("+15551234567", "", UNKNOWN)


@pytest.mark.parametrize("raw", ["5551234567", "15551234567", "1 555 123 4567"])
def test_it_refuses_an_unknown_range_when_the_country_is_not_said(raw: str) -> None:
    with pytest.raises(BadInput, match="is not a number of US"):
        parse_number(raw, region="US")


@pytest.mark.parametrize(
    ("raw", "region", "problem"),
    [
        ("", "FR", "is empty"),
        (" \u200b ", "FR", "is empty"),
        ("+", "FR", "has no digits"),
        ("()", "FR", "has no digits"),
        ("1-800-FLOWERS", "US", "has letters"),
        ("call me", "US", "has letters"),
        ("+33612345678 ext 12", "FR", "has an extension"),
        ("0612345678 x12", "FR", "has an extension"),
        ("0612345678x12", "FR", "has an extension"),
        ("0612345678#12", "FR", "has an extension"),
        ("0612345678 poste 3", "FR", "has an extension"),
        ("tel:+33612345678;ext=7", "FR", "has an extension"),
        ("06 12 34 56 7*", "FR", "has *, which no number has"),
        ("0612345678,", "FR", "has ,, which no number has"),
        ("+33612345678;+33612345679", "FR", "has a + in the middle"),
        ("++33612345678", "FR", "has a + in the middle"),
        ("0612345678/0612345679", "FR", "is too long"),
        ("3.36123E+10", "FR", "was rounded by a spreadsheet"),
        ("3,36123E10", "FR", "was rounded by a spreadsheet"),
        ("0612", "FR", "is too short"),
        ("12", "FR", "is too short"),
        ("1", "FR", "is not a phone number"),
        ("+336123", "FR", "is too short"),
        ("+49 15123", "DE", "is too short"),
        ("+3361234567890", "FR", "is too long"),
        ("9" * 300, "FR", "is too long"),
        ("+999123456789", "FR", "has no known country code"),
        ("+0612345678", "FR", "has no known country code"),
        ("0612345678", "", "has no known country code"),
        ("0612345678", "ZZ", "has no known country code"),
        ("0123456789", "FR", "is a landline; texts need a mobile number"),
        ("+33 1 23 45 67 89", "US", "is a landline; texts need a mobile number"),
        ("+33 800 123 456", "FR", "is a toll-free number; texts need a mobile number"),
        ("(800) 234-5678", "US", "is a toll-free number; texts need a mobile number"),
        ("+1 900 234 5678", "US", "is a premium-rate number; texts need a mobile number"),
        ("0884 012 345", "FR", "is a shared-cost number; texts need a mobile number"),
        ("07640 123456", "GB", "is a pager; texts need a mobile number"),
        ("055 5612 3456", "GB", "is a company's service number; texts need a mobile number"),
    ],
)
def test_it_refuses_what_gets_no_texts_and_says_why(raw: str, region: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_number(raw, region=region)
    assert caught.value.field == "mobile"
    assert caught.value.problem == problem
    assert caught.value.value == raw


def test_it_never_gives_more_digits_than_e164_has() -> None:
    with pytest.raises(BadInput, match="is too long"):
        parse_number("+81" + "1" * 15, region="JP")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("+882201234567", ""),
        ("+88220512345678", "is too short"),
        ("+883858551260", ""),
        ("+808587267920", "is too long"),
    ],
)
def test_a_code_of_no_country_is_measured_by_its_mobiles_where_it_has_some(
    raw: str, problem: str
) -> None:
    if not problem:
        assert parse_number(raw, region="FR") == Number(raw, "", UNKNOWN)
        return
    with pytest.raises(BadInput, match=problem):
        parse_number(raw, region="FR")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_mobile_of_each_country_is_read_in_its_spellings(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if number is None:  # an island without mobiles
        assert region == "TA"
        return
    forms = (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
    written = [phonenumbers.format_number(number, form) for form in forms]
    national = phonenumbers.national_significant_number(number)
    e164 = f"+{number.country_code}{national}"
    for raw in (e164, f"00{e164[1:]}", *written):
        read = parse_number(raw, region=region)
        assert (read.e164, read.kind in (MOBILE, EITHER)) == (e164, True)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_bad_input(raw: str) -> None:
    try:
        number = parse_number(raw, region="FR")
    except BadInput:
        return
    assert number.e164[0] == "+"
    assert number.e164[1:].isdecimal()
    assert 7 <= len(number.e164) <= 16


@pytest.mark.parametrize(
    "text", ["0612345678", "+33 6 12", "(212) 555", "０６１２３", "tel:061234"]
)
def test_it_looks_like_a_number(text: str) -> None:
    assert looks_like_number(text)


@pytest.mark.parametrize("text", ["", "1234", "anna", "a0612345678", "x@y.fr", "06;1234", "+"])
def test_it_does_not_look_like_a_number(text: str) -> None:
    assert not looks_like_number(text)
