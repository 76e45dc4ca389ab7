"""All jobs of this process: core's own, and those of plugins."""

from __future__ import annotations

from typing import Any

from heliograph.broadcasts.counts import count_due_broadcasts
from heliograph.broadcasts.run import start_due
from heliograph.campaigns.react import is_called_for
from heliograph.campaigns.work import (
    call_due,
    is_rebuild_due,
    is_work_due,
    react_due,
    rebuild_due,
    run_due,
)
from heliograph.contacts.changes import has_changes
from heliograph.deliveries.reports import match_waiting_reports
from heliograph.figures import refresh_figures
from heliograph.host import Job, current_host
from heliograph.imports import run_pending_imports
from heliograph.imports.pending import has_pending, sweep
from heliograph.links.counts import count_new_clicks
from heliograph.logins import sweep_logins
from heliograph.segments import refresh_all
from heliograph.segments.follower import follow_changes

FOLLOWS = "Looks at changed contacts for the segments of campaigns"


def core_jobs() -> list[Job]:
    return [
        Job("broadcasts.start", 2, start_due, "Plans what is due, finishes what is done"),
        Job("broadcasts.count", 2, count_due_broadcasts, "Counts large broadcasts for pages"),
        Job("figures.refresh", 15, refresh_figures, "Counts texts and replies by day, for charts"),
        Job("deliveries.match", 15, match_waiting_reports, "Matches reports that came early"),
        Job("accounts.sweep", 600, sweep_logins, "Deletes ended sessions, old wrong passwords"),
        Job("links.count", 30, count_new_clicks, "Counts clicks on links for pages"),
        Job("imports.run", 2, run_pending_imports, "Runs uploaded CSV imports", wanted=has_pending),
        Job("imports.sweep", 3600, sweep, "Deletes files of imports that ended long ago"),
        Job("segments.refresh", 60, refresh_segments, "Brings filtered segments up to date"),
        Job("segments.follow", 2, follow_changes, FOLLOWS, wanted=has_changes),
        *campaign_jobs(),
    ]


def campaign_jobs() -> list[Job]:
    shared: dict[str, Any] = {"shared": True}
    members, events = "Lets members of segments join and leave", "Takes members through events"
    return [
        Job("campaigns.rebuild", 5, rebuild_due, members, wanted=is_rebuild_due, **shared),
        Job("campaigns.run", 1, run_due, events, wanted=is_work_due, **shared),
        Job("campaigns.call", 2, call_due, "Runs webhooks and such", wanted=is_work_due, **shared),
        Job("campaigns.react", 0.5, react_due, "Takes replies in", wanted=is_called_for, **shared),
    ]


def refresh_segments() -> str | None:
    """Job: refresh each segment that has filters."""
    result = refresh_all()
    return str(result) if result else None


def all_jobs() -> list[Job]:
    """Core's jobs, then those of each sound plugin."""
    plugins = [job for info in current_host().sound() for job in info.contributions.jobs]
    return [*core_jobs(), *plugins]


def owner_of(job: Job) -> str | None:
    """The plugin a job belongs to, or None for core's."""
    name = job.key.partition(".")[0]
    return name if any(name == info.name for info in current_host().all()) else None
