"""What other tools call a field: refused with our token named, or kept on purpose."""

from __future__ import annotations

import pytest

from heliograph.contacts.fields import STANDARD, Field
from heliograph.errors import BadInput
from heliograph.messages import NotOurs, Values, check_text, compile_text, keep_placeholders

FIELDS = {field.alias: field for field in STANDARD} | {
    "shoe_size": Field("shoe_size", "Shoe size", "number", custom=True),
    "prenom_usuel": Field("prenom_usuel", "Prénom usuel", "text", custom=True),
}
ADA = Values({"first_name": "Ada", "last_name": "", "city": "Paris", "mobile": "+33612345678"})


def sent(text: str) -> str:
    """The text as people get it, after it was checked."""
    check_text(text, FIELDS)
    return compile_text(text, FIELDS).render(ADA)


FOREIGN = [
    # what is written, the field that it means
    ("[firstname]", "first_name"),
    ("[first_name]", "first_name"),
    ("[First Name]", "first_name"),
    ("[firstname,fallback=there]", "first_name"),
    ("[[firstname]]", "first_name"),
    ("[[contact.first_name]]", "first_name"),
    ("[Prénom]", "first_name"),
    ("[Prénom usuel]", "prenom_usuel"),
    ("[nom]", "last_name"),
    ("[Shoe size]", "shoe_size"),
    ("[unsubscribe]", ""),
    ("%FIRSTNAME%", "first_name"),
    ("%first_name%", "first_name"),
    ("%CITY%", "city"),
    ("%%first_name%%", "first_name"),
    ("%%FirstName%%", "first_name"),
    ("%%=v(@FirstName)=%%", ""),
    ("*|FNAME|*", "first_name"),
    ("*|LNAME|*", "last_name"),
    ("*|MERGE7|*", ""),
    ("((name))", "first_name"),
    ("((first name))", "first_name"),
    ("<firstname>", "first_name"),
    ("<First Name>", "first_name"),
    ("<<First Name>>", "first_name"),
    ("«First_Name»", "first_name"),
    ("<%= first_name %>", "first_name"),
    ("{{ contact.firstname }}", "first_name"),
    ("{{contact.FIRSTNAME}}", "first_name"),
    ("{{ first_name }}", "first_name"),
    ("{{ first_name|default:'there' }}", "first_name"),
    ("{{ subscriber.first_name }}", "first_name"),
    ("{{ customer.last_name }}", "last_name"),
    ("{{lead.First Name:default=you}}", "first_name"),
    ("{{var:firstname}}", "first_name"),
    ("{{${first_name}}}", "first_name"),
    ("{{ person.email }}", "email"),
    ("{{{first_name}}}", "first_name"),
    ("@first_name", "first_name"),
    ("@FirstName", "first_name"),
    ("{first_name}", "first_name"),
    ("{firstName}", "first_name"),
    ("{First Name}", "first_name"),
    ("{FIRSTNAME}", "first_name"),
    ("{SAVE20}", ""),
    ("{1}", ""),
    ("{$first_name}", "first_name"),
    ("{!Contact.FirstName}", "first_name"),
    ("#{name}", "first_name"),
    ("${firstName}", "first_name"),
    ("$firstname", "first_name"),
    (":first_name", "first_name"),
    ("(firstname)", "first_name"),
    ("__first_name__", "first_name"),
    ("~Contact.FirstName~", "first_name"),
    ("[%first_name%]", "first_name"),
]

ORDINARY = [
    "50% OFF",
    "-50% sur tout, 20% de plus ce soir",
    "10% de réduction",
    "100% city% of",
    "5%, 10%, 15%",
    "Mo-Fr [9-17h]",
    "Reply [YES] or [NO]",
    "[Paris] bis [Lyon]",
    "[1] first, [2] second",
    "a < b and c > d",
    "I <3 you",
    "x<y>z",
    "<b>bold</b>",
    "Sale (see shop)",
    "your (new) name",
    "Questions? (phone)",
    "((hugs))",
    "(name)",
    "We *love* it",
    "a * b | c * d",
    "Mail info@firstname.com or sales@shop.example",
    "Follow @shop, @city and @ParisMatch",
    "It costs $5, or $city",
    "at 10:30, ratio 3:2 :-)",
    "https://shop.example/a?b=%20c%20&name=x#first",
    "https://shop.example/%C3%A9t%C3%A9/:first",
    "https://shop.example/@city/map",
    "#name and #city are tags",
    "no __init__ here",
    "~10 min~",
    "{} and { } and } {",
    "{ not closed",
    "« Bonjour »",
    "«Paris»",
    "50 %, 10 %: -20 %!",
    "C:\\temp and \\o/",
    "¯\\_(ツ)_/¯",
    "Tom & Jerry <tom@example.com>",
    "5 > 3 % 2",
    "Size: [S] [M] [L]",
    "=> go [now]",
    "Öffnungszeiten: [9–17 Uhr]",
    "{{ contact.first_name }} {{ owner.email | default: '[name]' }}",
    "{contactfield=firstname|[name]}",
    "{% if contact.city == 'Paris' %}[Louvre]{% endif %}",
]


