"""What a reply means for contacting: STOP, START, HELP.

A word counts only when it is the whole message, but for polite words, a signature,
and lines below it. The words are data: see `keywords.json`.
"""

from __future__ import annotations

import re

from heliograph.channel import Opt
from heliograph.replies.keywords import ASSENT, FILLER, HELP, IN, OUT, fold, keywords

UNITS = 3  # at most so many words and phrases: "please stop, thank you"
LONGEST = 400  # characters; nobody opts out in more

SIGNATURE_LINE = re.compile(r"^\s*(?:--|__|—)\s*$.*", re.MULTILINE | re.DOTALL)
SIGNED = re.compile(r"(?<=\s)[-–—~]\s*([^\W\d_][\w'.]*(?: [^\W\d_][\w'.]*)?)\s*$")


def meaning(text: str, *, opted_out: bool) -> Opt | None:
    """What the whole message means, or None for ordinary words.

    >>> meaning(" Stop! Thank you", opted_out=False)
    <Opt.OUT: 'out'>
    >>> meaning("stop by at 5", opted_out=False) is None
    True
    """
    text = SIGNATURE_LINE.sub("", text[:LONGEST]).strip()
    kinds = kinds_in(text)
    if kinds is None:
        return stop_above(text)
    if OUT in kinds:
        return Opt.OUT
    if kinds <= {IN, ASSENT} and IN in kinds:
        return Opt.IN
    if kinds == {ASSENT} and opted_out and is_one_word(text):
        return Opt.IN
    return Opt.HELP if kinds == {HELP} else None


def is_one_word(text: str) -> bool:
    """ "YES" opts in again; "yes please" may answer something else that was asked."""
    return len(fold(text)) == 1


def stop_above(text: str) -> Opt | None:
    """STOP on a line of its own, above a name, a sentence or what the phone adds."""
    first, _, rest = text.partition("\n")
    if not rest or OUT not in (kinds_in(first) or ()):
        return None
    start = rest.lstrip()[0]
    # "cancel" above "my order 5" goes on there
    return Opt.OUT if fold(first) in keywords().clear or start == start.upper() else None


def kinds_in(text: str) -> set[str] | None:
    """Kinds of the keywords that *text* is made of; None when it says anything else."""
    words = fold(unsigned(text))
    known, kinds, units = keywords(), set[str](), 0
    while words:
        sizes = range(min(known.longest, len(words)), 0, -1)
        found = next(((n, kind) for n in sizes if (kind := known.kind_of(words[:n]))), None)
        units += 1
        if found is None or units > UNITS:
            return None
        words = words[found[0] :]
        kinds.add(found[1])
    return kinds - {FILLER}


def unsigned(text: str) -> str:
    """*text* without the name of who wrote it: "Stop, thanks - Ada"."""
    signed = SIGNED.search(text)
    name = signed[1] if signed else ""
    capitals = all(word[0] == word[0].upper() for word in name.split())
    return text[: signed.start()] if signed and capitals else text
