"""Which contacts a command is about, as Mautic's options say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from heliograph.lookups import one_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """None is no bound; ids are inclusive, `thread` counts from 1 to `threads`."""

    contact_ids: Sequence[int] | None = None
    min_contact_id: int | None = None
    max_contact_id: int | None = None
    thread: int | None = None
    threads: int | None = None

    def of(self, column: Any) -> list[ColumnElement[bool]]:
        """SQL: *column*, a contact's id, is within."""
        found: list[ColumnElement[bool]] = []
        if self.contact_ids is not None:
            found.append(one_of(column, list(self.contact_ids)))
        if self.min_contact_id is not None:
            found.append(column >= self.min_contact_id)
        if self.max_contact_id is not None:
            found.append(column <= self.max_contact_id)
        if self.threads:
            found.append(column % self.threads == (self.thread or 1) % self.threads)
        return found


EVERYBODY = Bounds()
