"""All jobs of this process: core's own, and those of plugins."""

from __future__ import annotations

from typing import Any

from heliograph.broadcasts.counts import count_due_broadcasts, due_counts
from heliograph.broadcasts.run import is_any_due, start_due
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
from heliograph.deliveries.reports import is_any_matchable, match_waiting_reports
from heliograph.figures import have_figures_changed, refresh_figures
from heliograph.host import Job, current_host
from heliograph.imports import run_pending_imports
from heliograph.imports.pending import has_pending, sweep
from heliograph.links.counts import count_new_clicks, is_any_clicked
from heliograph.logins import sweep_logins
from heliograph.segments import refresh_all
from heliograph.segments.follower import follow_changes
from heliograph.segments.refresh import is_any_segment
from heliograph.submissions import sweep as sweep_submissions

STARTS = "Plans what is due, finishes what is done"
COUNTS = "Counts large broadcasts for pages"
CHARTS = "Counts texts and replies by day, for charts"
MATCHES = "Matches reports that came early"
REFRESHES = "Brings filtered segments up to date"
FOLLOWS = "Looks at changed contacts for the segments of campaigns"


def core_jobs() -> list[Job]:
    return [
        Job("broadcasts.start", 2, start_due, STARTS, wanted=is_any_due),
        Job("broadcasts.count", 2, count_due_broadcasts, COUNTS, wanted=has_due_counts),
        Job("figures.refresh", 15, refresh_figures, CHARTS, wanted=have_figures_changed),
        Job("deliveries.match", 15, match_waiting_reports, MATCHES, wanted=is_any_matchable),
        Job("accounts.sweep", 600, sweep_accounts, "Deletes ended sessions, old wrong passwords"),
        Job("links.count", 30, count_new_clicks, "Counts clicks for pages", wanted=is_any_clicked),
        Job("imports.run", 2, run_pending_imports, "Runs uploaded CSV imports", wanted=has_pending),
        Job("imports.sweep", 3600, sweep, "Deletes files of imports that ended long ago"),
        Job("segments.refresh", 60, refresh_segments, REFRESHES, wanted=is_any_segment),
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


def has_due_counts() -> bool:
    return bool(due_counts())


def sweep_accounts() -> str | None:
    """Job: forget sessions and wrong passwords that count no more, and sent forms."""
    sweep_submissions()
    return sweep_logins()


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
