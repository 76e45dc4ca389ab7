"""The machine: room on its disk, a folder that can be written, and its clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.db import db, dialect_name, utcnow
from heliograph.deliveries.models import Delivery
from heliograph.installation import current_settings, settings_of
from heliograph.private_files import open_to_others

GIGABYTE = 1024**3
LITTLE, TOO_LITTLE = 1 * GIGABYTE, GIGABYTE // 10
AHEAD = timedelta(minutes=5)
DRIFT, WRONG = 5.0, 60.0  # seconds between this clock and the database's
NTP = "Let NTP keep the time of each machine (timedatectl set-ntp true)."


def look_at_machine() -> Iterator[Finding]:
    folder = current_settings().folder
    if not os.access(folder, os.W_OK):
        mend = "Give the folder to the user that runs Heliograph."
        yield Finding(BAD, "data folder", f"{folder} cannot be written.", mend)
    yield from look_at_rights()
    yield look_at_disk()
    yield from look_at_clock()


def look_at_rights() -> Iterator[Finding]:
    """Files with numbers and keys that other users of the machine may read."""
    found = open_to_others(settings_of(current_app))
    if found:
        words = f"Other users of this machine may read {found[0]}"
        words += f" and {len(found) - 1} more." if len(found) > 1 else "."
        mend = "Give it to the user that runs Heliograph, who closes it at the next start."
        yield Finding(NOTE, "data folder", words, mend)


def look_at_disk() -> Finding:
    """The data folder's disk: the database on it, uploads, and what is written meanwhile."""
    folder = current_settings().folder
    free = shutil.disk_usage(folder).free
    words = f"{free / GIGABYTE:.1f} GB are free for {folder}."
    if free >= LITTLE:
        return Finding(OK, "disk", words)
    level = BAD if free < TOO_LITTLE else NOTE
    return Finding(level, "disk", words, "Make room: a full disk stops everything.")


def look_at_clock() -> Iterator[Finding]:
    """Leases and dates are wall time, which several machines share."""
    if dialect_name() == "postgresql":
        before = utcnow()
        there = db.session.execute(select(func.clock_timestamp())).scalar_one()
        apart = abs((there - (before + (utcnow() - before) / 2)).total_seconds())
        if apart > DRIFT:
            words = f"It is {apart:.0f} seconds apart from the database's."
            yield Finding(BAD if apart > WRONG else NOTE, "clock", words, NTP)
    newest = db.session.scalar(
        select(Delivery.attempted_at)
        .where(Delivery.attempted_at.is_not(None))
        .order_by(Delivery.attempted_at.desc())
        .limit(1)
    )
    if newest is not None and newest > utcnow() + AHEAD:
        words = f"A text was sent at {newest:%Y-%m-%d %H:%M} UTC, which is yet to come here."
        yield Finding(NOTE, "clock", f"{words} The time was set back, or is wrong.", NTP)
