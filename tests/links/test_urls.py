"""What is a link in a text as it was written, and what is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.contacts.fields import STANDARD
from heliograph.links.urls import LONGEST, mark_links
from heliograph.messages import Values, compile_text

FIELDS = {field.alias: field for field in STANDARD}

FOUND: list[tuple[str, list[str]]] = [
    ("see https://a.example.", ["https://a.example"]),
    ("HTTP://A.example/X?y=1#z, or", ["HTTP://A.example/X?y=1#z"]),
    ("(https://a.example/x_(y))", ["https://a.example/x_(y)"]),
    ("<https://a.example/x>", ["https://a.example/x"]),
    ("“https://a.example/x”…", ["https://a.example/x"]),
    ("*https://a.example*", ["https://a.example"]),
    ("https://a.example/x，看", ["https://a.example/x"]),
    ("https://a.example/a\nhttps://b.example/b", ["https://a.example/a", "https://b.example/b"]),
    ("https://a.example/a https://a.example/a", ["https://a.example/a"]),
    ("https://a.example:8080/x!", ["https://a.example:8080/x"]),
    ("https://müller.example/größe", ["https://müller.example/größe"]),
    ("https://[::1]:80/x", ["https://[::1]:80/x"]),
    (
        "https://a.example/?c={contactfield=city|a b}&d=1, now",
        ["https://a.example/?c={contactfield=city|a b}&d=1"],
    ),
    ("https://a.example/{{ contact.city }}!", ["https://a.example/{{ contact.city }}"]),
    (
        "{% if contact.city %}https://a.example{% else %}https://b.example/{% endif %}",
        ["https://a.example", "https://b.example/"],
    ),
]
NONE = [
    "no link at all",
    "ftp://a.example and www.a.example",
    "xhttps://a.example",
    "http:// https://",
    "https://a.example:99999/",
    "https://a..example/",
    # the server is not written here but filled in
    "https://{contactfield=city}.example/x",
    "https://a.example{contactfield=city}",
    "https://a.example{{ contact.city }}",
    "{contactfield=city|https://a.example}",
    "{% if contact.city == 'https://a.example' %}x{% endif %}",
    # where it ends is not sure
    "https://a.example/x{y",
    "https://a.example/x|y",
    "https://a.example/?x={{ contact.city }}{% if contact.city %}y{% endif %}",
    "https://a.example/" + "x" * LONGEST,
]


@pytest.mark.parametrize(("text", "urls"), FOUND)
def test_links_are_found_as_a_phone_would(text: str, urls: list[str]) -> None:
    marked = mark_links(text)
    assert list(marked.urls) == urls
    assert marked.finish(marked.text, lambda number: marked.urls[number]) == text


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_link_stays(text: str) -> None:
    marked = mark_links(text)
    assert (marked.text, marked.urls) == (text, ())


def test_our_own_short_links_are_not_made_short_again() -> None:
    text = "https://sms.example.com/l/xxxxxxxxxx and https://sms.example.com/sale"
    assert mark_links(text, but="https://sms.example.com/l/").urls == (
        "https://sms.example.com/sale",
    )


LIQUID = [
    ("{% if contact.city %}https://a.example/{% endif %}.", "Paris", "<0>."),
    ("https://a.example/{% if contact.city %}paris{% endif %}", "Paris", "https://a.example/paris"),
    ("https://a.example/{% if contact.city %}paris{% endif %}", None, "<0>"),
    ("https://a.example/x {%- if contact.city %}y{% endif %}", "Paris", "https://a.example/xy"),
    ("https://a.example/x {{- contact.city }}", "Paris", "https://a.example/xParis"),
    ("https://a.example/x {{ contact.city }}", "Paris", "<0> Paris"),
    ("{% if contact.city %}Hi{% endif %} https://a.example/{{ contact.city }} x", "P", "Hi <0> x"),
]


@pytest.mark.parametrize(("text", "city", "sent"), LIQUID)
def test_a_link_that_liquid_goes_on_writing_is_sent_as_it_is(
    text: str, city: str | None, sent: str
) -> None:
    marked = mark_links(text)
    filled = compile_text(marked.text, FIELDS).render(Values({"city": city}))
    assert marked.finish(filled, lambda number: f"<{number}>") == sent


WORDS = ("https://", "http://", "a.example", "/", "?q=", "{contactfield=city}", "{", "}", "{{ x }}")
SIGNS = ("{% if x %}", "{%- endif %}", " ", ".", ")", "(", "é", "|", "{x|https://b.example/}")
PIECES = st.lists(st.sampled_from(WORDS + SIGNS), max_size=12)


@given(PIECES)
def test_marks_can_always_be_taken_out_again(pieces: list[str]) -> None:
    text = "".join(pieces)
    marked = mark_links(text)
    assert marked.finish(marked.text, lambda number: marked.urls[number]) == text
    for url in marked.urls:
        assert re.match(r"https?://[^/?#{}]+($|[/?#])", url)
