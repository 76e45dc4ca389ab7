"""Files that are imported for good, on the database of the test."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sqlalchemy import select

from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.imports import Import, create_import, run_import


def make(folder: Path, content: str | bytes, **options: Any) -> Import:
    """An import that waits; numbers are French unless *options* say otherwise."""
    path = folder / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return create_import(path, filename="people.csv", **({"region": "FR"} | options))


def load(folder: Path, content: str | bytes, **options: Any) -> Import:
    """The import once it has run."""
    return run_import(make(folder, content, **options).id)


def numbers() -> list[str | None]:
    db.session.rollback()
    return list(db.session.scalars(select(Contact.mobile).order_by(Contact.mobile)))


def contact(number: str) -> Contact:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Contact).where(Contact.mobile == number)).one()


def report(job: Import) -> list[dict[str, str]]:
    """The file of rows that were rejected or imported with a remark."""
    with Path(job.error_path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
