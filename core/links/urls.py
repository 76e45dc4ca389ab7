"""Web addresses in a text as it was written, tokens and all.

Only an address whose server is written in the text is a link: were it filled from
a field, whoever can write that field could have our short link lead anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 2000  # bytes: what fits into an index of PostgreSQL
# blanks, braces, and what stands around an address rather than in it
STOPS = r"\s<>\"{}\\^`|\x00“”„‟‘’‚‛‹›«»…。、，；：！？（）「」『』【】《》〈〉"
UNSURE = tuple("{}\\^`|")
TRAILING = ".,;:!?'*"
OPENING = {")": "(", "]": "["}

LINK = re.compile(
    # Liquid and tokens with all they hold are passed over
    r"\{\{.*?\}\}|\{%.*?%\}|\{[^{}]*\}"
    # a server: letters, digits and marks, then no token (a tag may follow)
    r"|(?P<url>\bhttps?://[\w.\-:@\[\]%]++(?!\{(?!%))"
    # path and query may hold Liquid and tokens
    rf"(?:[/?#](?:[^{STOPS}]|\{{\{{.*?\}}\}}|\{{(?![%{{])[^{{}}]*+\}})*+)?)",
    re.IGNORECASE | re.DOTALL,
)
MARK = re.compile("\x00([0-9]+)\x00")
GOES_ON = re.compile(rf"[^{STOPS}]*")

Short = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class MarkedText:
    """`text` has a mark where each link stood; `urls` are those links, by number.

    Where Liquid decides what stands (`branches`), a link may turn out to go on
    after its mark.
    """

    text: str
    urls: tuple[str, ...]
    branches: bool = False

    def finish(self, filled: str, short: Short) -> str:
        """*filled*, which was made from `text`, with what *short* gives for each number."""

        def put(match: re.Match[str]) -> str:
            number = int(match[1])
            if self.branches and goes_on(filled, match.end()):
                return self.urls[number]
            return short(number)

        return MARK.sub(put, filled)


def mark_links(text: str, *, but: str = "") -> MarkedText:
    """Find the links of *text*; addresses that begin with *but* are none."""
    numbers: dict[str, int] = {}

    def put(match: re.Match[str]) -> str:
        whole = match["url"]
        url = trimmed(whole or "")
        if not is_good(url) or (but and url.startswith(but)) or not is_whole(text, match):
            return match[0]
        number = numbers.setdefault(url, len(numbers))
        return f"\x00{number}\x00{whole[len(url) :]}"

    marked = LINK.sub(put, text)
    return MarkedText(marked, tuple(numbers), branches="{%" in text or "{{-" in text)


def is_whole(text: str, match: re.Match[str]) -> bool:
    """Nobody could take what follows for a part of the link."""
    if text[match.end() : match.end() + 1] in UNSURE and not text.startswith("{%", match.end()):
        return False
    if "{" not in match[0] or "{%" not in text:
        return True
    # it cannot be put back should Liquid have it go on
    return not text.startswith("{%", match.end()) and "{%-" not in text and "{{-" not in text


def trimmed(url: str) -> str:
    """Without the marks that end a sentence, or close what was opened before it."""
    while url:
        last = url[-1]
        opening = OPENING.get(last)
        if last in TRAILING or (opening and url.count(opening) < url.count(last)):
            url = url[:-1]
        else:
            break
    return url


def is_good(url: str) -> bool:
    """It names a server, and a browser can be sent there."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises when it is none
        server = (parts.hostname or "").strip(".")
        server.encode("idna")
    except ValueError:
        return False
    return bool(server) and len(url.encode(errors="replace")) <= LONGEST


def goes_on(text: str, at: int) -> bool:
    """Whether an address that ends at *at* is continued there."""
    found = GOES_ON.match(text, at)
    return found is not None and trimmed("x" + found[0]) != "x"
