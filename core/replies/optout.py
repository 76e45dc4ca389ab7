"""What a reply means for contacting: STOP, START, HELP.

The words are Twilio's documented ones (its advanced opt-out page, with REVOKE
and OPTOUT of 2025); a word counts only when it is the whole message.
"""

from __future__ import annotations

import re
import unicodedata

from core.channel import Opt

OUT_WORDS = frozenset(
    ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
)
IN_WORDS = frozenset(("START", "UNSTOP"))
# "YES" answers surveys too: it opts in only those who are out (see inbox.py)
ASSENT = "YES"
HELP_WORDS = frozenset(("HELP", "INFO"))

EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def keyword(text: str) -> str:
    """The message in capitals without the blanks and punctuation around it."""
    return EDGES.sub("", unicodedata.normalize("NFKC", text)).upper()


def meaning(text: str, *, opted_out: bool) -> Opt | None:
    """What the whole message means, or None for ordinary words.

    >>> meaning(" Stop! ", opted_out=False)
    <Opt.OUT: 'out'>
    >>> meaning("stop by at 5", opted_out=False) is None
    True
    """
    word = keyword(text)
    if word in OUT_WORDS:
        return Opt.OUT
    if word in IN_WORDS or (word == ASSENT and opted_out):
        return Opt.IN
    return Opt.HELP if word in HELP_WORDS else None
