"""`settle`, of broadcasts and of campaigns alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from heliograph.cli.output import print_json, print_table
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.unclear import WAYS

way_option = click.option(
    "--as", "way", type=click.Choice(sorted(WAYS)), help="What to do with all of them"
)


def settle_or_show(
    source_id: int,
    way: str | None,
    *,
    settle: Callable[[int, str], int],
    texts: Callable[[int], Sequence[Delivery]],
    as_json: bool,
) -> None:
    """Settle unclear texts of the source, or show them where no way is given."""
    if way is not None:
        click.echo(f"{settle(source_id, way)} texts were settled as {way}.")
        return
    rows = [
        {"id": row.id, "number": row.number, "attempted_at": row.attempted_at, "why": row.detail}
        for row in texts(source_id)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("id", "number", "attempted_at", "why"), empty="None: all is clear.")
