"""Leases on rows: short, and renewed while the work lasts.

The leases of a process that dies run out within LEASE, or at once where other processes can
see that it is gone; see core/owners.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import inspect, update

from heliograph.db import AWAY, change_rows, database_now, db, transaction
from heliograph.installation import running_app
from heliograph.owners import Leased, is_free, new_owner

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
BEAT = 8.0  # seconds


def take_lease(row: Leased) -> str | None:
    """Take the lease of *row*, which this transaction holds; the owner, or None: it is taken."""
    now = database_now()
    if not is_free(row, now):
        return None
    row.owner, row.lease_until = new_owner(), now + LEASE
    return row.owner


@contextmanager
def kept(model: Any, key: object, owner: str) -> Iterator[None]:
    """Keep the lease that *owner* has on the row of *model* with this *key*, meanwhile."""
    done = threading.Event()
    beats = threading.Thread(
        target=beat, args=(running_app(), model, key, owner, done), name="lease", daemon=True
    )
    beats.start()
    try:
        yield
    except Exception:
        raise
    except BaseException:  # an exit: the process may go on without the work
        let_lapse(model, key, owner)
        raise
    finally:
        done.set()


def let_lapse(model: Any, key: object, owner: str) -> None:
    """Give up ownership and leave the lease to run out: the row is free from then on."""
    with transaction():
        own = update(model).where(primary_key(model) == key, model.owner == owner)
        change_rows(own.values(owner=None))


def beat(app: Flask, model: Any, key: object, owner: str, done: threading.Event) -> None:
    while not done.wait(BEAT):
        with app.app_context():
            try:
                still = lengthen(model, key, owner)
            except AWAY as error:  # the next beat may come through
                log.warning("the lease on %s %s was not lengthened: %s", model, key, error)
                continue
        if not still:
            if not done.is_set():
                log.error("%s %s: another process took over what runs here", model, key)
            return


def lengthen(model: Any, key: object, owner: str) -> bool:
    with transaction():
        own = update(model).where(primary_key(model) == key, model.owner == owner)
        return bool(change_rows(own.values(lease_until=database_now() + LEASE)))


def give_back(model: Any, key: object, owner: str, **values: object) -> bool:
    """End the lease, with what came of it; False when another process has it by now."""
    with transaction():
        own = update(model).where(primary_key(model) == key, model.owner == owner)
        return bool(change_rows(own.values(lease_until=None, owner=None, **values)))


def primary_key(model: Any) -> Any:
    return inspect(model).primary_key[0]


def locked_row(model: Any, key: object) -> Any:
    """The row as it is now, held until the transaction ends; None when there is none."""
    return db.session.get(model, key, with_for_update=True, populate_existing=True)
