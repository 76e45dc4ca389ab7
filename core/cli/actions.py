"""`heliograph actions`."""

from __future__ import annotations

import click

from heliograph.actions import Result
from heliograph.campaigns import list_actions, run_action
from heliograph.cli.contacts import by_number
from heliograph.cli.context import in_app
from heliograph.cli.messages import sent_now
from heliograph.cli.options import pairs
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.db import db
from heliograph.deliveries.models import Delivery


@click.group()
def actions() -> None:
    """Campaign actions of core and of the enabled plugins."""


@actions.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show the actions there are, and what they ask for."""
    rows = [
        {
            "key": action.key,
            "label": action.label,
            "help": action.help,
            "config": list(action.config_model.model_fields),
        }
        for action in list_actions()
    ]
    if as_json:
        print_json(rows)
        return
    empty = "None: no enabled plugin supplies one. Run: heliograph plugins list"
    print_table(rows, ("key", "label", "config", "help"), empty=empty)


@actions.command()
@click.argument("key")
@click.option("--contact", "number", required=True, help="Number of the contact to run it for")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="Config of the action")
@json_option
@in_app
def run(key: str, number: str, values: tuple[str, ...], as_json: bool) -> None:
    """Run action KEY for one contact, and send what it queued."""
    outcome = run_action(key, by_number(number)[0], pairs("--set", values))
    status, text = outcome.result.value, outcome.text
    if outcome.delivery_id is not None:
        queued = db.session.get_one(Delivery, outcome.delivery_id)
        delivery = sent_now(queued.id, queued.provider)
        text = f"{text} Then {delivery.status}. {delivery.detail}".rstrip()
    if as_json:
        print_json({"result": status, "text": text, "delivery_id": outcome.delivery_id})
    else:
        click.echo(f"{status}: {text}")
    if outcome.result is Result.FAILED:
        raise SystemExit(1)
