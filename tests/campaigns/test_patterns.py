"""What a reply says: patterns, whole words and expressions."""

from __future__ import annotations

import pytest

from heliograph.campaigns.builtin.patterns import has_word, is_like


@pytest.mark.parametrize(
    ("reply", "pattern", "fits"),
    [
        ("YES", "yes", True),
        (" Yes! ", "YES", False),
        ("Yes please", "YES*", True),
        ("oh yes", "YES*", False),
        ("oh yes!", "*YES*", True),
        ("oh  yes\nplease", "oh yes*please", True),
        ("ab", "a*b", True),
        ("a", "a*a", False),
        ("anything", "*", True),
        ("a[b]?", "a[b]?", True),
        ("axb", "a?b", False),
        ("ＹＥＳ", "yes", True),
        ("straße", "STRASSE", True),
        ("yes or no", "yes * no", True),
        ("x" * 5000 + "y", "*" + "x*" * 100 + "z", False),
    ],
)
def test_a_pattern_is_the_whole_reply(reply: str, pattern: str, fits: bool) -> None:
    assert is_like(reply, pattern) is fits


@pytest.mark.parametrize(
    ("reply", "word", "fits"),
    [
        ("Yes, please", "yes", True),
        ("yesterday", "yes", False),
        ("I say YES!", "yes", True),
        ("call me back today", "call me", True),
        ("call and me", "call me", False),
        ("👍 great", "👍", True),
        ("oui", "", False),
    ],
)
def test_a_word_is_found_as_a_whole_word(reply: str, word: str, fits: bool) -> None:
    assert has_word(reply, word) is fits
