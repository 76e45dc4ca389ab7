"""`heliograph segments`."""

from __future__ import annotations

import json
from typing import Any

import click

from heliograph.cli.context import in_app
from heliograph.cli.ids import ID
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.errors import BadInput, HeliographError
from heliograph.segments import create_segment, find_segment, list_segments, refresh_segment
from heliograph.segments.models import Segment


@click.group()
def segments() -> None:
    """Segments: named sets of contacts."""


def described(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.id,
        "name": segment.name,
        "members": segment.member_count,
        "filters": segment.filters,
        "refreshed_at": segment.refreshed_at,
    }


@segments.command()
@click.argument("name")
@click.option("--filter", "filters", metavar="JSON", help="Filters, see docs/reference/filters.md")
@json_option
@in_app
def create(name: str, filters: str | None, as_json: bool) -> None:
    """Make a segment called NAME and fill it."""
    segment = create_segment(name, parsed(filters))
    if segment.filters:
        refresh_segment(segment.id)
        segment = find_segment(segment.id)
    if as_json:
        print_json(described(segment))
        return
    click.echo(f"Made segment {segment.id} {segment.name!r} with {segment.member_count} members.")


def parsed(filters: str | None) -> dict[str, Any] | None:
    if filters is None:
        return None
    try:
        value = json.loads(filters)
    except ValueError as error:
        raise BadInput(
            "--filter",
            f"is not JSON: {error}",
            value=filters,
            mend='Use for example {"field": "country", "operator": "is", "value": "FR"}.',
        ) from None
    if not isinstance(value, dict):
        raise BadInput("--filter", "is not a JSON object", value=filters, mend="Begin with {.")
    return value


@segments.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show all segments."""
    rows = [described(segment) for segment in list_segments()]
    if as_json:
        print_json(rows)
        return
    print_table(
        rows,
        ("id", "name", "members", "refreshed_at"),
        empty="None yet. Run: heliograph segments create NAME --filter JSON",
    )


@segments.command()
@click.option("--id", "segment_id", type=ID, help="Only this segment")
@json_option
@in_app
def update(segment_id: int | None, as_json: bool) -> None:
    """Bring filtered segments up to date now."""
    wanted = [find_segment(segment_id)] if segment_id else list_segments()
    rows, failed = [], False
    for segment in wanted:
        if not segment.filters:
            continue
        name, number = segment.name, segment.id
        try:
            result = refresh_segment(number)
        except HeliographError as error:
            failed = True
            click.echo(f"Error: segment {name!r}: {error.message}", err=True)
            continue
        rows.append(
            {"id": number, "name": name, "added": result.added, "removed": result.removed}
            | {"members": result.total}
        )
    if as_json:
        print_json(rows)
    else:
        print_table(
            rows, ("id", "name", "added", "removed", "members"), empty="No segment has filters."
        )
    if failed:
        raise SystemExit(1)
