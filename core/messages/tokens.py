"""Tokens of texts: Mautic's `{contactfield=firstname|there}`, and a safe Liquid.

Tokens are resolved here, once per text; what they yield goes into the text as
it is and is never read as a template.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from core.contacts.fields import Field, find_field
from core.errors import BadInput
from core.messages.engine import FILTERS, MAX_TEMPLATE, parse
from core.messages.values import OWNER_FIELDS, Values, moment_of, shown

KINDS = ("contactfield", "ownerfield")
MODIFIERS = ("true", "date", "time", "datetime")
FORMS = {"date": "%Y-%m-%d", "time": "%H:%M", "datetime": "%Y-%m-%d %H:%M"}
TOKEN = re.compile(r"\{\s*(\w+)\s*(?:=([^{}|]*)((?:\|[^{}|]*)*))?\}")
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
UNCLOSED = re.compile(r"\{\s*(?:contactfield|ownerfield)\s*=?[^{}]*", re.IGNORECASE)

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: where its value comes from and how it is shown."""

    kind: str
    alias: str
    default: str = ""
    modifier: str = ""

    def fill(self, values: Values) -> str:
        source = values.contact if self.kind == "contactfield" else values.owner
        value = source.get(self.alias)
        if self.modifier in FORMS and value not in (None, ""):
            moment = moment_of(value, values.zone)
            text = moment.strftime(FORMS[self.modifier]) if moment else shown(value)
        else:
            text = shown(value)
        text = text or self.default
        return quote(text, safe="") if self.modifier == "true" else text


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A text ready to be filled many times; `template` is None without Liquid."""

    pieces: tuple[str | Token, ...]
    template: BoundTemplate | None = None

    @property
    def fields(self) -> set[str]:
        """Aliases of the contact's fields that its tokens name."""
        tokens = [piece for piece in self.pieces if isinstance(piece, Token)]
        return {token.alias for token in tokens if token.kind == "contactfield"}

    @property
    def asks_owner(self) -> bool:
        """Whether a token names a field of the contact's owner."""
        return any(isinstance(piece, Token) and piece.kind == "ownerfield" for piece in self.pieces)

    def render(self, values: Values) -> str:
        """The text for one contact; raises BadInput when Liquid fails."""
        if self.template is None:
            return "".join(
                [piece if isinstance(piece, str) else piece.fill(values) for piece in self.pieces]
            )
        filled = {
            f"t{number}": piece.fill(values)
            for number, piece in enumerate(self.pieces)
            if isinstance(piece, Token)
        }
        try:
            return self.template.render(
                contact=plain(values.contact), owner=plain(values.owner), token=filled
            )
        except LiquidError as error:
            raise BadInput("text", f"cannot be filled: {first_line(error)}") from error


def plain(values: Mapping[str, object]) -> dict[str, object]:
    return {key: shown(value) if isinstance(value, str) else value for key, value in values.items()}


def compile_text(text: str, fields: Mapping[str, Field]) -> CompiledText:
    """Compile *text*; raises BadInput that names the token and its place."""
    names = tuple((alias, field.label) for alias, field in fields.items())
    return compiled(text, names)


@lru_cache(maxsize=256)
def compiled(text: str, names: Names) -> CompiledText:
    if len(text) > MAX_TEMPLATE:
        raise BadInput("text", f"has {len(text)} characters", mend=f"{MAX_TEMPLATE} is the most.")
    pieces = tuple(split(text, names))
    if not any(isinstance(piece, str) and LIQUID_START.search(piece) for piece in pieces):
        return CompiledText(pieces)
    return CompiledText(pieces, compile_liquid(text, pieces, names))


LIQUID_START = re.compile(r"\{\{|\{%")


def split(text: str, names: Names) -> Iterator[str | Token]:
    """Plain pieces and tokens in turn; Liquid stays inside the plain pieces."""
    position = 0
    liquid = [match.span() for match in LIQUID.finditer(text)]
    for match in TOKEN.finditer(text):
        if any(begin <= match.start() < end for begin, end in liquid):
            continue
        token = read_token(text, match, names)
        yield from checked_plain(text, position, match.start(), liquid)
        yield token
        position = match.end()
    yield from checked_plain(text, position, len(text), liquid)


