"""First and last name out of one cell."""

from __future__ import annotations

TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "mme", "mlle", "herr", "frau"})


def split_name(name: str) -> tuple[str, str]:
    """First and last name; the rest behind the first word is the last name.

    >>> split_name("Ada King Lovelace"), split_name("Lovelace, Ada"), split_name("LOVELACE Ada")
    (('Ada', 'King Lovelace'), ('Ada', 'Lovelace'), ('Ada', 'Lovelace'))
    """
    last, comma, first = name.partition(",")
    if comma and first.strip() and last.strip():
        return " ".join(first.split()), " ".join(last.split())
    words = name.replace(",", " ").split()
    while len(words) > 1 and words[0].lower().rstrip(".") in TITLES:
        del words[0]
    if len(words) < 2:
        return " ".join(words), ""
    capitals = next((at for at, word in enumerate(words) if not is_capitals(word)), 0)
    if capitals:  # as French lists have it: the last name in capitals comes first
        return " ".join(words[capitals:]), tidy_capitals(words[:capitals])
    return words[0], " ".join(words[1:])


def is_capitals(word: str) -> bool:
    return len(word) > 1 and word.isupper() and not word.endswith(".")


def tidy_capitals(words: list[str]) -> str:
    return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in words)
