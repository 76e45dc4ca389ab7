"""Codes: ten characters, two numbers, and nothing to be learnt from them."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.links.codes import ALPHABET, DELIVERIES, HALF, LENGTH, LINKS, Codes

CODES = Codes(bytes(range(32)))


@given(st.integers(0, DELIVERIES - 1), st.integers(0, LINKS - 1))
def test_a_code_stands_for_its_delivery_and_link(delivery: int, link: int) -> None:
    code = CODES.encode(delivery, link)
    assert re.fullmatch(f"[0-9A-Za-z]{{{LENGTH}}}", code)
    assert CODES.decode(code) == (delivery, link)


@given(st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH))
def test_each_word_stands_for_one_pair_only(code: str) -> None:
    found = CODES.decode(code)
    assert found is not None
    if found[0] < DELIVERIES:  # the last few words stand for no delivery there can be
        assert CODES.encode(*found) == code


@pytest.mark.parametrize("code", ["", "abc", "a" * 9, "a" * 11, "a" * 9 + "-", "é" * 10, "¹" * 10])
def test_what_is_no_code_is_none(code: str) -> None:
    assert CODES.decode(code) is None


def test_ids_without_room_are_refused() -> None:
    for delivery, link in ((DELIVERIES, 1), (1, LINKS), (-1, 0)):
        with pytest.raises(ValueError, match="no code"):
            CODES.encode(delivery, link)


def test_neighbours_look_like_strangers() -> None:
    codes = [CODES.encode(number, 1) for number in range(1, 2001)]
    assert len(set(codes)) == len(codes)
    for place in range(LENGTH):  # each character is as good as any other at each place
        counts = [sum(code[place] == character for code in codes) for character in ALPHABET]
        assert max(counts) < 75
        assert min(counts) > 5
    same = [sum(a == b for a, b in zip(x, y, strict=True)) for x, y in itertools.pairwise(codes)]
    assert sum(same) / len(same) < 0.3


def test_guessing_and_foreign_keys_find_nobody() -> None:
    """Of a million deliveries with two links, none is found by 20,000 guesses."""
    words = random.Random(1)
    others = Codes(bytes(32))
    hits = 0
    for _ in range(20_000):
        code = "".join(words.choices(ALPHABET, k=LENGTH))
        delivery, link = CODES.decode(code) or (0, 0)
        hits += 0 < delivery <= 1_000_000 and link in (1, 2)
    for delivery in range(1, 2001):
        found = others.decode(CODES.encode(delivery, 1)) or (0, 0)
        hits += 0 < found[0] <= 1_000_000 and found[1] in (1, 2)
    assert hits == 0
    assert HALF * HALF > 8 * 10**17
