"""Actions that call the outside: claimed with a lease, run at once, recorded after.

Who dies between the two leaves a lease behind; when it is over, the action is run
again. So what is outside may see it twice, and never not at all.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import Future, wait
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import update

from heliograph.actions import Action, ActionContext, Outcome, Result
from heliograph.campaigns.actions import Texts
from heliograph.campaigns.batches import (
    TRIES,
    Work,
    postpone,
    settle_alike,
    words_of,
)
from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.hours import within_hours
from heliograph.campaigns.models import RUNNING, SENDING, CampaignStep
from heliograph.campaigns.queueing import know_texts
from heliograph.campaigns.steps import ids_of, pick, pick_ids, still_in
from heliograph.db import change_rows, db, retried_transaction, utcnow
from heliograph.deliveries.threads import Threads
from heliograph.errors import HeliographError
from heliograph.host.guard import guarded
from heliograph.installation import running_app
from heliograph.lookups import one_of

log = logging.getLogger(__name__)

AT_ONCE = 16
HANGING = 2 * AT_ONCE  # threads of one action; so many calls at most can hang for ever
EXTENSION = "heliograph_outside"
LEASE = timedelta(minutes=5)


def run_outside(work: Work, limit: int, bounds: Bounds) -> int:
    """Run the action for the next contacts who are due; returns how many there were."""
    if threads_of(work).full:  # all of them hang: others' actions go on
        return 0
    token = secrets.token_hex(8)
    rows, went_on = claim(work, min(limit, AT_ONCE), bounds, token)
    if rows:
        record(work, token, run_all(work, rows))
    return len(rows) + went_on


def claim(work: Work, limit: int, bounds: Bounds, token: str) -> tuple[list[Any], int]:
    """The steps that are ours now, and how many are not: their contact is out, or waits."""
    rows: list[Any] = []
    picked: list[Any] = []

    def whole() -> None:
        now = utcnow()
        picked[:] = pick(work.stop, work.statuses, now, limit, bounds)
        inside = still_in(work.course.campaign_id, picked, now)
        rows[:] = within_hours(work.course, work.stop, inside, now)
        steps = update(CampaignStep).where(one_of(CampaignStep.id, ids_of(rows)))
        ours = {"status": RUNNING, "claim": token, "begun_at": now, "due_at": now + LEASE}
        change_rows(steps.values(**ours))

    retried_transaction(whole)
    return rows, len(picked) - len(rows)


def threads_of(work: Work) -> Threads:
    """Those of one action: another one's must not wait for calls that hang."""
    pools: dict[str, Threads] = running_app().extensions.setdefault(EXTENSION, {})
    return pools.setdefault(work.stop.type, Threads(f"heliograph-{work.stop.type}", HANGING))


def run_all(work: Work, rows: Sequence[Any]) -> dict[int, Outcome | Exception]:
    """What came of the action for each step, run side by side.

    What does not end within the lease has failed: it is tried again as all faults are.
    """
    app, threads = running_app(), threads_of(work)
    db.session.rollback()  # nothing is held meanwhile
    runs = {
        row.id: threads.submit(partial(copy_context().run, run_one, app, work, row)) for row in rows
    }
    wait(runs.values(), timeout=LEASE.total_seconds())
    return {step_id: result_of(run, work) for step_id, run in runs.items()}


def result_of(run: Future[Any], work: Work) -> Outcome | Exception:
    if not run.done():
        run.cancel()
        log.error("event %s: the action %s hangs", work.stop.id, work.stop.type)
        return TimeoutError(f"It did not end within {LEASE.total_seconds():.0f} seconds.")
    error = run.exception()
    if error is not None:
        return error if isinstance(error, Exception) else RuntimeError(repr(error))
    outcome: Outcome | Exception = run.result()
    return outcome


def run_one(app: Flask, work: Work, row: Any) -> Outcome | Exception:
    action = work.made
    if not isinstance(action, Action) or action.run is None:
        return TypeError("there is nothing to run")
    with app.app_context():
        texts = Texts(row.contact_id, row.id, campaign_id=work.course.campaign_id)
        context = ActionContext(row.contact_id, work.config, row.id, texts.send)
        try:
            return guarded(action.run, context)
        except HeliographError as error:
            return error
        except Exception as error:
            log.exception("action %s failed for contact %s", action.key, row.contact_id)
            return error


def record(work: Work, token: str, results: dict[int, Outcome | Exception]) -> None:
    """Write down what came of them; those that are no longer ours are left alone."""

    def whole() -> None:
        now = utcnow()
        rows = [row for row in pick_ids(list(results), (RUNNING,)) if row.claim == token]
        know_texts(ids_of(rows))
        for row in rows:
            result = results[row.id]
            if isinstance(result, Exception):
                postpone(work, [row], now, "fault", words_of(result), tries=TRIES)
            elif result.delivery_id is not None and result.result is not Result.FAILED:
                await_text(row, result.delivery_id)
            else:
                settle_alike(work, [row], result, now)

    retried_transaction(whole)


def await_text(row: Any, delivery_id: int) -> None:
    steps = update(CampaignStep).where(CampaignStep.id == row.id)
    waits = {"status": SENDING, "delivery_id": delivery_id, "claim": None}
    change_rows(steps.values(**waits))
