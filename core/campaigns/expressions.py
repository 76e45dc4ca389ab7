"""Regular expressions in decisions, compared by an engine whose time grows with the text alone.

It is Rust's, which pydantic brings: it knows letters of all scripts, and neither look-around nor
references back to a group, which are what makes others take for ever.
"""

from __future__ import annotations

import re
import time
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import regex
from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST = 2000  # characters of a reply that are looked at
# Repeats of repeats, as (.{1000}){9}, cost by their product. Whatever takes longer over a text
# that almost fits takes 50 ms over the longest reply.
SAMPLE, MOST_SECONDS = 200, 0.005
TOO_SLOW = "takes too long: it repeats too often, as in (.{1000}){9}"
# what means something else to this engine than to Python's; between brackets
UNLIKE = re.compile(r"\[[^\]]*(&&|--|~~|\[:)")
ALIKE = {"Z": r"\z", "<": "<", ">": ">"}
DOTS = str.maketrans("İı", "ii")  # the one pair of cases in which it does not see one letter


class Compiled(NamedTuple):
    """The expression for the engine, None when it cannot be used, and why."""

    engine: SchemaValidator | None
    why_not: str = ""

    def is_found_in(self, text: str) -> bool:
        return self.engine is not None and self.engine.isinstance_python(text)


def regex_matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is found in *text*; one that cannot be used never is."""
    text = plain(text[:LONGEST])
    compiled = compile_pattern(pattern)
    # $ is also before the line break at the end, which some phones add
    return compiled.is_found_in(text) or (
        text.endswith("\n") and compiled.is_found_in(text.removesuffix("\n"))
    )


def why_not_sound(pattern: str) -> str:
    """Why the expression cannot be used: it is none, or takes too long; "" when it can."""
    return compile_pattern(pattern).why_not


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Compiled:
    unlike = UNLIKE.search(pattern)
    if unlike:
        return Compiled(None, f"has {unlike[1]} between brackets; write it another way")
    pattern = plain(pattern)
    schema = core_schema.str_schema(pattern=f"(?i){translated(pattern)}", regex_engine="rust-regex")
    try:
        engine = SchemaValidator(schema)
    except SchemaError as error:
        return Compiled(None, f"is not valid: {reason_of(error)}")
    for text in nasty_texts(pattern):
        if not is_quick(engine, text):
            return Compiled(None, TOO_SLOW)
    return Compiled(engine)


def translated(pattern: str) -> str:
    """*pattern*, in which escapes mean what they do in Python's expressions."""

    def alike(found: re.Match[str]) -> str:
        char = found[1]
        return ALIKE.get(char, f"\\{char}" if char.isascii() else char)

    return re.sub(r"\\(.)", alike, pattern, flags=re.DOTALL)


def reason_of(error: SchemaError) -> str:
    """What the engine says, without the drawing of where."""
    last = str(error).strip().splitlines()[-1]
    return last.partition("rror: ")[2].strip() or last.strip()


def is_quick(engine: SchemaValidator, text: str) -> bool:
    """By processor time, the best of three: the first builds what the others use."""
    for _ in range(3):
        begun = time.thread_time()
        engine.isinstance_python(text)
        if time.thread_time() - begun < MOST_SECONDS:
            return True
    return False


def nasty_texts(pattern: str) -> list[str]:
    """Texts that almost fit: of usual letters, and of the expression's own."""
    own = dict.fromkeys("".join(literals_of(pattern)))
    return [(one * SAMPLE)[:SAMPLE] for one in ("a", "é", "1", "word ", *list(own)[:8])]


def literals_of(pattern: str) -> list[str]:
    """The words that a regular expression names.

    >>> literals_of(r"^(stop|no more)\\b")
    ['stop', 'no more']
    """
    found: list[str] = regex.findall(r"\w+(?: \w+)*", regex.sub(r"\\.", "|", pattern))
    return found


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(DOTS)
