"""`heliograph doctor`: what stands in the way, and the mend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
from sqlalchemy import select

from core.cli.context import in_app
from core.cli.output import json_option, print_json
from core.db import db, dialect_name, utcnow
from core.deliveries.models import Sender
from core.deliveries.rules import parse_frequency_cap, parse_quiet_hours
from core.errors import HeliographError
from core.host import current_host
from core.installation import current_settings
from core.jobs.runs import list_runs
from core.migrations import current_revision, newest_revision
from core.providers import default_provider, enabled_providers
from core.users import user_count

OK, NOTE, BAD = "ok", "note", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    level: str
    what: str
    text: str


@click.command()
@json_option
@in_app
def doctor(as_json: bool) -> None:
    """Look the installation over; exits with 1 when something is broken."""
    findings = [*database(), *settings(), *plugins(), *providers(), *jobs(), *senders()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {OK: "✓", NOTE: "·", BAD: "✗"}
        for finding in findings:
            click.echo(f"{marks[finding.level]} {finding.what}: {finding.text}")
    if any(finding.level == BAD for finding in findings):
        raise SystemExit(1)


def database() -> Iterator[Finding]:
    current, newest = current_revision(), newest_revision()
    if current == newest:
        yield Finding(OK, "database", f"{dialect_name()}, schema {current}")
    else:
        yield Finding(BAD, "database", f"schema {current}, needed {newest}: heliograph db upgrade")
    if not user_count():
        yield Finding(NOTE, "users", "none yet: heliograph user create you@example.com")


def settings() -> Iterator[Finding]:
    found = current_settings()
    for check, value in (
        (parse_quiet_hours, found.quiet_hours),
        (parse_frequency_cap, found.frequency_cap),
    ):
        try:
            check(value)
        except HeliographError as error:
            yield Finding(BAD, "settings", error.message)
    if not found.public_url:
        text = "HELIOGRAPH_PUBLIC_URL is not set: providers cannot report statuses and replies"
        yield Finding(NOTE, "public URL", text)
    elif found.public_url.startswith("http://"):
        text = f"{found.public_url} is not https: texts and replies pass in the clear"
        yield Finding(NOTE, "public URL", text)
    else:
        yield Finding(OK, "public URL", found.public_url)
    if not found.secret_key:
        kept = found.folder / "secret_key"
        yield Finding(OK, "secret key", f"kept in {kept}: back it up with the database")
    if found.scheduler == "off":
        yield Finding(NOTE, "scheduler", "off here: run heliograph worker somewhere")
    if not os.access(found.folder, os.W_OK):
        yield Finding(BAD, "data folder", f"{found.folder} cannot be written")


def plugins() -> Iterator[Finding]:
    for info in current_host().all():
        if info.fault:
            yield Finding(BAD, f"plugin {info.name}", info.reason)
    for info in current_host().shadowed:
        yield Finding(NOTE, f"plugin {info.name}", info.fault)


def providers() -> Iterator[Finding]:
    for info in enabled_providers():
        try:
            current_host().config(info.name)
        except HeliographError as error:
            yield Finding(BAD, f"provider {info.name}", error.message)
    try:
        yield Finding(OK, "provider", f"texts go through {default_provider()}")
    except HeliographError as error:
        yield Finding(NOTE, "provider", error.message)


def jobs() -> Iterator[Finding]:
    for job, run in list_runs():
        if run is not None and run.error:
            yield Finding(BAD, f"job {job.key}", run.error.strip().splitlines()[-1])


def senders() -> Iterator[Finding]:
    for sender in db.session.scalars(select(Sender).where(Sender.held_until > utcnow())):
        until = f"held until {sender.held_until:%H:%M} UTC. {sender.held_reason}"
        yield Finding(NOTE, f"sender {sender.sender}", until)
