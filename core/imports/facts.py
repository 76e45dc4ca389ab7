"""How the file of an import is read: what was found in it, guessed and chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from heliograph.imports.dates import DAY_FIRST, DateOrder
from heliograph.imports.models import Import
from heliograph.imports.source import Source, inspect_file


@dataclass(frozen=True, slots=True)
class FileFacts:
    """As kept in `Import.reading`; lines are counted from 1.

    `header_line` is 0 where no line has the names of the columns, and `above` how many lines
    before it are left out. `guessed` are the columns about which nobody said anything.
    `date_by` tells who decided about `date_order`: file, region, person, or "" for nobody.
    `evidence` is what the dates of an upload say: day first, month first, open. `again_of` is
    the import whose file this is a copy of. With `all_refuse` everybody in the file has
    unsubscribed; `unread_consent` are columns about consent that are left out.
    """

    columns: tuple[str, ...] = ()
    header_line: int = 1
    data_line: int = 2
    above: int = 0
    quote: str = '"'
    mixed: bool = False
    wrapped: bool = False
    date_order: str = DAY_FIRST
    date_by: str = ""
    guessed: tuple[str, ...] = ()
    evidence: tuple[bool, ...] = ()
    again_of: int = 0
    all_refuse: bool = False
    unread_consent: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def facts_of(job: Import) -> FileFacts:
    """Of one that was planned; of an upload, only what was found."""
    known = {one.name for one in fields(FileFacts)}
    kept = {name: value for name, value in (job.reading or {}).items() if name in known}
    for name in ("columns", "guessed", "evidence", "unread_consent"):
        kept[name] = tuple(kept.get(name, ()))
    return FileFacts(**kept)


def source_of(job: Import) -> Source:
    """The file as it was looked at when the import was planned."""
    facts = facts_of(job)
    if not facts.columns:  # it was planned by an older version
        return inspect_file(Path(job.path))
    return Source(
        Path(job.path),
        job.encoding,
        job.delimiter,
        facts.columns,
        job.bytes_total,
        facts.quote,
        facts.header_line,
        facts.data_line,
        facts.mixed,
        facts.wrapped,
    )


def facts_from(
    source: Source, dates: DateOrder, given: Mapping[str, str] | None, *, again_of: int = 0
) -> FileFacts:
    said = given or {}
    return FileFacts(
        columns=source.columns,
        header_line=source.header_line,
        data_line=source.data_line,
        above=sum(line.number < (source.header_line or source.data_line) for line in source.top),
        quote=source.quote,
        mixed=source.mixed,
        wrapped=source.wrapped,
        date_order=dates.order,
        date_by=dates.by,
        guessed=tuple(column for column in source.columns if column not in said),
        again_of=again_of,
    )
