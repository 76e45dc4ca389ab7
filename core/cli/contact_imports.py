"""`heliograph contacts import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from heliograph.cli.context import in_app
from heliograph.cli.options import pairs
from heliograph.cli.output import json_option, print_facts, print_json
from heliograph.imports import Choices, Import, Trial, create_import, dry_run, run_import
from heliograph.imports.dates import ORDERS
from heliograph.imports.facts import facts_of
from heliograph.imports.models import FINISHED
from heliograph.imports.notes import reading_notes
from heliograph.imports.reasons import REJECTED, ReasonCount, reason_words


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--segment", help="Add them to this segment; made when it is missing")
@click.option("--region", default="", help="Country of numbers written without one, such as FR")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="Override a column")
@click.option(
    "--header-line",
    type=click.IntRange(min=0),
    metavar="N",
    help="Line with the names of the columns, 0 for none; found when it is not given",
)
@click.option(
    "--date-order",
    type=click.Choice(ORDERS),
    default=None,
    help="How 03/04/2026 is read where the file leaves it open; as in the region by default",
)
@click.option(
    "--unsubscribed", is_flag=True, help="Everybody in the file has unsubscribed: nobody is texted"
)
@click.option(
    "--without-consent", is_flag=True, help="Leave columns out that say who may be texted"
)
@click.option("--dry-run", is_flag=True, help="Check the file and store nothing")
@json_option
@in_app
def import_file(
    file: Path,
    segment: str | None,
    region: str,
    mapping: tuple[str, ...],
    header_line: int | None,
    date_order: str | None,
    unsubscribed: bool,
    without_consent: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import contacts from a CSV FILE and wait until it is done.

    Rows are merged on the mobile number. Rows that cannot be imported are written
    to an error file with the reason; all others are imported. A value that does
    not fit its field is left out, and the row is in that file with a remark.
    Whom the file does not let be texted is on do-not-contact afterwards.
    """
    wanted = pairs("--map", mapping) or None
    choices = Choices(wanted, region, header_line, date_order or "", unsubscribed, without_consent)
    if dry_run:
        show_dry_run(file, choices, as_json=as_json)
        return
    job = create_import(
        file,
        filename=file.name,
        segment=segment,
        region=choices.region,
        mapping=choices.mapping,
        header_line=choices.header_line,
        date_order=choices.date_order,
        all_refuse=choices.all_refuse,
        without_consent=choices.without_consent,
    )
    bar = Progress(
        TextColumn("Importing"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=as_json,
    )
    with bar:
        task = bar.add_task("", total=job.bytes_total or None)
        job = run_import(job.id, lambda now: bar.update(task, completed=now.bytes_done))
    show_import(job, as_json=as_json)


def show_dry_run(file: Path, choices: Choices, *, as_json: bool) -> None:
    trial = dry_run(
        file,
        region=choices.region,
        mapping=choices.mapping,
        header_line=choices.header_line,
        date_order=choices.date_order,
        all_refuse=choices.all_refuse,
    )
    facts = trial_facts(trial)
    if as_json:
        print_json(facts | {"notes": trial.notes, "reasons": counted(trial.reasons)})
        return
    print_facts(facts)
    tell(trial.notes, trial.reasons)


def trial_facts(trial: Trial) -> dict[str, Any]:
    source, facts = trial.plan.source, trial.plan.facts
    return {
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "header_line": source.header_line,
        "date_order": facts.date_order,
        "mapping": trial.plan.mapping,
        "ignored": trial.ignored,
        "rows": trial.rows,
        "contacts": trial.contacts,
        "known": trial.known,
        "rejected": trial.rejected,
        "remarked": trial.remarked,
        "on_do_not_contact": trial.opted_out,
        "first_errors": trial.first_errors,
    }


def show_import(job: Import, *, as_json: bool) -> None:
    """What came of it; exit code 1 unless it finished, or when nobody of it was taken."""
    facts = facts_of(job)
    shown: dict[str, Any] = {
        "id": job.id,
        "status": job.status,
        "rows": job.rows_done,
        "created": job.created,
        "updated": job.updated,
        "unchanged": job.unchanged,
        "rejected": job.rejected,
        "remarked": job.remarked,
        "on_do_not_contact": job.opted_out,
        "error_file": job.error_path if job.rejected or job.remarked else "",
        "encoding": job.encoding,
        "delimiter": job.delimiter,
        "header_line": facts.header_line,
        "date_order": facts.date_order,
        "mapping": job.mapping,
        "ignored": [column for column in facts.columns if column not in job.mapping],
        "error": job.error,
    }
    notes = reading_notes(
        facts,
        job.mapping,
        encoding=job.encoding,
        delimiter=job.delimiter,
        region=job.region,
    )
    if as_json:
        print_json(shown | {"notes": notes, "reasons": counted(job.reasons)})
    else:
        print_facts(shown)
        tell(notes, job.reasons)
    if job.status != FINISHED or (job.rejected and job.rejected == job.rows_done):
        raise SystemExit(1)


def counted(reasons: Sequence[ReasonCount]) -> list[dict[str, Any]]:
    return [{**one, "words": reason_words(one["code"], one["column"])} for one in reasons]


def tell(notes: Sequence[str], reasons: Sequence[ReasonCount]) -> None:
    click.echo("")
    for words in notes:
        click.echo(words)
    for title, rejected in (("Rejected rows", True), ("Rows imported with a remark", False)):
        found = [one for one in reasons if (one["result"] == REJECTED) == rejected]
        if found:
            click.echo(f"\n{title}:")
        for one in found:
            unit = "row" if one["rows"] == 1 else "rows"
            words = reason_words(one["code"], one["column"])
            click.echo(f"  {one['rows']:,} {unit}: {words} (first in line {one['first_line']})")
