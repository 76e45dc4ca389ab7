"""What a reply or the address of a link is compared with, as the manual says."""

from __future__ import annotations

import re
from typing import Any

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START = {"START", "UNSTOP"}
HELP = {"HELP", "INFO"}


def meaning(text: str, *, is_out: bool) -> str:
    """out, in, help, or "" for an ordinary reply; YES opts in who has opted out.

    A word counts as the whole reply, or with a polite word after it; YES only by itself.
    """
    alone = re.sub(r"^\W+|\W+$", "", text.upper())
    word = re.sub(r"^\W+|\W+$|\W+PLEASE\W*$", "", text.upper())
    if word in STOP:
        return "out"
    if word in START or (alone == "YES" and is_out):
        return "in"
    return "help" if word in HELP else ""


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole *text* is as *pattern*; * is anything, capitals do not matter."""
    parts = [re.escape(part) for part in pattern.strip().lower().split("*")]
    return re.fullmatch(".*".join(parts), text.strip().lower(), re.DOTALL) is not None


def has_word(text: str, words: list[str]) -> bool:
    given = re.findall(r"\w+", text.lower())
    return any(word.lower() in given for word in words)


def fits(text: str, config: dict[str, Any]) -> bool:
    """Whether a reply is what *Replies* waits for."""
    how = config.get("how", "any")
    if how == "pattern":
        return is_like(text, config["pattern"])
    if how == "words":
        return has_word(text, config["words"])
    if how == "regex":
        return re.search(config["regex"], text, re.IGNORECASE) is not None
    return True


def names_it(text: str, config: dict[str, Any]) -> bool:
    """Whether what fits an opt-out, opt-in or call for help is such a word itself."""
    how = config.get("how", "any")
    named = {
        "any": [],
        "pattern": config.get("pattern", "").split("*"),
        "words": [one for one in config.get("words", ()) if has_word(text, [one])],
        "regex": re.findall(r"[A-Za-z]+", config.get("regex", "")),
    }[how]
    return any(meaning(one, is_out=True) for one in named)


def field_fits(value: Any, operator: str, wanted: Any) -> bool:
    """A condition on a field; who has no value fails all but `empty` and the negative ones."""
    if operator in ("empty", "not_empty"):
        return (value in ("", None)) == (operator == "empty")
    if value in ("", None):
        return operator in ("is_not", "not_in", "not_contains", "!=")
    if isinstance(value, int | float):
        compared = {
            "=": value == wanted,
            "!=": value != wanted,
            "<": value < wanted if not isinstance(wanted, list) else False,
            ">": value > wanted if not isinstance(wanted, list) else False,
        }
        if operator == "between":
            return bool(wanted[0] <= value <= wanted[1])
        return compared[operator]
    return text_fits(str(value).lower(), operator, wanted)


def text_fits(value: str, operator: str, wanted: Any) -> bool:
    if operator in ("in", "not_in"):
        return (value in [one.lower() for one in wanted]) == (operator == "in")
    sought = str(wanted).lower()
    return {
        "is": value == sought,
        "is_not": value != sought,
        "contains": sought in value,
        "not_contains": sought not in value,
        "starts_with": value.startswith(sought),
        "ends_with": value.endswith(sought),
    }[operator]
