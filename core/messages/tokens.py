r"""Tokens of texts: Mautic's `{contactfield=firstname|there}`, and a safe Liquid.

Tokens are resolved here, once per text; what they yield goes into the text as
it is and is never read as a template. A backslash before a brace, or before what another
tool would fill, has it sent as it stands: `\{SAVE20\}`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from heliograph.contacts.fields import Field, find_field
from heliograph.errors import BadInput
from heliograph.messages.engine import MAX_TEMPLATE
from heliograph.messages.faults import NotOurs, bad, first_line, not_ours
from heliograph.messages.liquid import Span, check_spans, compile_liquid, liquid_spans
from heliograph.messages.placeholders import (
    Names,
    Placeholder,
    find_placeholders,
    is_escaped,
    meant_field,
)
from heliograph.messages.values import OWNER_FIELDS, Values, moment_of, shown
from heliograph.nfc import nfc

CONTACT, OWNER = "contactfield", "ownerfield"
# how tokens begin; `leadfield` is what Mautic called it before
KINDS = {CONTACT: CONTACT, OWNER: OWNER, "leadfield": CONTACT}
MODIFIERS = ("true", "date", "time", "datetime")
FORMS = {"date": "%Y-%m-%d", "time": "%H:%M", "datetime": "%Y-%m-%d %H:%M"}
TOKEN = re.compile(r"\{\s*(\w+)\s*(?:=([^{}|]*)((?:\|[^{}|]*)*))?\}")
UNCLOSED = re.compile(rf"\{{\s*(?:{'|'.join(KINDS)})\s*=?[^{{}}]*", re.IGNORECASE)
MOST_KEPT = 300  # more placeholders than that are no text
ESCAPED_BRACE = re.compile(r"\\[{}]")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: where its value comes from and how it is shown."""

    kind: str
    alias: str
    default: str = ""
    modifier: str = ""

    def fill(self, values: Values) -> str:
        source = values.contact if self.kind == CONTACT else values.owner
        value = source.get(self.alias)
        if self.modifier in FORMS and value not in (None, ""):
            moment = moment_of(value, values.zone)
            text = moment.strftime(FORMS[self.modifier]) if moment else shown(value)
        else:
            text = shown(value)
        text = text or self.default
        return quote(nfc(text), safe="") if self.modifier == "true" else text


@dataclass(frozen=True, slots=True)
class Verbatim:
    """What is sent as it stands, whatever it looks like."""

    text: str

    def fill(self, _values: Values) -> str:
        return self.text


Piece = str | Token | Verbatim


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A text ready to be filled many times; `template` is None without Liquid."""

    pieces: tuple[Piece, ...]
    template: BoundTemplate | None = None

    @property
    def fields(self) -> set[str]:
        """Aliases of the contact's fields that its tokens name."""
        tokens = [piece for piece in self.pieces if isinstance(piece, Token)]
        return {token.alias for token in tokens if token.kind == CONTACT}

    @property
    def asks_owner(self) -> bool:
        """Whether a token names a field of the contact's owner."""
        return any(isinstance(piece, Token) and piece.kind == OWNER for piece in self.pieces)

    def render(self, values: Values) -> str:
        """The text for one contact, composed (NFC); raises BadInput when Liquid fails."""
        if self.template is None:
            return nfc(
                "".join(
                    [
                        piece if isinstance(piece, str) else piece.fill(values)
                        for piece in self.pieces
                    ]
                )
            )
        filled = {
            f"t{number}": piece.fill(values)
            for number, piece in enumerate(self.pieces)
            if not isinstance(piece, str)
        }
        try:
            rendered = self.template.render(
                contact=plain(values.contact), owner=plain(values.owner), token=filled
            )
        except LiquidError as error:
            raise BadInput("text", f"cannot be filled: {first_line(error)}") from error
        return nfc(rendered)


def plain(values: Mapping[str, object]) -> dict[str, object]:
    return {key: shown(value) if isinstance(value, str) else value for key, value in values.items()}


def compile_text(text: str, fields: Mapping[str, Field]) -> CompiledText:
    """Compile *text*; raises BadInput that names the token and its place."""
    return compiled(text, names_of(fields))


def check_text(text: str, fields: Mapping[str, Field]) -> None:
    """Refuse what nobody wants to send: raises as `compile_text`, and NotOurs.

    For texts that people write. Others' placeholders in what is stored already are sent
    as they stand.
    """
    text, names = nfc(text), names_of(fields)
    refuse_long(text)
    for one in placeholders_of(text, names):
        mend = f"Write {{contactfield={one.alias}}} instead." if one.alias else ""
        problem = "is how another tool writes a field"
        raise not_ours(text, one.begin, one.written, problem, mend)
    compiled(text, names)


def keep_placeholders(text: str, fields: Mapping[str, Field]) -> str:
    r"""*text* with a backslash before all that `check_text` calls NotOurs."""
    text = nfc(text)
    for _ in range(MOST_KEPT):
        try:
            check_text(text, fields)
        except NotOurs as error:
            text = f"{text[: error.at]}\\{text[error.at :]}"
        except BadInput:
            break
        else:
            break
    return text


def names_of(fields: Mapping[str, Field]) -> Names:
    return tuple((alias, field.label) for alias, field in fields.items())


