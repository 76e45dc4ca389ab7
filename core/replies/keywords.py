"""The words of `keywords.json`, and what makes one spelling of a message."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

FILE = Path(__file__).with_name("keywords.json")

OUT, IN, ASSENT, HELP, FILLER = "out", "in", "assent", "help", "filler"

# letters that are no other letter with a mark on it
PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae"})
LAST_LETTERS = re.compile(r"(.)\1+$")
SPELLED_OUT = 3  # s t o p


@dataclass(frozen=True, slots=True)
class Keywords:
    """Kind of each word or phrase, by its folded words; `longest` is of words in a phrase.

    `clear` are those that say nothing else, whatever follows on the next line.
    """

    kinds: Mapping[tuple[str, ...], str]
    longest: int
    clear: frozenset[tuple[str, ...]]

    def kind_of(self, words: tuple[str, ...]) -> str | None:
        """Also where the last letter was held down: STOPPP."""
        known = self.kinds.get(words)
        if known or not words or not LAST_LETTERS.search(words[-1]):
            return known
        shorter = (LAST_LETTERS.sub(kept, words[-1]) for kept in (r"\1\1", r"\1"))
        found = (self.kinds.get((*words[:-1], word)) for word in shorter)
        return next((kind for kind in found if kind and kind != FILLER), None)


@cache
def keywords() -> Keywords:
    """Read once in a process."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    kinds = {fold(word): FILLER for words in data["fillers"].values() for word in words}
    for group in data["words"]:
        kinds |= {fold(word): group["kind"] for word in group["words"]}
    clear = frozenset(fold(word) for word in data["clear"])
    return Keywords(kinds, max(map(len, kinds)), clear)


def fold(text: str) -> tuple[str, ...]:
    """The words of *text* without case, accents, punctuation, emoji; s.t.o.p is one word.

    >>> fold("«Arrêt» 🛑"), fold("OPT-OUT"), fold("S T O P")
    (('arret',), ('opt', 'out'), ('stop',))
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    parts = unicodedata.normalize("NFD", plain)
    kept = "".join(parts_of(char) for char in parts)
    words = unicodedata.normalize("NFC", kept).translate(PLAIN).split()
    return tuple(joined(words))


def parts_of(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):  # accents, and what cannot be seen
        return ""
    return char if category[0] in "LNM" else " "


def joined(words: list[str]) -> list[str]:
    """Single letters in a row are a word."""
    found: list[str] = []
    for single, run in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        letters = list(run)
        together = single and len(letters) >= SPELLED_OUT
        found += ["".join(letters)] if together else letters
    return found
