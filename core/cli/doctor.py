"""`heliograph doctor`: what stands in the way, and the mend."""

from __future__ import annotations

from dataclasses import asdict

import click

from heliograph.checkup import BAD, NOTE, OK, look_over
from heliograph.cli.context import in_app
from heliograph.cli.output import json_option, print_json
from heliograph.jobs.lateness import look_at_jobs

MARKS = {OK: "✓", NOTE: "·", BAD: "✗"}


@click.command()
@json_option
@in_app
def doctor(as_json: bool) -> None:
    """Look the installation over; exits with 1 when something is broken."""
    findings = [*look_over(), *look_at_jobs()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            words = f"{finding.text} {finding.mend}".strip()
            click.echo(f"{MARKS[finding.level]} {finding.what}: {words}")
    if any(finding.level == BAD for finding in findings):
        raise SystemExit(1)
