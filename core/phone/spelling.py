"""How people write numbers: from any spelling to `+digits` or `digits`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.errors import BadInput

SEPARATORS = " -.()/"
PLAIN = re.compile(r"\+?[0-9]{5,17}", re.ASCII)
PLAIN_OR_BLANK = re.compile(r"(?:(?:\+?[0-9]{5,17})?\n)*", re.ASCII)

SCHEME = re.compile(r"(?:tel|sms):(?://)?", re.IGNORECASE)
EXTENSION = re.compile(
    r"[\s,;/(]*(?:;ext=|\b(?:ext|extn|extension|poste|durchwahl|x)\b|x(?=\s*\d)|#)"
    r"[\s.:=]*\d{1,7}\)?$",
    re.IGNORECASE,
)
ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
SPREADSHEET_FLOAT = re.compile(r"(\+?\d{5,})\.0")
QUOTES = "'’‘`´\"="
SHORTEST_SEARCH = 5


def plain_digits(raw: str) -> str:
    """The digits of an ordinary spelling, or "" when it needs a closer look."""
    if PLAIN.fullmatch(raw):
        return raw
    # ".0" is the end of a number that a spreadsheet took for a quantity
    if not raw.isascii() or raw.endswith(".0"):
        return ""
    text = raw
    for separator in SEPARATORS:  # several times as fast as translate
        text = text.replace(separator, "")
    return text if PLAIN.fullmatch(text) else ""


def all_plain_digits(raws: Sequence[str]) -> list[str]:
    """`plain_digits` of each, told from all of them at once where all are plain."""
    text = "\n".join(raws) + "\n"
    if text.isascii() and ".0\n" not in text:
        for separator in SEPARATORS:
            text = text.replace(separator, "")
        digits = text.split("\n")[:-1]
        if len(digits) == len(raws) and PLAIN_OR_BLANK.fullmatch(text):
            return digits
    return [plain_digits(raw) for raw in raws]


def spell(raw: str) -> str:
    """`+digits` or `digits` out of *raw*; raises BadInput saying what is wrong."""
    text = tidy(raw)
    if not text:
        raise refusal("is empty", raw, "Enter a mobile number such as +33612345678.")
    if ROUNDED.fullmatch(text):
        mend = "Format the column as text in the spreadsheet and export it again."
        raise refusal("was rounded by a spreadsheet", raw, mend)
    if EXTENSION.search(text):
        raise refusal("has an extension", raw, "Leave the extension out.")
    if any(char.isalpha() for char in text):
        raise refusal("has letters", raw, "Write the number in digits.")
    kept = "".join(char for char in text if not is_separator(char))
    digits = "".join(ascii_digit(char) for char in kept)
    check_signs(digits, raw)
    return digits


def looks_like_number(text: str) -> bool:
    """Whether *text* may be a phone number or the beginning of one, for search."""
    text = tidy(text)
    kept = "".join(ascii_digit(char) for char in text if not is_separator(char))
    digits = kept.removeprefix("+")
    return len(digits) >= SHORTEST_SEARCH and digits.isascii() and digits.isdigit()


def tidy(raw: str) -> str:
    """Full-width forms made plain; marks that cannot be seen and wrappings gone."""
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc"))
    text = text.strip().lstrip(QUOTES).rstrip(QUOTES).strip()
    text = SCHEME.sub("", text, count=1) if SCHEME.match(text) else text
    whole = SPREADSHEET_FLOAT.fullmatch(text)
    return whole[1] if whole else text


def check_signs(digits: str, raw: str) -> None:
    if "+" in digits[1:]:
        raise refusal("has a + in the middle", raw, "Enter one number, with the + first.")
    odd = sorted({char for char in digits.removeprefix("+") if not "0" <= char <= "9"})
    if odd:
        raise refusal(f"has {' '.join(odd)}, which no number has", raw, "Use digits and +.")
    if not digits.strip("+"):
        raise refusal("has no digits", raw, "Enter a mobile number such as +33612345678.")


def is_separator(char: str) -> bool:
    return char in ".()[]/·•−" or unicodedata.category(char) in ("Zs", "Pd")


def ascii_digit(char: str) -> str:
    """The digit of any script as 0-9; any other character as it is."""
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def refusal(problem: str, raw: str, mend: str) -> BadInput:
    return BadInput("mobile", problem, value=raw, mend=mend)
