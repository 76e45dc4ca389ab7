"""Tokens: what they become, what is refused, and what can never happen."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from heliograph.contacts.fields import STANDARD, Field
from heliograph.errors import BadInput
from heliograph.messages import Values, compile_text

FIELDS = {field.alias: field for field in STANDARD} | {
    "birthday": Field("birthday", "Birthday", "date", custom=True),
    "visit": Field("visit", "Visit", "datetime", custom=True),
}
ADA = Values(
    {
        "first_name": "Ada",
        "last_name": "",
        "city": "Paris & Lyon",
        "birthday": "1815-12-10",
        "visit": "2026-11-23T13:05:00+00:00",
    },
    {"first_name": "Olga", "phone": "+33612345670"},
    ZoneInfo("Europe/Paris"),
)


def fill(text: str, values: Values = ADA) -> str:
    return compile_text(text, FIELDS).render(values)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {contactfield=firstname}!", "Hi Ada!"),
        ("Hi {contactfield=first_name|there}!", "Hi Ada!"),
        ("Hi {contactfield=lastname|there}!", "Hi there!"),
        ("Hi {contactfield=lastname}!", "Hi !"),
        ("{contactfield=city|true}", "Paris%20%26%20Lyon"),
        ("{contactfield=lastname|a b|true}", "a%20b"),
        ("{contactfield=birthday|date}", "1815-12-10"),
        ("{contactfield=visit|time}", "14:05"),
        ("{contactfield=visit|datetime}", "2026-11-23 14:05"),
        ("{contactfield=visit|date}", "2026-11-23"),
        ("Yours, {ownerfield=firstname|us}", "Yours, Olga"),
        ("{ContactField=FirstName}", "Ada"),
        ("plain {} and } and { stay", "plain {} and } and { stay"),
        ("{{ contact.first_name | upcase }}", "ADA"),
        ("{% if contact.last_name == '' %}no name{% endif %}", "no name"),
        ("{% unless owner.phone %}x{% else %}call{% endunless %}", "call"),
        ("{{ contact.birthday | date: '%d.%m.%Y' }}", "10.12.1815"),
        ("{{ contact.city | truncate: 8 }} {contactfield=firstname}", "Paris... Ada"),
    ],
)
def test_tokens_are_filled(text: str, filled: str) -> None:
    assert fill(text) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {contactfield=fristname}", "line 1, column 4: '{contactfield=fristname}'.*first_name"),
        ("Hi\nyou {firstname}", "line 2, column 5: '{firstname}' is no known token"),
        ("Hi { name }", "is no known token"),
        ("Hi {contactfeld=firstname}", "Did you mean {contactfield="),
        ("Hi {contactfield=firstname", "is not closed"),
        ("{contactfield=city|x|loud}", "unknown modifier 'loud'"),
        ("{ownerfield=city}", "names an unknown field"),
        ("{{ contact.shoe_size }}", "contact.shoe_size }}' is not known"),
        ("{{ secret }}", "is not known"),
        ("{{ contact.city.size }}", "is not known"),
        ("{{ contact.city | replace: 'a', 'b' }}", "'replace' is no filter"),
        ("{{ contact.city | split: 'a' | join: 'bbb' }}", "is no filter"),
        ("{% for x in contact %}a{% endfor %}", "is not understood"),
        ("{% capture x %}a{% endcapture %}", "is not understood"),
        ("{% assign x = 'a' %}", "is not understood"),
        ("{% if contact.city %}open", "is not understood"),
        ("{{ contact.city ", "is not"),
        ("x" * 4001, "4000"),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        compile_text(text, FIELDS)


@pytest.mark.parametrize(
    "evil", ["{{ contact.city }}", "{contactfield=city}", "{% if 1 %}x{% endif %}"]
)
@pytest.mark.parametrize("text", ["Hi {contactfield=firstname}", "Hi {{ contact.first_name }}"])
def test_what_a_contact_is_called_is_never_a_template(text: str, evil: str) -> None:
    assert fill(text, Values({"first_name": evil, "city": "Paris"})) == f"Hi {evil}"


def test_control_characters_never_get_into_a_text() -> None:
    values = Values({"first_name": "A\x00d\ra\x1b"})
    assert fill("{contactfield=firstname}", values) == "A d a "
    assert fill("{{ contact.first_name }}", values) == "A d a "


def test_tokens_read_alike_with_and_without_liquid_beside_them() -> None:
    tokens = "{contactfield=firstname|x} {contactfield=visit|time} {ownerfield=phone}"
    assert fill(tokens + "{% if false %}{% endif %}") == fill(tokens)


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.first_name | truncate: 999999999, '" + "y" * 500 + "' }}",
        "{{ contact.birthday | date: '%999999999d' }}",
        "{{ contact.birthday | date: '" + "%B" * 500 + "' }}",
        "{% if contact.city %}" * 100 + "x" + "{% endif %}" * 100,
    ],
)
def test_nothing_can_make_a_text_grow(text: str) -> None:
    begun = time.monotonic()
    with contextlib.suppress(BadInput):
        assert len(fill(text)) < 2000
    assert time.monotonic() - begun < 2


def test_a_date_that_is_none_is_shown_as_it_is() -> None:
    assert fill("{contactfield=city|date}") == "Paris & Lyon"
    values = Values({"visit": datetime(2026, 1, 2, tzinfo=UTC)})
    assert fill("{contactfield=visit|date}", values) == "2026-01-02"
