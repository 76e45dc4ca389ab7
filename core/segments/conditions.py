"""What a condition is made of: the value as written, operators, their opposites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Exists, false, func, not_

from heliograph.contacts.fields import Field
from heliograph.contacts.profile import LARGEST_ID
from heliograph.contacts.values import Value, parse_text
from heliograph.errors import BadInput
from heliograph.segment_subjects import SegmentSubject


@dataclass(frozen=True, slots=True)
class Scope:
    """What filters are read against: the clock, the place, the fields and other
    subjects there are."""

    now: datetime
    zone: ZoneInfo
    region: str
    fields: Mapping[str, Field]
    subjects: Mapping[str, SegmentSubject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operand:
    """The value of a condition as it was written; `path` is its place in the tree."""

    raw: object
    path: str
    scope: Scope

    def refused(self, problem: str, mend: str) -> BadInput:
        return BadInput(self.path, problem, value=shown(self.raw), mend=mend)

    def items(self) -> list[Operand]:
        """Each of several values; a single one is a list of one."""
        raw = self.raw if isinstance(self.raw, list) else [self.raw]
        if not raw:
            raise self.refused("is an empty list", "Give at least one value.")
        if not isinstance(self.raw, list):
            return [self]
        return [replace(self, raw=item, path=f"{self.path}[{n}]") for n, item in enumerate(raw)]

    def pair(self) -> tuple[Operand, Operand]:
        if not isinstance(self.raw, list) or len(self.raw) != 2:
            raise self.refused("is not a pair", "Use [from, to].")
        first, second = self.items()
        return first, second

    def text(self) -> str:
        """The value as text; raises BadInput when it is none, or blank."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, str | int | float):
            raise self.refused("is not a text", 'Use a text such as "Paris".')
        try:
            text = parse_text(self.raw, self.path)
        except BadInput as error:
            raise self.refused(error.problem, error.mend) from None
        if not text:
            raise self.refused("is empty", "Use the operator empty or not_empty for blanks.")
        return text

    def parsed(self, known: Field) -> Value:
        """The value as the field stores it, so that any spelling finds it."""
        self.text()
        try:
            return known.parse(self.raw, region=self.scope.region)
        except BadInput as error:
            raise self.refused(error.problem, error.mend) from None

    def identity(self, mend: str) -> int:
        """The value as an id; raises BadInput."""
        text = "" if isinstance(self.raw, bool) else str(self.raw)
        if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= LARGEST_ID):
            raise self.refused("is not an id", mend)
        return int(text)


Clause = ColumnElement[bool]
Test = Callable[[Operand], Clause]


def as_written(operand: Operand) -> object:
    return operand.raw


@dataclass(frozen=True, slots=True)
class Operator:
    """A test of contacts. `turned`: its opposite is meant; `bare`: takes no value.

    The clause of `test` may be NULL where a contact has no value: it then counts
    as false, and its opposite as true. `keep` is the value as it is to be stored.
    """

    test: Test
    turned: bool = False
    bare: bool = False
    keep: Callable[[Operand], object] = field(default=as_written)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition is about; `name` is how stored filters call it."""

    name: str
    operators: Mapping[str, Operator]


def both(yes: str, no: str, test: Test, *, bare: bool = False) -> dict[str, Operator]:
    """An operator and its opposite."""
    return {yes: Operator(test, bare=bare), no: Operator(test, bare=bare, turned=True)}


def opposite(clause: Clause) -> Clause:
    """True wherever *clause* is not, so also where it is NULL."""
    if isinstance(clause, Exists):  # never NULL, and databases join it as it is
        return ~clause
    return not_(func.coalesce(clause, false()))


def shown(raw: object) -> object:
    """*raw* such that an error can show it: None and broken characters too."""
    return "null" if raw is None else str(raw).encode(errors="replace").decode()
