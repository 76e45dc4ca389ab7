"""Nothing holds the campaigns for ever: a process that stands still keeps others from little."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from heliograph import db as database
from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.hearing import KEY
from heliograph.campaigns.models import CampaignStep
from heliograph.campaigns.work import react_due, rebuild_due, run_due
from heliograph.db import db
from heliograph.segments import add_members, create_segment
from heliograph.signals import SignalRow, tell
from tests.campaigns.drawing import event
from tests.fixtures import add_people, busy


@pytest.fixture
def hasty(
    make_app: Callable[..., Flask], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Flask:
    """An installation that waits a second for a lock, and three for whoever stands still."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite knows no locks that outlive a process, and waits 30 seconds")
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    monkeypatch.setattr(database, "STILL_SECONDS", 3)
    return make_app()


def asking() -> None:
    """A campaign with one contact who is to come to a decision, and a signal."""
    source = create_segment("source").id
    add_members(source, add_people(1))
    campaign = create_campaign(name="Held").id
    save_draft(campaign, {"sources": [source], "events": [event("ask", "core.opted_out")]}, seen=0)
    publish(campaign)
    rebuild_due()
    tell("dnc", ref_id=1)


def steps() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(CampaignStep.status)))


def test_a_session_that_stands_still_holds_the_campaigns_no_longer_than_a_while(
    hasty: Flask, database_url: str
) -> None:
    with hasty.app_context():
        asking()
        # as a process of ours that was stopped in the middle of a transaction
        with db.engine.connect() as still:
            still.exec_driver_sql(f"SELECT pg_advisory_xact_lock({KEY})")
            begun = time.monotonic()
            for job in (run_due, react_due):
                with pytest.raises(OperationalError, match="lock timeout"):
                    job()
                db.session.rollback()
            assert time.monotonic() - begun < 6 * busy()
            until = time.monotonic() + 10 * busy()
            while steps() != ["open"] and time.monotonic() < until:
                try:
                    run_due()
                except OperationalError:
                    db.session.rollback()
            assert steps() == ["open"]
            assert db.session.scalar(db.select(SignalRow.id)) is None
            with pytest.raises(DBAPIError, match="idle-in-transaction"):
                still.exec_driver_sql("SELECT 1")
            still.invalidate()


def test_a_lock_on_a_row_is_waited_for_no_longer_either(hasty: Flask, database_url: str) -> None:
    with hasty.app_context():
        asking()
        with psycopg.connect(database_url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE campaign_members IN ACCESS EXCLUSIVE MODE")
            begun = time.monotonic()
            with pytest.raises(OperationalError, match="lock timeout"):
                run_due()
            assert time.monotonic() - begun < 5 * busy()
        db.session.rollback()
        run_due()
        assert steps() == ["open"]
