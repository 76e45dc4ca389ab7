"""`heliograph contacts dnc-import`, `dnc-export` and `dnc-lift-import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from heliograph.cli.context import in_app
from heliograph.cli.output import json_option, print_facts, print_json
from heliograph.dnc import ELSEWHERE, REASONS, UNSUBSCRIBED
from heliograph.dnc_export import list_as_csv
from heliograph.dnc_file import NumberList, decoded, read_list
from heliograph.dnc_many import count_list, store_list
from heliograph.errors import BadInput
from heliograph.imports.refusals import count_refusals, lift_refusals
from heliograph.imports.runner import get_import
from heliograph.private_files import write_private

SHOWN = 20
CHOICES = [reason for reason in REASONS if reason != UNSUBSCRIBED]


@click.command(name="dnc-import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", type=click.Choice(CHOICES), default=ELSEWHERE, show_default=True)
@click.option("--origin", required=True, help="Where the list comes from")
@click.option("--dry-run", is_flag=True, help="Count and store nothing")
@json_option
@in_app
def import_list(file: Path, reason: str, origin: str, dry_run: bool, as_json: bool) -> None:
    """Put all numbers of FILE on do-not-contact.

    FILE is any text or CSV with phone numbers, `-` the standard input. Lines of a list
    that was exported here keep their own reason, date and comment.
    """
    found = read_list(decoded(contents(file)), reason=reason, comment=origin, source="command")
    facts = facts_of(found)
    if not dry_run:
        facts["stored"] = store_list(found.entries)
    if as_json:
        facts["unreadable"] = [fault._asdict() for fault in found.faults]
        print_json(facts)
    else:
        print_facts(facts)
        for fault in found.faults[:SHOWN]:
            click.echo(f"line {fault.line}: {fault.text!r} {fault.reason}", err=True)
        if len(found.faults) > SHOWN:
            click.echo(f"and {len(found.faults) - SHOWN} more; --json lists all", err=True)
    if not found.entries:
        raise SystemExit(1)


def facts_of(found: NumberList) -> dict[str, Any]:
    counts = count_list(found.entries)
    return {
        "numbers": len(found.entries),
        "new": counts.new,
        "listed_for_another_reason": counts.other,
        "already_listed": counts.known,
        "given_twice": found.twice,
        "unreadable": len(found.faults),
    }


def contents(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(
            "FILE", f"cannot be read: {error.strerror}", value=file, mend="Check the path."
        ) from None


@click.command(name="dnc-export")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file, which must not exist",
)
@in_app
def export_list(output: Path | None) -> None:
    """Write the do-not-contact list as CSV: number, reason, since, source, comment.

    `contacts dnc-import` reads it in again.
    """
    if output is None:
        for piece in list_as_csv():
            click.echo(piece.removeprefix("\ufeff"), nl=False)
        return
    if output.exists() or output.is_symlink():
        raise BadInput("--output", "exists already", value=output, mend="Choose another name.")
    try:
        with write_private(output) as file:
            for piece in list_as_csv():
                file.write(piece.encode())
    except OSError as error:
        raise BadInput(
            "--output", f"cannot be written: {error.strerror}", value=output, mend="Check the path."
        ) from None
    click.echo(f"The list is in {output}.")


@click.command(name="dnc-lift-import")
@click.argument("import_id", type=int, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask")
@in_app
def lift_import(import_id: int, yes: bool) -> None:
    """Take off do-not-contact what import ID alone put there.

    For a file that was wrong about who unsubscribed; undoing an import does not do it.
    """
    get_import(import_id)
    count = count_refusals(import_id)
    if not yes:
        click.confirm(f"Let {count} numbers be texted again?", abort=True)
    click.echo(f"{lift_refusals(import_id, by='command')} numbers are off do-not-contact.")