@lru_cache(maxsize=256)
def compiled(text: str, names: Names) -> CompiledText:
    text = nfc(text)
    refuse_long(text)
    spans = liquid_spans(text)
    pieces = tuple(split(text, spans, names))
    if all(span.escaped for span in spans):
        return CompiledText(pieces)
    check_spans(text, spans, names)
    source = "".join(
        piece if isinstance(piece, str) else f"{{{{ token.t{number} }}}}"
        for number, piece in enumerate(pieces)
    )
    return CompiledText(pieces, compile_liquid(text, source, names))


def refuse_long(text: str) -> None:
    if len(text) > MAX_TEMPLATE:
        raise BadInput("text", f"has {len(text)} characters", mend=f"{MAX_TEMPLATE} is the most.")


class Part(NamedTuple):
    """A part of a text that is not plain."""

    begin: int
    end: int
    kind: str
    text: str = ""


LIQUID, VERBATIM, TOKENED = "liquid", "verbatim", "token"


def split(text: str, spans: list[Span], names: Names) -> Iterator[Piece]:
    """Plain pieces, Liquid among them, and in turn what is filled or sent as it stands."""
    position = 0
    for part in sorted(parts_of(text, spans, names), key=lambda one: one.begin):
        if part.begin < position:
            continue
        yield from plain_pieces(text, position, part.begin)
        if part.kind == LIQUID:
            yield text[part.begin : part.end]
        elif part.kind == VERBATIM:
            yield Verbatim(part.text)
        else:
            match = TOKEN.match(text, part.begin)
            assert match is not None  # noqa: S101  it was found there
            yield read_token(text, match, names)
        position = part.end
    yield from plain_pieces(text, position, len(text))


def parts_of(text: str, spans: list[Span], names: Names) -> Iterator[Part]:
    """In no order; of two that overlap the first counts, with its backslash."""
    for begin, end, escaped in spans:
        if escaped:
            yield Part(begin - 1, end, VERBATIM, text[begin:end])
        else:
            yield Part(begin, end, LIQUID)
    if "\\" in text:
        for one in find_placeholders(text, names):
            if is_escaped(text, one.begin):
                yield Part(one.begin - 1, one.end, VERBATIM, one.written)
        for match in ESCAPED_BRACE.finditer(text):
            yield Part(match.start(), match.end(), VERBATIM, match[0][1:])
    for match in TOKEN.finditer(text):
        if not is_escaped(text, match.start()):
            yield Part(match.start(), match.end(), TOKENED)


def plain_pieces(text: str, begin: int, end: int) -> Iterator[Piece]:
    found = UNCLOSED.search(text, begin, end)
    if found is not None:
        raise bad(text, found.start(), found[0], "is not closed", "End it with }.")
    if end > begin:
        whole = text[begin:end]
        bare = whole.rstrip("{")  # Liquid would read it with what follows
        yield bare
        if bare != whole:
            yield Verbatim(whole[len(bare) :])


def placeholders_of(text: str, names: Names) -> Iterator[Placeholder]:
    """What other tools would fill in *text*, without what is kept on purpose or inside a token."""
    inside = [(begin + 1, end) for begin, end, _ in liquid_spans(text)]
    ours = (match for match in TOKEN.finditer(text) if match[1].lower() in KINDS)
    inside += [match.span() for match in ours]
    for one in find_placeholders(text, names):
        if is_escaped(text, one.begin):
            continue
        if not any(begin <= one.begin < end for begin, end in inside):
            yield one


def read_token(text: str, match: re.Match[str], names: Names) -> Token:
    kind, name, rest = KINDS.get(match[1].lower()), match[2], match[3] or ""
    if kind is None or name is None:
        raise not_ours(text, match.start(), match[0], "is no known token", example(match[1], names))
    alias = known_alias(kind, name.strip(), names)
    if alias is None:
        mend = suggestion(kind, name.strip(), names)
        raise bad(text, match.start(), match[0], "names an unknown field", mend)
    default, modifier = read_options(text, match, rest)
    return Token(kind, alias, default, modifier)


def example(word: str, names: Names) -> str:
    """How the token is written that somebody meant by *word*."""
    alias = meant_field(word, names)
    close = difflib.get_close_matches(word.lower(), KINDS, n=1)
    if alias:
        return f"Did you mean {{contactfield={alias}}}?"
    if close:
        return f"Did you mean {{{KINDS[close[0]]}=firstname|there}}?"
    return "Tokens are written {contactfield=firstname|there}."


def read_options(text: str, match: re.Match[str], rest: str) -> tuple[str, str]:
    """`|default`, `|modifier`, or `|default|modifier`; blanks around each count for nothing."""
    options = [option.strip() for option in rest.split("|")[1:]]
    if not options:
        return "", ""
    last = options[-1].lower()
    if last in MODIFIERS:
        return "|".join(options[:-1]), last
    if len(options) > 1:
        mend = f"After the default comes one of {', '.join(MODIFIERS)}."
        raise bad(text, match.start(), match[0], f"has an unknown modifier {last!r}", mend)
    return options[0], ""


def known_alias(kind: str, name: str, names: Names) -> str | None:
    if kind == OWNER:
        return found_alias(name, tuple(OWNER_FIELDS.items()))
    return found_alias(name, names)


@lru_cache(maxsize=1024)
def found_alias(name: str, names: Names) -> str | None:
    fields = {alias: Field(alias, label, "text") for alias, label in names}
    field = find_field(name, fields)
    return field.alias if field else None


def suggestion(kind: str, name: str, names: Names) -> str:
    aliases = list(OWNER_FIELDS) if kind == OWNER else [alias for alias, _ in names]
    close = difflib.get_close_matches(name.lower(), aliases, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Fields: {', '.join(aliases)}."
