"""Codes of short links: ten letters and digits that stand for a delivery and a link.

The two numbers are one, which a Feistel network shuffles among all words of ten
characters: a cipher of that very size, with keyed BLAKE2b as its rounds. So a code
needs no row of its own, tells nothing, and one that nobody was sent can only be
guessed: the chance is that of all codes sent among 8 × 10¹⁷ words.
"""

from __future__ import annotations

from hashlib import blake2b

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 10
HALF = len(ALPHABET) ** 5
ROUNDS = 6
LINKS = 1 << 22  # so many links have codes
DELIVERIES = HALF * HALF // LINKS  # and so many deliveries: 2 × 10¹¹

PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
PLACES = {pair: place for place, pair in enumerate(PAIRS)}
SINGLES = {character: place for place, character in enumerate(ALPHABET)}


class Codes:
    """The codes of one installation, which its key decides."""

    def __init__(self, key: bytes) -> None:
        self._rounds = [blake2b(b"round %d" % number, key=key).digest() for number in range(ROUNDS)]

    def encode(self, delivery_id: int, link_id: int) -> str:
        """The code; raises ValueError for ids that it has no room for."""
        if not (0 <= delivery_id < DELIVERIES and 0 <= link_id < LINKS):
            raise ValueError(f"no code for delivery {delivery_id}, link {link_id}")
        left, right = divmod(delivery_id * LINKS + link_id, HALF)
        for key in self._rounds:
            left, right = right, (left + mixed(key, right)) % HALF
        return word(left) + word(right)

    def decode(self, code: str) -> tuple[int, int] | None:
        """Delivery and link, which may not exist; None for what is no code."""
        if len(code) != LENGTH or not (code.isascii() and code.isalnum()):
            return None
        left, right = number_of(code[:5]), number_of(code[5:])
        for key in reversed(self._rounds):
            left, right = (right - mixed(key, left)) % HALF, left
        return divmod(left * HALF + right, LINKS)


def mixed(key: bytes, half: int) -> int:
    digest = blake2b(key + half.to_bytes(4, "big"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def word(half: int) -> str:
    rest, last = divmod(half, 3844)
    first, middle = divmod(rest, 3844)
    return ALPHABET[first] + PAIRS[middle] + PAIRS[last]


def number_of(five: str) -> int:
    return (SINGLES[five[0]] * 3844 + PLACES[five[1:3]]) * 3844 + PLACES[five[3:]]
