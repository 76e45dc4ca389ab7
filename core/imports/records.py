"""A row of cells as a record of typed values, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from core.contacts.fields import STANDARD, Field
from core.contacts.tags import clean_names
from core.contacts.values import EMAIL_LIMIT, TEXT_LIMIT
from core.errors import BadInput
from core.imports.mapping import TAGS
from core.phone import parse_number

FEW_VALUES = ("country", "locale", "timezone", "choice", "boolean")
PLAIN_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
EMAIL = next(field for field in STANDARD if field.kind == "email")
# shared by all records that say nothing: never changed in place
NOTHING: dict[str, Any] = {}
NO_TAGS: list[str] = []
BETWEEN_TAGS = re.compile(r"[,;|]")


@dataclass(slots=True)
class Record:
    """What a row says: only what is not blank."""

    mobile: str
    columns: dict[str, Any]
    custom: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    country_given: bool = False

    def merge(self, later: Record) -> None:
        """The same number again: what the later row says wins."""
        self.columns |= later.columns
        self.custom = self.custom | later.custom
        self.tags = list(dict.fromkeys([*self.tags, *later.tags]))


def parse_plain_email(value: str) -> Any:
    """The usual address at little cost; all others the way of the field."""
    if PLAIN_EMAIL.fullmatch(value) and len(value) <= EMAIL_LIMIT:
        return value.lower()
    return EMAIL.parse(value)


class RecordReader:
    """Reads the rows of one file; the mapping is compiled once."""

    def __init__(
        self,
        columns: Sequence[str],
        mapping: Mapping[str, str],
        fields: Mapping[str, Field],
        region: str,
    ) -> None:
        self._region = region
        self._fields = fields
        self._plain: list[tuple[int, str]] = []
        self._custom_texts: list[tuple[int, str]] = []
        self._typed: list[tuple[int, str, bool, Callable[[str], Any]]] = []
        self._mobile = self._tags = -1
        for index, column in enumerate(columns):
            alias = mapping.get(column)
            if alias == "mobile":
                self._mobile = index
            elif alias == TAGS:
                self._tags = index
            elif alias is not None:
                self._add(index, fields[alias])

    def _add(self, index: int, field: Field) -> None:
        if field.kind == "text":
            (self._custom_texts if field.custom else self._plain).append((index, field.alias))
            return
        parse: Callable[[str], Any] = parse_plain_email if field.kind == "email" else field.parse
        if field.kind in FEW_VALUES:
            parse = lru_cache(maxsize=4096)(field.parse)
        self._typed.append((index, field.alias, field.custom, parse))

    def read(self, cells: list[str]) -> Record:
        """The record; raises BadInput naming field, value and mend."""
        custom = NOTHING
        whole = "".join(cells)
        if len(whole) <= TEXT_LIMIT and whole.isprintable():  # so no cell needs a closer look
            columns = {name: text for at, name in self._plain if (text := cells[at].strip())}
        else:
            columns = self._read_texts(cells, self._plain)
        if self._custom_texts:
            custom = self._read_texts(cells, self._custom_texts)
        for index, alias, is_custom, parse in self._typed:
            value = cells[index].strip()
            if value:
                if is_custom and custom is NOTHING:
                    custom = {}
                (custom if is_custom else columns)[alias] = parse(value)
        raw = cells[self._mobile].strip()
        if not raw:
            raise BadInput("mobile", "is missing", mend="Enter a mobile number.")
        number = parse_number(raw, region=columns.get("country") or self._region)
        country_given = "country" in columns
        if number.region:
            columns.setdefault("country", number.region)
        tags = self._read_tags(cells) if self._tags >= 0 else NO_TAGS
        return Record(number.e164, columns, custom, tags, country_given)

    def _read_texts(self, cells: list[str], wanted: list[tuple[int, str]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for index, alias in wanted:
            value = cells[index].strip()
            if value:
                found[alias] = self._fields[alias].parse(value)
        return found

    def _read_tags(self, cells: list[str]) -> list[str]:
        return clean_names([tag for tag in BETWEEN_TAGS.split(cells[self._tags]) if tag.strip()])
