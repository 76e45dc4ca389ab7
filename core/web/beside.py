"""Work that may take long: begun by a request, gone on with beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread

from heliograph.db import db
from heliograph.errors import HeliographError
from heliograph.installation import running_app

log = logging.getLogger(__name__)

PATIENCE = 3.0


def run_beside(work: Callable[[], object], *, patience: float = PATIENCE) -> bool:
    """Run *work* in a thread; True when it ended within *patience* seconds.

    The request's own transaction is ended first. What *work* raises is logged.
    """
    app = running_app()
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
