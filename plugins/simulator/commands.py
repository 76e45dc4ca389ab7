"""The phones on the command line."""

from __future__ import annotations

import json

import click
from sqlalchemy import select

from heliograph.plugin import BadInput, db

from .reports import answer
from .tables import SimulatorText


@click.command()
@click.option("--number", help="Only this phone")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
def texts(number: str | None, limit: int, as_json: bool) -> None:
    """Show what the phones received and answered, newest first."""
    query = select(SimulatorText).order_by(SimulatorText.id.desc()).limit(limit)
    if number:
        query = query.where(SimulatorText.number == number)
    rows = [
        {
            "at": item.created_at.isoformat(),
            "number": item.number,
            "direction": item.direction,
            "text": item.text,
            "status": item.status,
        }
        for item in db.session.scalars(query)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        arrow = "→" if row["direction"] == "out" else "←"
        click.echo(f"{row['at'][:19]}  {arrow} {row['number']}  {row['status']:<11} {row['text']}")
    if not rows:
        click.echo("No phone has received anything yet.")


@click.command()
@click.argument("number")
@click.argument("text")
def reply(number: str, text: str) -> None:
    """Answer TEXT from the phone with NUMBER (written as +33612345678)."""
    if not number.startswith("+") or not number[1:].isdecimal():
        raise BadInput("NUMBER", "is not written in full", value=number, mend="Write +33612345678.")
    answer(number, text)
    click.echo(f"{number} answered.")
