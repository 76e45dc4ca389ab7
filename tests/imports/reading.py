"""A file in, contacts out: read as an import reads it, without storing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heliograph.contacts.fields import contact_fields
from heliograph.imports.plan import Choices, Plan, plan_import
from heliograph.imports.records import TEXTS, Record
from heliograph.imports.rows import read_batches
from heliograph.imports.sorting import sort_out


@dataclass
class Outcome:
    """`people` are the contacts; rejected rows and remarks are codes by number of the row."""

    plan: Plan
    people: list[dict[str, Any]] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, list[str]] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)

    @property
    def numbers(self) -> list[str]:
        return [person["mobile"] for person in self.people]

    def all(self, name: str) -> list[Any]:
        """That field of each contact, None for blank."""
        return [person.get(name) for person in self.people]


def read(folder: Path, content: str | bytes, *, size: int = 1000, **choices: Any) -> Outcome:
    """Read *content* with FR as the region, in batches of *size* rows."""
    path = folder / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    plan = plan_import(path, Choices(**({"region": "FR"} | choices)))
    outcome = Outcome(plan)
    reader = plan.reader(contact_fields())
    for batch in read_batches(plan.source, size):
        found = sort_out(batch, reader)
        outcome.people += map(person, found.records.values())
        outcome.rejected |= {batch.first + at: one.code for at, one in found.faults.items()}
        outcome.remarks |= {
            batch.first + at: [one.code for one in reasons] for at, reasons in found.remarks.items()
        }
        outcome.lines |= {batch.first + at: line for at, line in enumerate(batch.lines)}
    return outcome


def person(record: Record) -> dict[str, Any]:
    texts = {name: text for name, text in zip(TEXTS, record.texts, strict=True) if text}
    tags = {"tags": record.tags} if record.tags else {}
    return {"mobile": record.mobile} | texts | record.custom | tags
