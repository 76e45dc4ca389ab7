"""A look over the whole installation: what stands in the way, and the mend."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.checkup.database import look_at_database
from heliograph.checkup.findings import BAD, NOTE, OK, Finding
from heliograph.checkup.machine import look_at_machine
from heliograph.checkup.plugins import look_at_plugins
from heliograph.checkup.replies import look_at_replies
from heliograph.checkup.sending import look_at_sending
from heliograph.checkup.settings import look_at_settings

__all__ = ["BAD", "NOTE", "OK", "Finding", "look_over"]


def look_over() -> Iterator[Finding]:
    """All findings but those of the jobs, which are not the domain's. Reads only, by index."""
    yield from look_at_database()
    yield from look_at_machine()
    yield from look_at_settings()
    yield from look_at_plugins()
    yield from look_at_sending()
    yield from look_at_replies()
