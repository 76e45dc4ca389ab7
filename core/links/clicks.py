"""Clicks are written down beside the requests: nobody waits for a busy database.

A thread of its own writes what came together in one transaction, and tries again
while the database is busy. The request waits a moment for that, then goes on.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError, OperationalError

from heliograph.db import db, transaction
from heliograph.deliveries.models import Delivery
from heliograph.events import SignalKind
from heliograph.host import current_host, notify
from heliograph.installation import running_app
from heliograph.links.models import PERSON, Click
from heliograph.signals import tell

log = logging.getLogger(__name__)

EXTENSION = "heliograph_clicks"
MOST_WAITING = 10_000
AT_ONCE = 200
MOST_ROWS = 50  # of one kind, of one link in one text: whoever asks more often adds nothing
WAIT_SECONDS = 0.25
PATIENCE, PAUSE = 60.0, 0.5  # seconds a click is tried to be written, and between two tries


@dataclass(frozen=True, slots=True)
class NewClick:
    """A click that is to be written down; `written` is set when that is done or given up."""

    link_id: int
    delivery_id: int
    kind: str
    device: str
    at: datetime
    url: str = ""
    written: threading.Event = field(default_factory=threading.Event)


def record_click(click: NewClick) -> None:
    """Write it down, and wait a moment for that at most."""
    desk().put(click)
    click.written.wait(WAIT_SECONDS)


def desk() -> ClickDesk:
    """The desk of this process."""
    app = running_app()
    found: ClickDesk | None = app.extensions.get(EXTENSION)
    return found or app.extensions.setdefault(EXTENSION, ClickDesk(app))


class ClickDesk:
    """Takes clicks from all threads; its own thread writes them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._waiting: queue.Queue[NewClick] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, click: NewClick) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clicks", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(click)
        except queue.Full:
            log.error("the database has been away for long: a click is not recorded")
            click.written.set()

    def join(self) -> None:
        """Until all that was put is written and told."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get())
            try:
                with self._app.app_context():
                    self._write(batch)
            except Exception:
                log.exception("%s clicks are not recorded", len(batch))
            for click in batch:
                click.written.set()
                self._waiting.task_done()

    def _write(self, batch: Sequence[NewClick]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                stored = store_clicks(batch)
                break
            except OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)
        for click in batch:
            click.written.set()
        announce(stored)


def store_clicks(batch: Sequence[NewClick]) -> list[NewClick]:
    """Write *batch* in one transaction; gives those of persons that are new rows."""
    try:
        return store_together(batch)
    except IntegrityError:  # the contact or text of one of them was deleted this moment
        if len(batch) == 1:
            return []
        return [stored for click in batch for stored in store_clicks([click])]


def store_together(batch: Sequence[NewClick]) -> list[NewClick]:
    stored = []
    with transaction():
        for click in batch:
            row = store(click)
            if row is None or click.kind != PERSON:
                continue
            stored.append(click)
            if row.contact_id is not None:
                tell(SignalKind.CLICK, ref_id=row.id, contact_id=row.contact_id)
    return stored


COLUMNS = ("link_id", "delivery_id", "contact_id", "kind", "device", "at")


def store(click: NewClick) -> Any:
    """One row, given with its `id` and `contact_id`; None when there are enough like it."""
    alike = select(func.count()).where(
        Click.delivery_id == click.delivery_id,
        Click.link_id == click.link_id,
        Click.kind == click.kind,
    )
    values: list[Any] = [
        literal(click.link_id),
        Delivery.id,
        Delivery.contact_id,
        literal(click.kind),
        literal(click.device),
        literal(click.at, Click.at.type),
    ]
    few = alike.scalar_subquery() < MOST_ROWS
    rows = select(*values).where(Delivery.id == click.delivery_id, few)
    added = insert(Click).from_select(list(COLUMNS), rows)
    return db.session.execute(added.returning(Click.id, Click.contact_id)).first()


def announce(clicks: Sequence[NewClick]) -> None:
    if not clicks or not current_host().implements("link_clicked"):
        return
    for click in clicks:
        delivery = db.session.get(Delivery, click.delivery_id, populate_existing=True)
        if delivery is not None:
            notify("link_clicked", delivery=delivery, url=click.url)
