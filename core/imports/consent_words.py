"""The words of `consent.json`: what a column's name promises and what a cell means."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("consent.json")

DO_NOT_CONTACT, CONSENT = "do_not_contact", "consent"

HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
WORD = re.compile(r"[^\W_]+|[✓✔☑☐✗✘]")
DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{8}(?:T\d{6}.*)?|\d{10}|\d{13}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}.*|\d{1,2}\.? [^\W\d_]{3,9}\.? \d{4}.*"
)
COUNT = re.compile(r"\d{1,3}(?:[.,]0+)?")


class Verdict(NamedTuple):
    """`out`: no texts to this person. `clear`: the cell says so in words that are known."""

    out: bool
    clear: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """The words of `consent.json`, folded."""

    refusal: frozenset[str]
    consent: frozenset[str]
    status: frozenset[str]
    ambiguous: frozenset[str]
    values: Mapping[str, frozenset[str]]
    sms: frozenset[str]
    other: frozenset[str]
    never: frozenset[str]
    beside_refusal: frozenset[str]
    beside_consent: frozenset[str]
    lists: frozenset[str]
    files: frozenset[str]


@cache
def known() -> Words:
    """Read once in a process."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    headers, beside, channels = data["headers"], data["beside"], data["channels"]
    return Words(
        refusal=of_all(headers["refusal"]),
        consent=of_all(headers["consent"]),
        status=of_all(headers["status"]),
        ambiguous=of_all(headers["ambiguous"]),
        values={name: of_all(words) for name, words in data["values"].items()},
        sms=frozenset(channels["sms"]),
        other=frozenset(channels["other"]),
        never=frozenset(beside["never"]),
        beside_refusal=frozenset(beside["refusal"]),
        beside_consent=frozenset(beside["consent"]),
        lists=of_all(data["lists"]),
        files=of_all(data["files"]),
    )


def of_all(by_source: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(fold(word) for words in by_source.values() for word in words)


def fold(text: str) -> str:
    """Words without case, accents and punctuation, joined by blanks.

    >>> fold("HasOptedOutOfEmail"), fold("Opt-in SMS"), fold("Désabonné(e)")
    ('has opted out of email', 'opt in sms', 'desabonne e')
    """
    bare = unicodedata.normalize("NFKD", HUMP.sub(" ", text))
    bare = "".join(char for char in bare if not unicodedata.combining(char)).casefold()
    return " ".join(WORD.findall(bare)).replace("e mail", "email")


class Header(NamedTuple):
    """What the name of a column promises.

    `status`: its cells decide whether it is about consent at all. `sure`: no other meaning
    is likely. `beside`: it tells more of a refusal (its reason), not that there is one.
    """

    target: str
    status: bool = False
    about_texts: bool = True
    sure: bool = True
    beside: bool = False


def read_header(column: str) -> Header | None:
    """What *column* says by its name; None when it is not about consent.

    >>> read_header("Accepts SMS Marketing").target, read_header("unsubscribed_at").target
    ('consent', 'do_not_contact')
    >>> read_header("SMS Consent Timestamp"), read_header("First name")
    (None, None)
    """
    words, text = known(), fold(column)
    tokens = set(text.split())
    if tokens & words.never:
        return None
    texts = bool(tokens & words.sms)
    about_texts = texts or not tokens & words.other
    if names_one(text, words.refusal):
        beside = bool(tokens & words.beside_refusal)
        return Header(DO_NOT_CONTACT, about_texts=about_texts, beside=beside)
    status = names_one(text, words.status)
    if names_one(text, words.consent):
        if tokens & words.beside_consent:
            return None
        sure = texts or names_one(text, words.consent - words.ambiguous)
        return Header(CONSENT, status=status, about_texts=about_texts, sure=sure)
    return Header(CONSENT, status=True, about_texts=about_texts, sure=False) if status else None


def names_one(text: str, phrases: frozenset[str]) -> bool:
    padded = f" {text} "
    return any(f" {phrase} " in padded for phrase in phrases)


@lru_cache(maxsize=4096)
def read_value(value: str, target: str) -> Verdict:
    """What a cell of a column with that *target* means for texts.

    >>> read_value("no", "consent"), read_value("no", "do_not_contact")
    (Verdict(out=True, clear=True), Verdict(out=False, clear=True))
    >>> read_value("perhaps", "consent")
    Verdict(out=True, clear=False)
    """
    refuses = target == DO_NOT_CONTACT
    text, values = fold(value), known().values
    if (not text and not has_letters(value)) or text.replace(" ", "") in values["blank"]:
        return Verdict(out=not refuses)
    if text in values["out"]:
        return Verdict(out=True)
    if text in values["in"]:
        return Verdict(out=False)
    if text in values["yes"]:
        return Verdict(out=refuses)
    if text in values["no"]:
        return Verdict(out=not refuses)
    return read_other(value.strip(), text, refuses=refuses)


def has_letters(value: str) -> bool:
    """Whether anything but blanks and rules is there, such as an emoji."""
    return bool(value.strip(" \t\r\n\u00a0-–—_/.'\""))


def read_other(value: str, text: str, *, refuses: bool) -> Verdict:
    """Dates, counts, lists of channels; what nobody can read is no consent."""
    words = known()
    if DATE.fullmatch(value):  # when somebody left, or when somebody agreed
        return Verdict(out=refuses)
    if COUNT.fullmatch(value):
        number = int(re.split(r"[.,]", value)[0])
        if refuses or number in (0, 1):  # some write the kind of refusal: 1, 2, 3
            return Verdict(out=bool(number) == refuses)
    if not refuses:
        if text in words.values["in_of_consent"]:
            return Verdict(out=False)
        tokens = set(text.split())
        if tokens and tokens <= words.lists:
            return Verdict(out="sms" not in tokens)
    return Verdict(out=True, clear=False)
