"""What a delivery benchmark needs: an installation, a crowd, a text, Twilio's stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import text

from benchmarks.counterpart import ACCOUNT, NUMBER, TOKEN
from heliograph import create_app
from heliograph.broadcasts.lifecycle import begin
from heliograph.broadcasts.plan import plan_broadcast
from heliograph.db import db, dialect_name, utcnow
from heliograph.host import current_host
from heliograph.messages import create_message
from heliograph.segments import create_segment
from heliograph.settings import Settings
from heliograph.upgrades import upgrade_schema

SECRET = "benchmarks"
TEXT = "Hello {contactfield=firstname|there}, the shop is open"


@dataclass(frozen=True)
class Scene:
    """One installation; its processes are started with `environment`."""

    app: Flask
    environment: dict[str, str]

    def begin_broadcast(self, segment_id: int, words: str = TEXT) -> int:
        """A planned broadcast to the segment, ready to be sent."""
        made = create_message(name="Bench", text=words, segments=[segment_id], publish_up=utcnow())
        broadcast = begin(made.id)
        plan_broadcast(broadcast.id)
        db.session.rollback()
        return broadcast.id

    def sender(self, broadcast_id: int, *, limit: int = 0) -> Run:
        """Start a process that sends the broadcast until nothing of it is due."""
        command = [sys.executable, "-m", "benchmarks.sender", str(broadcast_id), str(limit)]
        return Run(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | self.environment,
            )
        )


@dataclass(frozen=True)
class Run:
    """A sending process; it waits for `go`, `result` is what it measured of itself."""

    process: subprocess.Popen[str]

    def ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, float]:
        out, _ = self.process.communicate()
        found: dict[str, float] = json.loads(out)
        return found


@contextmanager
def scene(provider_url: str, *, database_url: str = "", connections: int = 200) -> Iterator[Scene]:
    """A new installation that sends to *provider_url*; a context is pushed."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "HELIOGRAPH_DATA_DIR": folder,
            "HELIOGRAPH_SECRET_KEY": SECRET,
            "HELIOGRAPH_SCHEDULER": "off",
            "HELIOGRAPH_PUBLIC_URL": "https://example.com",
        }
        if database_url:
            environment["HELIOGRAPH_DATABASE_URL"] = database_url
        app = create_app(Settings.from_environment(environment))
        with app.app_context():
            upgrade_schema()
            current_host().configure(
                "twilio",
                {
                    "account_sid": ACCOUNT,
                    "auth_token": TOKEN,
                    "from_number": NUMBER,
                    "connections": str(connections),
                    "api_base_url": provider_url,
                },
            )
            current_host().enable("twilio")
            db.session.commit()
            yield Scene(app, environment)
            db.session.remove()
            db.engine.dispose()


def crowd(count: int, name: str = "everybody") -> int:
    """*count* contacts, all in one segment; returns its id."""
    segment_id = create_segment(name).id
    series = (
        f"generate_series(1, {count}) AS n(i)"
        if dialect_name() == "postgresql"
        else f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        " SELECT i FROM n) AS n"
    )
    first = f"{segment_id:02}" if segment_id < 100 else "99"
    now = "'2026-01-01 00:00:00+00'" if dialect_name() == "postgresql" else "'2026-01-01 00:00:00'"
    db.session.execute(
        text(
            "INSERT INTO contacts (mobile, number_status, first_name, last_name, email, company,"
            " city, country, locale, timezone, custom, created_at, updated_at)"
            f" SELECT '+3{first}' || (100000000 + i), 'ok', 'Ann' || i, '', '', '', '', 'FR', '',"
            f" '', '{{}}', {now}, {now} FROM {series}"
        )
    )
    db.session.execute(
        text(
            "INSERT INTO segment_members (segment_id, contact_id, origin, added_at)"
            f" SELECT {segment_id}, id, 'hand', {now} FROM contacts WHERE mobile LIKE '+3{first}%'"
        )
    )
    db.session.commit()
    if dialect_name() == "postgresql":
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    return segment_id
