"""`heliograph settings`."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app

from heliograph.cli.context import in_app
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.installation import settings_of
from heliograph.setting_keys import find_key
from heliograph.stored_settings import (
    ENVIRONMENT,
    STORED,
    Shown,
    change_settings,
    list_settings,
)


@click.group()
def settings() -> None:
    """Settings that need no restart: list, set, unset."""


@settings.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show each setting with its value and where that comes from."""
    rows = [described(one) for one in list_settings(settings_of(current_app))]
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("key", "value", "from", "changed_at", "label"), empty="None.")


def described(one: Shown) -> dict[str, Any]:
    return {
        "key": one.key.name,
        "value": one.value,
        "from": one.key.variable if one.source == ENVIRONMENT else one.source,
        "default": one.key.default,
        "changed_at": one.changed_at,
        "changed_by": (one.changed_by or "a command") if one.source == STORED else "",
        "variable": one.key.variable,
        "label": str(one.key.label),
        "help": f"{one.key.help} {one.key.effect}",
    }


@settings.command(name="set")
@click.argument("key")
@click.argument("value")
@json_option
@in_app
def store(key: str, value: str, as_json: bool) -> None:
    """Store VALUE for KEY; each process has it within a second.

    Not for a setting that the server's environment sets: that wins.
    """
    changed = change_settings(settings_of(current_app), {key: value})
    tell(key, changed, as_json=as_json)


@settings.command()
@click.argument("key")
@json_option
@in_app
def unset(key: str, as_json: bool) -> None:
    """Take the stored value of KEY away: the default counts again."""
    changed = change_settings(settings_of(current_app), {key: ""})
    tell(key, changed, as_json=as_json)


def tell(key: str, changed: dict[str, tuple[str, str]], *, as_json: bool) -> None:
    now = next(one for one in list_settings(settings_of(current_app)) if one.key.name == key)
    if as_json:
        print_json(described(now) | {"changed": bool(changed)})
        return
    if not changed:
        click.echo(f"{key} is {now.value or 'empty'}, as before.")
        return
    before = changed[key][0] or "empty"
    click.echo(f"{key} is {now.value or 'empty'}; it was {before}.")
    click.echo(str(find_key(key).effect))