@pytest.mark.parametrize(("written", "alias"), FOREIGN)
def test_another_tools_placeholder_is_refused_and_ours_is_named(written: str, alias: str) -> None:
    with pytest.raises(NotOurs) as refused:
        check_text(f"Hi {written}, come in", FIELDS)
    assert refused.value.at == 3
    assert "line 1, column 4" in refused.value.message
    assert repr(written) in refused.value.message
    assert f"\\{written}" in refused.value.mend
    if alias:
        assert f"{{contactfield={alias}}}" in refused.value.mend


@pytest.mark.parametrize(("written", "alias"), FOREIGN)
def test_what_is_kept_on_purpose_is_sent_as_it_stands(written: str, alias: str) -> None:
    text = f"Hi {written}, {written} and {{contactfield=firstname}}"
    kept = keep_placeholders(text, FIELDS)
    assert sent(kept) == f"Hi {written}, {written} and Ada"
    assert keep_placeholders(kept, FIELDS) == kept
    assert sent(f"{kept} {{{{ contact.city }}}}") == f"Hi {written}, {written} and Ada Paris"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_raises_no_alarm(text: str) -> None:
    check_text(text, FIELDS)
    assert keep_placeholders(text, FIELDS) == text
    if not any(one in text for one in ("{{", "{%", "{contact")):
        assert sent(text) == text


@pytest.mark.parametrize(("written", "alias"), FOREIGN)
def test_what_was_stored_before_is_still_sent(written: str, alias: str) -> None:
    """Only what people write is checked for it; braces were never taken."""
    if "{" not in written or written.startswith(("{!", "{$", "{First Name")):
        text = f"Hi {written}"
        assert compile_text(text, FIELDS).render(ADA) == text


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"Code \{SAVE20\} today", "Code {SAVE20} today"),
        (r"Code \{SAVE20} today", "Code {SAVE20} today"),
        (r"\{contactfield=firstname\}", "{contactfield=firstname}"),
        (r"\{\{ contact.first_name \}\}", "{{ contact.first_name }}"),
        (r"\{{ contact.first_name }}", "{{ contact.first_name }}"),
        (r"\{% if x %}", "{% if x %}"),
        (r"\{{", "{{"),
        (r"\{", "{"),
        (r"\}", "}"),
        (r"\[city] [x] \[x]", r"[city] [x] \[x]"),
        (r"{{ contact.city }}\{ {\{{contactfield=firstname}", "Paris{ {{Ada"),
        (r"{% if contact.city %}\{yes\}{% endif %}", "{yes}"),
        (r"a\b\\c", r"a\b\\c"),
    ],
)
def test_a_backslash_sends_a_brace_as_it_is(text: str, filled: str) -> None:
    assert sent(text) == filled


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {contactfield=lastname | there}!", "Hi there!"),
        ("Hi { contactfield = lastname |  there  }!", "Hi there!"),
        ("{contactfield=lastname | you all | true}", "you%20all"),
        ("Hi {leadfield=firstname|x}", "Hi Ada"),
        ("Hi {leadfield=lastname|x}", "Hi x"),
        ("Hi {LeadField=FirstName}", "Hi Ada"),
    ],
)
def test_mautics_ways_of_writing_tokens_are_read(text: str, filled: str) -> None:
    assert sent(text) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{leadfield=fristname}", "names an unknown field"),
        ("{leadfield=firstname", "is not closed"),
        ("Code {SAVE20} today", r"To send it as it is, write \\{SAVE20}"),
        ("Hi {firstname}", r"Did you mean {contactfield=first_name}\?"),
        ("{{ contact.city", r"is not closed. End it with }}, or write \\{"),
        ("{% if x", r"is not closed. End it with %}, or write \\{"),
    ],
)
def test_the_error_names_the_escape_or_the_token(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check_text(text, FIELDS)
