"""The jobs page: what the clock runs, how it went, and running one now."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from heliograph.db import utcnow
from heliograph.host import current_host
from heliograph.installation import current_settings, running_app
from heliograph.jobs.register import owner_of
from heliograph.jobs.runs import find_job, list_runs, run_job
from heliograph.web.beside import run_beside
from heliograph.web.forms import Page
from heliograph.web.trail import note

bp = Blueprint("admin_jobs", __name__, url_prefix="/admin/jobs")


@bp.get("/")
def index() -> str:
    return render_template("admin/jobs.html", **facts())


@bp.get("/rows")
def rows() -> str:
    """The table alone, for the page that keeps itself up to date."""
    return render_template("admin/job_rows.html", **facts())


def facts() -> dict[str, object]:
    now = utcnow()
    found = []
    for job, run in list_runs():
        owner = owner_of(job)
        off = owner is not None and not current_host().is_enabled(owner)
        begun = run.started_at if run else None
        due = None if off else max(now, begun + timedelta(seconds=job.every)) if begun else now
        found.append((job, run, off, due))
    return {"jobs": found, "now": now, "clock": current_settings().scheduler == "on"}


@bp.post("/<key>/run")
def run(key: str) -> Page:
    """Run it beside this request; a short one is done when the page comes back."""
    job = find_job(key)
    app = running_app()
    done = run_beside(lambda: run_job(app, job, forced=True))
    note(key)
    flash(_("%(key)s has run.", key=key) if done else _("%(key)s is running.", key=key))
    return redirect(url_for("admin_jobs.index"), 303)