def checked_plain(text: str, begin: int, end: int, liquid: list[tuple[int, int]]) -> Iterator[str]:
    for match in UNCLOSED.finditer(text, begin, end):
        if not any(low <= match.start() < high for low, high in liquid):
            raise bad(text, match.start(), match[0], "is not closed", "End it with }.")
    if end > begin:
        yield text[begin:end]


def read_token(text: str, match: re.Match[str], names: Names) -> Token:
    kind, name, rest = match[1].lower(), match[2], match[3] or ""
    if kind not in KINDS or name is None:
        close = difflib.get_close_matches(kind, KINDS, n=1)
        example = f"{{{close[0] if close else 'contactfield'}=firstname|there}}"
        mend = f"Did you mean {example}?" if close else f"Tokens are written {example}."
        raise bad(text, match.start(), match[0], "is no known token", mend)
    alias = known_alias(kind, name.strip(), names)
    if alias is None:
        mend = suggestion(kind, name.strip(), names)
        raise bad(text, match.start(), match[0], "names an unknown field", mend)
    default, modifier = read_options(text, match, rest)
    return Token(kind, alias, default, modifier)


def read_options(text: str, match: re.Match[str], rest: str) -> tuple[str, str]:
    """`|default`, `|modifier`, or `|default|modifier`."""
    options = rest.split("|")[1:]
    if not options:
        return "", ""
    last = options[-1].strip().lower()
    if last in MODIFIERS:
        return "|".join(options[:-1]), last
    if len(options) > 1:
        mend = f"After the default comes one of {', '.join(MODIFIERS)}."
        raise bad(text, match.start(), match[0], f"has an unknown modifier {last!r}", mend)
    return options[0], ""


def known_alias(kind: str, name: str, names: Names) -> str | None:
    if kind == "ownerfield":
        return found_alias(name, tuple(OWNER_FIELDS.items()))
    return found_alias(name, names)


@lru_cache(maxsize=1024)
def found_alias(name: str, names: Names) -> str | None:
    fields = {alias: Field(alias, label, "text") for alias, label in names}
    field = find_field(name, fields)
    return field.alias if field else None


def suggestion(kind: str, name: str, names: Names) -> str:
    aliases = list(OWNER_FIELDS) if kind == "ownerfield" else [alias for alias, _ in names]
    close = difflib.get_close_matches(name.lower(), aliases, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Fields: {', '.join(aliases)}."


def compile_liquid(text: str, pieces: tuple[str | Token, ...], names: Names) -> BoundTemplate:
    source = "".join(
        piece if isinstance(piece, str) else f"{{{{ token.t{number} }}}}"
        for number, piece in enumerate(pieces)
    )
    try:
        template = parse(source)
    except LiquidError as error:
        at = getattr(error.token, "start_index", 0) if error.token else 0
        raise bad(
            text, min(at, len(text)), first_line(error), "is not understood", ALLOWED
        ) from None
    check_names(text, source, template, names)
    return template


ALLOWED = f"Filters: {', '.join(FILTERS)}; tags: if, unless."


def check_names(text: str, source: str, template: BoundTemplate, names: Names) -> None:
    """Only known filters and `contact.<field>`, `owner.<field>`."""
    analysis = template.analyze()
    for name, spans in analysis.filters.items():
        if name not in FILTERS:
            raise bad(
                text, place(text, source, spans[0].index, name), name, "is no filter", ALLOWED
            )
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
            raise bad(text, at, shown_path, "is not known", mend)


def place(text: str, source: str, index: int, name: str) -> int:
    """Where *name* stands in the text as written, given its place in the source."""
    nth = source.count(name, 0, index + len(name)) - 1
    at = -1
    for _ in range(max(nth, 0) + 1):
        at = text.find(name, at + 1)
    return max(at, 0)


def bad(text: str, at: int, shown_token: str, problem: str, mend: str) -> BadInput:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return BadInput(
        f"text, line {line}, column {column}", problem, value=shown_token.strip(), mend=mend
    )


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
