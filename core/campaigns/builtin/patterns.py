"""How replies are compared: patterns with *, and words."""

from __future__ import annotations

import unicodedata

import regex

from heliograph.campaigns.expressions import LONGEST


def plain(text: str) -> str:
    """*text* in one letter case and one spelling, blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", text[:LONGEST]).casefold().split())


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole of *text* fits *pattern*, in which * stands for anything.

    >>> is_like("Yes please!", "YES*"), is_like("oh yes", "YES*"), is_like("oh yes", "*YES*")
    (True, False, True)
    """
    given = plain(text)
    first, *rest = [plain_part(part) for part in unicodedata.normalize("NFKC", pattern).split("*")]
    if not rest:
        return given == first.strip()
    *middle, last = rest
    if len(given) < len(first) + len(last):
        return False
    if not (given.startswith(first) and given.endswith(last)):
        return False
    at, end = len(first), len(given) - len(last)
    for part in middle:
        found = given.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def plain_part(part: str) -> str:
    """A part of a pattern: blanks as one, those at its ends too."""
    words = " ".join(part.casefold().split())
    if not words:
        return " " if part else ""
    begin, end = (" " if part[at].isspace() else "" for at in (0, -1))
    return f"{begin}{words}{end}"


def has_word(text: str, word: str) -> bool:
    """Whether *word*, or the words of a phrase in a row, stand in *text* as whole words."""
    wanted = words_of(word)
    if not wanted:
        return plain(word) in plain(text) and bool(plain(word))  # a sign, such as 👍
    given = words_of(text)
    return any(given[at : at + len(wanted)] == wanted for at in range(len(given)))


def words_of(text: str) -> list[str]:
    found: list[str] = regex.findall(r"\w+", plain(text))
    return found
