"""How replies are compared: patterns with *, words, regular expressions under guard."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import regex

SECONDS = 0.1  # a reply is compared inside a transaction
LONGEST = 2000  # characters of a reply that are looked at
# what makes bad expressions slow: long, almost matching
NASTY = ("a" * 200, "1" * 200, " " * 200, "ab" * 100, "a1 " * 70, "YES " * 50)
ENDS = ("", "!", "\n", "é")


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


def read_regex(pattern: str) -> Any:
    """The expression; raises ValueError when it is none, or can take too long."""
    try:
        made = compiled(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    try:
        for text in NASTY:
            for end in ENDS:
                made.search(text + end, timeout=SECONDS)
    except TimeoutError:
        raise ValueError("may take too long: avoid a repeat inside a repeat, as (a+)+") from None
    return made


def regex_matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is found in *text*; one that takes too long is not."""
    given = unicodedata.normalize("NFKC", text[:LONGEST])
    try:
        return compiled(pattern).search(given, timeout=SECONDS) is not None
    except TimeoutError:
        return False


def literals_of(pattern: str) -> list[str]:
    """The words that a regular expression names.

    >>> literals_of(r"^(stop|no more)\\b")
    ['stop', 'no more']
    """
    found: list[str] = regex.findall(r"\w+(?: \w+)*", regex.sub(r"\\.", "|", pattern))
    return found


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    return regex.compile(unicodedata.normalize("NFKC", pattern), regex.IGNORECASE)
