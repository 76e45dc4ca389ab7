"""`heliograph jobs`."""

from __future__ import annotations

import click

from heliograph.cli.context import in_app
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.db import db
from heliograph.installation import running_app
from heliograph.jobs.runs import find_job, list_runs, run_job


@click.group()
def jobs() -> None:
    """Jobs of the clock."""


@jobs.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show each job with its last run."""
    rows = [
        {
            "key": job.key,
            "every": f"{job.every:g} s",
            "last_run": run.started_at if run else None,
            "seconds": round(run.seconds, 3) if run and run.seconds is not None else None,
            "result": run.result if run else "",
            "error": run.error if run else "",
            "help": job.help,
        }
        for job, run in list_runs()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["error"] = (str(row["error"]).strip().splitlines() or [""])[-1]
    print_table(rows, ("key", "every", "last_run", "seconds", "result", "error"), empty="None.")


@jobs.command()
@click.argument("name")
@in_app
def run(name: str) -> None:
    """Run job NAME now and wait for it."""
    job = find_job(name)
    db.session.rollback()
    app = running_app()
    result = run_job(app, job, forced=True)
    click.echo(result or "Done: there was nothing to do.")
