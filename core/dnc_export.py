"""The do-not-contact list as CSV, which core/dnc_file.py reads in again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import IO

from sqlalchemy import select

from heliograph.csv_files import CsvWriter
from heliograph.db import db
from heliograph.dnc import SMS, Dnc, DncBeneath
from heliograph.dnc_many import MODELS, NewEntry

COLUMNS = ("number", "reason", "since", "source", "comment")
PAGE = 1000


def list_as_csv() -> Iterator[str]:
    """The whole list, piece by piece: each entry a line, those beneath too."""
    head = io.StringIO()
    CsvWriter(head).write(COLUMNS)
    yield "\ufeff" + head.getvalue()
    for model in MODELS:
        for entries in pages(model):
            yield as_csv(entries)


def as_csv(entries: Sequence[NewEntry]) -> str:
    piece = io.StringIO()
    write_entries(piece, entries)
    return piece.getvalue()


def write_entries(file: IO[str], entries: Sequence[NewEntry]) -> None:
    """*entries* without the names of the columns."""
    writer = CsvWriter(file)
    for entry in entries:
        since = entry.since.isoformat(timespec="seconds") if entry.since else ""
        writer.write([entry.number, entry.reason, since, entry.source, entry.comment])


def pages(model: type[Dnc | DncBeneath]) -> Iterator[list[NewEntry]]:
    """All entries of *model* by number, a page at a time."""
    number, reason = "", ""
    while True:
        after = (model.number > number) | ((model.number == number) & (model.reason > reason))
        columns = (model.number, model.reason, model.comment, model.source, model.created_at)
        query = select(*columns).where(model.channel == SMS, model.number >= number, after)
        page = db.session.execute(query.order_by(model.number, model.reason).limit(PAGE)).all()
        if not page:
            return
        number, reason = page[-1].number, page[-1].reason
        yield [NewEntry(*row) for row in page]
