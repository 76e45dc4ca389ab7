"""Sentences for people: English for commands, JSON and logs, and pages say them in any language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

PLACE = re.compile(r"%\((\w+)\)s")


class Sentence(str):
    """English words that remember how they were made.

    *template* has a `%(name)s` for each of *values*: names and numbers, a Moment, Names,
    or other sentences. Catalogues find it by its template, so that is written out where
    it is made. What was kept as text, `Sentence(delivery.detail)`, is looked for too.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Sentence:
        made = super().__new__(cls, template % values if values else template)
        made.template, made.values = template, values
        return made

    def filled(self, **values: object) -> Sentence:
        """The same about *values*."""
        return Sentence(self.template, **values)

    def read(self, text: str) -> dict[str, str] | None:
        """The values with which this sentence was made to *text*; None when it was another."""
        pieces = PLACE.split(self.template)
        pattern = "".join(
            f"(?P<{piece}>.+)" if number % 2 else re.escape(piece)
            for number, piece in enumerate(pieces)
        )
        found = re.fullmatch(pattern, text, re.DOTALL)
        return found.groupdict() if found else None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a sentence on the clock of *zone*; without one on the page's, else in UTC."""

    at: datetime
    zone: ZoneInfo | None = None

    def __str__(self) -> str:
        shown = self.at.astimezone(self.zone or UTC)
        return f"{shown:%Y-%m-%d %H:%M} {self.zone.key if self.zone else 'UTC'}"


@dataclass(frozen=True, slots=True)
class Names:
    """Names that people gave, in a sentence: `'Shop' and 'Friends'`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(repr(name) for name in self.names)


def together(*sentences: str) -> Sentence:
    """One after the other; those that are empty are left out."""
    parts = {f"part{number}": one for number, one in enumerate(sentences) if one}
    template = " ".join(f"%({name})s" for name in parts)
    return Sentence(template, **parts)
