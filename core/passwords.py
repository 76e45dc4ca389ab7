"""Passwords: which ones are accepted, and what is stored of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

from heliograph.errors import BadInput

MIN_PASSWORD, MAX_PASSWORD = 10, 1000
# OWASP's figures for argon2id: 19 MiB of memory, 2 passes, 1 thread
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
ARGON2ID = "$argon2id$"
LEAST_SCORE = 3  # of 4: zxcvbn's "safely unguessable", 100 million guesses and more
MOST_MEASURED = 72  # characters; zxcvbn takes long for more
PRODUCT = ("heliograph", "sms", "text message", "campaign")
ADVICE = "Use something longer that only you would think of, for example four random words."


def check_password(password: str, hints: Iterable[str] = ()) -> None:
    """Raise BadInput unless *password* is long enough and hard to guess.

    *hints* are what a guesser knows of its owner, such as e-mail and names.
    """
    if len(password) < MIN_PASSWORD:
        raise BadInput(
            "password",
            "is too short",
            mend=f"Use {MIN_PASSWORD} characters or more, for example four random words.",
        )
    if len(password) > MAX_PASSWORD:
        raise BadInput("password", "is too long", mend=f"Use {MAX_PASSWORD} characters at most.")
    problem = weakness(password, hints)
    if problem:
        raise BadInput("password", f"is too easy to guess: {problem}", mend=ADVICE)


def weakness(password: str, hints: Iterable[str] = ()) -> str:
    """What makes *password* easy to guess, in words; "" when nothing does."""
    from zxcvbn import zxcvbn  # noqa: PLC0415  its word lists are loaded by the first check

    own = [*words_of(hints), *PRODUCT]
    found = zxcvbn(folded(password)[:MOST_MEASURED], user_inputs=own)
    if found["score"] >= LEAST_SCORE:
        return ""
    if any(part.get("dictionary_name") == "user_inputs" for part in found["sequence"]):
        return "it is built from the name, the e-mail or the name of this product"
    warning = str(found["feedback"]["warning"]).rstrip(".")
    return (
        warning[:1].lower() + warning[1:] if warning else "it is made of common words or patterns"
    )


def words_of(hints: Iterable[str]) -> list[str]:
    """Each hint whole, and its parts: `ann.lee@example.com` is also `ann`, `lee` and `example`."""
    found: list[str] = []
    for hint in hints:
        found += [hint, hint.partition("@")[0], *re.split(r"[^\w]+", hint)]
    return [word for word in found if len(word) > 2]


def hash_password(password: str) -> str:
    """What is stored of a password; it names its algorithm and cost."""
    return HASHER.hash(encoded(password))


def password_fits(stored: str, typed: str) -> bool:
    """Whether *typed* is the password that *stored* was made from."""
    if len(typed) > MAX_PASSWORD:
        return False
    if not stored.startswith(ARGON2ID):  # made by an earlier version, with scrypt
        return check_password_hash(stored, typed)
    try:
        return HASHER.verify(stored, encoded(typed))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether *stored* was made with another algorithm or cost than passwords are now."""
    return not stored.startswith(ARGON2ID) or HASHER.check_needs_rehash(stored)


def normal(password: str) -> str:
    """The same characters however the keyboard composes them."""
    return unicodedata.normalize("NFC", password)


def folded(password: str) -> str:
    """As a guesser takes it: `pässwörd` is `password`, and what cannot be seen is not there."""
    parts = unicodedata.normalize("NFKD", password)
    return "".join(char for char in parts if unicodedata.category(char) not in ("Mn", "Cf"))


def encoded(password: str) -> bytes:
    return normal(password).encode("utf-8", "surrogatepass")
