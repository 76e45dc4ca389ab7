from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.messages import measure
from heliograph.messages.characters import BASIC, EXTENSION
from heliograph.messages.parts import packed


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "gsm7", 0, 0),
        ("Hello", "gsm7", 5, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("a" * 152 + "€" + "a" * 10, "gsm7", 164, 2),
        ("a" * 152 + "€" + "a" * 151, "gsm7", 305, 2),
        ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3),
        ("Ç à è é ì ò ù ñ ß Ω", "gsm7", 19, 1),
        ("ç", "ucs2", 1, 1),
        ("é" * 70 + "ê", "ucs2", 71, 2),
        ("ж" * 70, "ucs2", 70, 1),
        ("ж" * 71, "ucs2", 71, 2),
        ("ж" * 134, "ucs2", 134, 2),
        ("ж" * 135, "ucs2", 135, 3),
        ("👋" * 35, "ucs2", 70, 1),
        ("👋" * 36, "ucs2", 72, 2),
        ("ж" * 66 + "👋" + "ж" * 65, "ucs2", 133, 2),
        ("ж" * 66 + "👋" + "ж" * 66, "ucs2", 134, 3),
        ("[^{}\\~|]\f", "gsm7", 18, 1),
    ],
)
def test_known_cases(text: str, encoding: str, units: int, parts: int) -> None:
    found = measure(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_the_offender_is_named_with_its_place_and_mend() -> None:
    found = measure("It’s 5 o’clock … à\xa0bientôt")
    named = {item.character: (item.position, item.replacement) for item in found.offenders}
    assert named["’"] == (2, "'")
    assert named["…"][1] == "..."
    assert named["\xa0"][1] == " "
    assert "ô" in named
    assert "right single quotation mark" in str(found.offenders[0])


ALPHABET = BASIC + EXTENSION


@given(st.text(alphabet=ALPHABET, max_size=700))
def test_the_short_way_counts_as_the_long_one(text: str) -> None:
    found = measure(text)
    widths = [2 if character in EXTENSION else 1 for character in text]
    assert found.units == sum(widths)
    expected = packed(widths, 153) if sum(widths) > 160 else min(1, len(text))
    assert found.parts == expected


@given(st.text(max_size=400))
def test_parts_are_never_fewer_than_their_room_allows(text: str) -> None:
    found = measure(text)
    one, many = (160, 153) if found.encoding == "gsm7" else (70, 67)
    least = min(1, found.units) if found.units <= one else -(-found.units // many)
    assert least <= found.parts <= least + 1 + found.units // many
