"""Liquid in a text: where it stands, and whether it names only what there is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from heliograph.errors import BadInput
from heliograph.messages.engine import FILTERS, TAGS, parse
from heliograph.messages.faults import bad, first_line, not_ours
from heliograph.messages.placeholders import Names, is_escaped, liquid_field
from heliograph.messages.values import OWNER_FIELDS

CLOSES = {"{{": "}}", "{%": "%}"}
MOST_SPANS = 200  # outputs and tags of one text
LONGEST_SPAN = 500  # the engine's time grows with the square of it
ALLOWED = f"Filters: {', '.join(FILTERS)}; tags: if, unless."
INNER_TAGS = ("else", "elsif", "endif", "endunless")


class Span(NamedTuple):
    """An output or a tag of Liquid; an escaped one is sent as it stands."""

    begin: int
    end: int
    escaped: bool


def liquid_spans(text: str) -> list[Span]:
    """Where Liquid stands in *text*; raises BadInput where it is not closed, or too much.

    The engine never sees other text: it takes seconds over braces that nothing closes.
    """
    found = list(walk(text))
    for begin, end, escaped in found:
        if end - begin > LONGEST_SPAN and not escaped:
            problem = f"has {end - begin} characters"
            mend = f"{LONGEST_SPAN} are the most of one output or tag."
            raise bad(text, begin, text[begin : begin + 40], problem, mend)
    if sum(not span.escaped for span in found) > MOST_SPANS:
        mend = f"{MOST_SPANS} outputs and tags are the most."
        raise bad(text, found[MOST_SPANS].begin, "{{", "has too much Liquid", mend)
    return found


def walk(text: str) -> Iterator[Span]:
    at = 0
    while (begin := next_opening(text, at)) >= 0:
        opening = text[begin : begin + 2]
        end = text.find(CLOSES[opening], begin + 2)
        escaped = is_escaped(text, begin)
        if end < 0 and not escaped:
            mend = f"End it with {CLOSES[opening]}, or write \\{{ to send a brace as it is."
            raise bad(text, begin, text[begin : begin + 40], "is not closed", mend)
        if end < 0:  # the backslash is about this one brace
            at = begin + 1
            continue
        yield Span(begin, end + 2, escaped)
        at = end + 2


def next_opening(text: str, at: int) -> int:
    places = [place for opening in CLOSES if (place := text.find(opening, at)) >= 0]
    return min(places, default=-1)


def check_spans(text: str, spans: list[Span], names: Names) -> None:
    """Raise NotOurs for another tool's Liquid, as `{{ contact.firstname }}`."""
    for begin, end, escaped in spans:
        written = text[begin:end]
        if escaped or is_ours(written, names):
            continue
        alias = liquid_field(written, names)
        if alias is not None:
            mend = f"Write {{contactfield={alias}}} instead." if alias else ""
            raise not_ours(text, begin, written, "is how another tool writes a field", mend)


def is_ours(written: str, names: Names) -> bool:
    words = written[2:-2].strip("- \t\n").replace("|", " ").split()
    first = words[0] if words else ""
    if written.startswith("{%"):
        return first in TAGS or first in INNER_TAGS
    root, _, alias = first.partition(".")
    return (root == "contact" and alias in dict(names)) or (
        root == "owner" and alias in OWNER_FIELDS
    )


def compile_liquid(text: str, source: str, names: Names) -> BoundTemplate:
    """The template of *source*, which was made of *text*: errors name the place there."""
    try:
        template = parse(source)
    except LiquidError as error:
        at = getattr(error.token, "start_index", 0) if error.token else 0
        where = min(at, len(text))
        raise bad(text, where, first_line(error), "is not understood", ALLOWED) from None
    check_names(text, source, template, names)
    return template


def check_names(text: str, source: str, template: BoundTemplate, names: Names) -> None:
    """Only known filters and `contact.<field>`, `owner.<field>`."""
    analysis = template.analyze()
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            at = place(text, source, spans[0].index, name)
            raise bad(text, at, name, "is no filter", ALLOWED)
    known: dict[str, Callable[[str], bool]] = {
        "contact": lambda alias: alias in dict(names),
        "owner": lambda alias: alias in OWNER_FIELDS,
        "token": lambda _alias: True,
    }
    for root, variables in analysis.variables.items():
        for variable in variables:
            path = [str(segment) for segment in variable.segments]
            if root in known and len(path) == 2 and known[root](path[1]):
                continue
            shown_path = ".".join(path)
            at = place(text, source, variable.span.index, shown_path)
            aliases = [f"contact.{alias}" for alias, _ in names]
            close = difflib.get_close_matches(shown_path, aliases, n=1)
            mend = f"Did you mean {close[0]}?" if close else "Use contact.<field>."
            raise unknown(text, at, shown_path, mend)


def unknown(text: str, at: int, name: str, mend: str) -> BadInput:
    """About a *name* in an output, which may be meant to be sent; in a tag it cannot."""
    for begin, end, _ in liquid_spans(text):
        if begin <= at < end and text.startswith("{{", begin):
            return not_ours(text, begin, text[begin:end], "is not known", mend)
    return bad(text, at, name, "is not known", mend)


def place(text: str, source: str, index: int, name: str) -> int:
    """Where *name* stands in the text as written, given its place in the source."""
    nth = source.count(name, 0, index + len(name)) - 1
    at = -1
    for _ in range(max(nth, 0) + 1):
        at = text.find(name, at + 1)
    return max(at, 0)
