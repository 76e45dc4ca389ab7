"""Work that may take long: begun by a request, gone on with beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread

from flask import Flask, current_app

from core.db import db
from core.errors import HeliographError

log = logging.getLogger(__name__)

PATIENCE = 3.0


def run_beside(work: Callable[[], object], *, patience: float = PATIENCE) -> bool:
    """Run *work* in a thread; True when it ended within *patience* seconds.

    The request's own transaction is ended first. What *work* raises is logged.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    db.session.rollback()

    def run() -> None:
        with app.app_context():
            try:
                work()
            except HeliographError as error:
                log.warning("%s", error.message)
            except Exception:
                log.exception("work beside a request failed")

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)
    return not thread.is_alive()
