"""How people write numbers: from any spelling to `+digits` or `digits`."""

from __future__ import annotations

import re
import unicodedata

from heliograph.errors import BadInput

SEPARATORS = " -.()/"
PLAIN = re.compile(r"\+?[0-9]{5,17}", re.ASCII)

SCHEME = re.compile(r"(?:tel|sms):(?://)?", re.IGNORECASE)
EXTENSION = re.compile(
    r"[\s,;/(]*(?:;ext=|\b(?:ext|extn|extension|poste|durchwahl|x)\b|x(?=\s*\d)|#)"
    r"[\s.:=]*\d{1,7}\)?$",
    re.IGNORECASE,
)
ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
SPREADSHEET_FLOAT = re.compile(r"(\+?\d{5,})[.,]0+")
# a number of a spreadsheet that is none of a phone: nobody writes so many digits before a point
FRACTION = re.compile(r"\+?\d{7,}[.,]\d+")
POINT_BEHIND = re.compile(r"\d{7}\.", re.ASCII)
# 3.3612345601E+10 has all digits of the number, 3.36E+10 has not
EXPONENT = re.compile(r"(\+?\d)[.,](\d+)e\+?(\d+)", re.IGNORECASE)
AS_TEXT = "Format the column as text in the spreadsheet and export it again."
EXAMPLE = "Enter a mobile number such as +33612345678."
QUOTES = "'’‘`´\"="
SHORTEST_SEARCH = 5


def plain_digits(raw: str) -> str:
    """The digits of an ordinary spelling, or "" when it needs a closer look."""
    # a point behind so many digits: a spreadsheet took the number for a quantity
    if not raw.isascii() or POINT_BEHIND.search(raw):
        return ""
    for separator in SEPARATORS:  # several times as fast as translate
        raw = raw.replace(separator, "")
    return raw if PLAIN.fullmatch(raw) else ""


def spell(raw: str) -> str:
    """`+digits` or `digits` out of *raw*; raises BadInput saying what is wrong."""
    plain = plain_digits(raw)  # most rows of most files: a quarter of an import's time
    if plain:
        return plain
    text = tidy(raw)
    if not text:
        raise refusal("missing", "is empty", raw, EXAMPLE)
    if ROUNDED.fullmatch(text):
        raise refusal("rounded", "was rounded by a spreadsheet", raw, AS_TEXT)
    if FRACTION.fullmatch(text):
        raise refusal("fraction", "has a decimal fraction", raw, AS_TEXT)
    if EXTENSION.search(text):
        raise refusal("extension", "has an extension", raw, "Leave the extension out.")
    if any(char.isalpha() for char in text):
        raise refusal("letters", "has letters", raw, "Write the number in digits.")
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
    return whole[1] if whole else written_out(text)


def written_out(text: str) -> str:
    """All digits of a number that a spreadsheet wrote with an exponent, if it lost none."""
    found = EXPONENT.fullmatch(text)
    if found is None or len(found[2]) != int(found[3]):
        return text
    return found[1] + found[2]


def check_signs(digits: str, raw: str) -> None:
    if "+" in digits[1:]:
        mend = "Enter one number, with the + first."
        raise refusal("plus_inside", "has a + in the middle", raw, mend)
    odd = sorted({char for char in digits.removeprefix("+") if not "0" <= char <= "9"})
    if odd:
        problem = f"has {' '.join(odd)}, which no number has"
        raise refusal("odd_characters", problem, raw, "Use digits and +.")
    if not digits.strip("+"):
        raise refusal("no_digits", "has no digits", raw, EXAMPLE)


def is_separator(char: str) -> bool:
    return char in ".()[]/·•−" or unicodedata.category(char) in ("Zs", "Pd")


def ascii_digit(char: str) -> str:
    """The digit of any script as 0-9; any other character as it is."""
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def refusal(code: str, problem: str, raw: str, mend: str) -> BadInput:
    return BadInput("mobile", problem, value=raw, mend=mend, code=code)
