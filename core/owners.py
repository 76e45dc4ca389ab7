"""Who holds a lease: a process, by a name that tells whether it is still there.

A process of this machine that is gone gives its leases up at once. Of other machines, and where
no such name can be had, the lease itself says so when it runs out.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

PATIENCE = timedelta(minutes=10)  # with a process that is there and does not say that it works
GONE_STATES = "ZX"  # zombie and dead: it has ended, but its parent has not waited for it yet


class Leased(Protocol):
    """A row with a lease."""

    lease_until: datetime | None
    owner: str | None


def new_owner() -> str:
    """A name for one piece of work of this process."""
    return f"{process_name(os.getpid())}:{secrets.token_hex(4)}"


@lru_cache(maxsize=4)
def process_name(pid: int) -> str:
    """`<machine>:<pid>:<when it began>`; without /proc nobody can tell, and the machine is ""."""
    return f"{machine()}:{pid}:{began(pid) or ''}"


@lru_cache(maxsize=1)
def machine() -> str:
    """This boot of this machine, and the namespace (container) that process ids belong to."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def began(pid: int) -> str | None:
    """When the process began, in ticks; None when there is none, or it has ended."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    state, *rest = facts.rpartition(")")[2].split()
    return None if state in GONE_STATES else rest[18]


def is_alive(owner: str) -> bool | None:
    """Whether the process is there; None when that cannot be told from here."""
    where, _, rest = owner.partition(":")
    pid, _, moment = rest.partition(":")
    if not where or where != machine() or not pid.isdecimal():
        return None
    return began(int(pid)) == moment.partition(":")[0]


def is_free(row: Leased, now: datetime) -> bool:
    """Whether the lease of *row* may be taken at *now*, a moment in the database's time."""
    if row.lease_until is None:
        return True
    alive = is_alive(row.owner) if row.owner else None
    if alive is None:
        return row.lease_until <= now
    # alive: on SQLite it may have held the write lock, so that it could not say so in time
    return not alive or row.lease_until + PATIENCE <= now
