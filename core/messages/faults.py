"""What is wrong with a text, with the line and the column where it stands."""

from __future__ import annotations

from heliograph.errors import BadInput

MOST_SHOWN = 60


class NotOurs(BadInput):
    r"""Something in a text reads like a token and is none of ours.

    It can be kept on purpose, by a backslash before it: `\{SAVE20}`. It begins *at* that
    character of the text.
    """

    at = 0


def bad(text: str, at: int, shown_token: str, problem: str, mend: str) -> BadInput:
    """The error about what stands in *text* from *at* on."""
    return BadInput(place_of(text, at), problem, value=shown_token.strip(), mend=mend)


def place_of(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return f"text, line {line}, column {column}"


def not_ours(text: str, at: int, written: str, problem: str, mend: str = "") -> NotOurs:
    """As `bad`, and it tells how to send it as it is."""
    how = f"\\{written}" if len(written) <= MOST_SHOWN else "a backslash before it"
    mend = f"{mend} To send it as it is, write {how}".strip()
    found = NotOurs(place_of(text, at), problem, value=written.strip(), mend=mend)
    found.at = at
    return found


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
