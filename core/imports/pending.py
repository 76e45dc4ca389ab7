"""The job of the clock: run the imports that wait, and undo those that are to be undone."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import select

from heliograph.db import db, transaction
from heliograph.errors import Conflict
from heliograph.imports.keeping import sweep_files
from heliograph.imports.models import FAILED, PENDING, RUNNING, UNDOING, Import
from heliograph.imports.runner import is_away, run_import, take, words_of
from heliograph.imports.undo import undo_import
from heliograph.imports.upload import sweep_uploads
from heliograph.leases import kept, let_lapse

log = logging.getLogger(__name__)

UNDOING_STOPPED = "Undoing it stopped: %s"


def has_pending() -> bool:
    """Whether an import waits, runs or is being taken back."""
    return bool(in_state(PENDING, RUNNING, UNDOING))


def run_pending_imports() -> str | None:
    """Job: run what waits, and what a dead process left unfinished.

    What goes wrong with one of them keeps none of the others waiting.
    """
    done = []
    for import_id in in_state(PENDING, RUNNING):
        try:
            job = run_import(import_id)
        except Conflict:
            continue
        except Exception as error:
            log.exception("import %s is gone on with later: %s", import_id, error)
            continue
        done.append(f"import {job.id}: {job.created} created, {job.rejected} rejected")
    done += [f"import {import_id} undone" for import_id in undo_pending()]
    return "; ".join(done) or None


def in_state(*states: str) -> Sequence[int]:
    query = select(Import.id).where(Import.status.in_(states)).order_by(Import.id)
    found = db.session.scalars(query).all()
    db.session.rollback()
    return found


def sweep() -> str | None:
    """Job: delete files that are no longer kept, and uploads that nobody started."""
    sweep_uploads()
    return sweep_files()


def undo_pending() -> list[int]:
    """Undo what a person asked to; a dead process's undoing is gone on with."""
    return [import_id for import_id in in_state(UNDOING) if undo_one(import_id)]


def undo_one(import_id: int) -> bool:
    """Whether it was undone; an error ends it as failed, and it may be undone again."""
    owner = take(import_id, (UNDOING,))
    if owner is None:
        return False
    try:
        with kept(Import, import_id, owner):
            undo_import(import_id)
    except Exception as error:
        if is_away(error):
            let_lapse(Import, import_id, owner)
            log.warning("undoing import %s is gone on with later: %s", import_id, error)
            return False
        log.exception("undoing import %s failed", import_id)
        with transaction() as session:
            job = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
            job.status, job.error = FAILED, UNDOING_STOPPED % words_of(error)
            job.lease_until = job.owner = None
        return False
    return True
