"""`heliograph plugins`."""

from __future__ import annotations

from typing import Any

import click

from heliograph.cli.context import fail, in_app
from heliograph.cli.output import json_option, print_facts, print_json, print_table
from heliograph.connection import check_connection
from heliograph.errors import BadInput, Conflict, HeliographError
from heliograph.host import PluginInfo, current_host
from heliograph.host.switching import Switched
from heliograph.installation import current_settings
from heliograph.providers import default_provider
from heliograph.upgrades import upgrade_schema


@click.group()
def plugins() -> None:
    """Plugins: find, enable, configure, check."""


def described(info: PluginInfo) -> dict[str, Any]:
    host = current_host()
    state = "broken" if info.fault else "enabled" if host.is_enabled(info.name) else "disabled"
    return {
        "name": info.name,
        "state": state,
        "in_use": info.name == host.provider_in_use(),
        "title": info.title,
        "version": info.version,
        "author": info.author,
        "origin": info.origin,
        "where": info.where,
        "hooks": info.contributions.hooks,
        "config": host.shown_config(info.name) if not info.fault else {},
        "fault": info.fault,
    }


def print_plugins(*, as_json: bool) -> None:
    host = current_host()
    rows = [described(info) for info in host.all()]
    rows += [
        {"name": info.name, "state": "shadowed", "origin": info.origin, "where": info.where}
        | {"in_use": False, "fault": info.fault}
        for info in host.shadowed
    ]
    safe = current_settings().safe_mode == "1"
    gone = [] if safe else host.missing()
    rows += [
        {"name": info.name, "state": "missing", "in_use": info.name == host.provider_in_use()}
        | {"fault": info.fault}
        for info in gone
    ]
    if as_json:
        print_json(rows)
        return
    why = "HELIOGRAPH_SAFE_MODE is on: no plugin is loaded."
    print_table(
        rows,
        ("name", "state", "version", "origin", "title"),
        empty=why if safe else "No plugin was found.",
    )
    click.echo(f"\n{told_of_default()}")
    for row in rows:
        if row["fault"]:
            where = f" ({row['where']})" if row.get("where") else ""
            click.echo(f"\n{row['name']}{where}:\n{row['fault'].rstrip()}")


def told_of_default() -> str:
    """Which provider texts go through, or why none."""
    try:
        return f"Texts go through {default_provider()}."
    except Conflict as error:
        return error.message


@plugins.command(name="list")
@json_option
@in_app
def list_plugins(as_json: bool) -> None:
    """Show each plugin, the provider that texts go through, and the faults of broken ones."""
    print_plugins(as_json=as_json)


@plugins.command()
@json_option
@in_app
def reload(as_json: bool) -> None:
    """Find new plugins and bring their tables up to date.

    A running server loads new code when it is restarted; enabling, disabling
    and configuring need no restart.
    """
    upgrade_schema()
    print_plugins(as_json=as_json)


@plugins.command()
@click.argument("name")
@click.option("--default", "default", is_flag=True, help="Send texts through it from now on")
@in_app
def enable(name: str, default: bool) -> None:
    """Switch plugin NAME on, in every process.

    Texts go on through the provider that they go through now. The first one that is
    enabled is used; another one when you say --default, whatever its configuration.
    """
    current_host().upgrade_tables()
    switched = current_host().enable(name, default=default)
    click.echo(f"{name} is enabled.")
    info = current_host().get(name)
    if info.contributions.providers:
        click.echo(moved(switched))
        if switched.now != name:
            click.echo(f"To send through {name}: heliograph plugins enable {name} --default")
    if info.contributions.config_model is not None:
        try:
            current_host().config(name)
        except HeliographError as error:
            click.echo(f"Before it can work: {error.message}", err=True)


@plugins.command()
@click.argument("name")
@in_app
def disable(name: str) -> None:
    """Switch plugin NAME off; its callbacks still verify and record.

    When texts go through it, the provider that was enabled first takes over; broadcasts
    that run wait until it is enabled again.
    """
    switched = current_host().disable(name)
    click.echo(f"{name} is disabled.")
    if current_host().get(name).contributions.providers:
        click.echo(moved(switched))


def moved(switched: Switched) -> str:
    """Where texts go after plugins were switched, and where they went before."""
    before, now = switched
    if not now:
        return "No provider is enabled now, so nothing can be sent."
    if before in ("", now):
        return f"Texts go through {now}, as before." if before else f"Texts go through {now}."
    return f"Texts went through {before}, and go through {now} from now on."


@plugins.command()
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@json_option
@in_app
def configure(name: str, values: tuple[str, ...], as_json: bool) -> None:
    """Set config values of plugin NAME; without values, show them.

    KEY= takes a value away. $env:NAME reads it from the environment. Secrets are
    encrypted and never shown again.
    """
    host = current_host()
    missing = host.configure(name, dict(pairs(values))) if values else []
    view = host.shown_config(name)
    if as_json:
        print_json({"config": view, "missing": missing})
        return
    if values:
        click.echo(f"{name} is configured.")
    else:
        print_config(host.get(name), view)
    for line in missing:
        click.echo(f"Still missing: {line}", err=True)


def print_config(info: PluginInfo, view: dict[str, Any]) -> None:
    model = info.contributions.config_model
    if model is None:
        fail(f"The plugin {info.name} has no configuration.")
        return
    for key, field in model.model_fields.items():
        value = view.get(key)
        default = "" if field.is_required() or field.default is None else f"{field.default}"
        shown = value if value is not None else f"– {f'({default})' if default else ''}".strip()
        click.echo(f"{key} = {shown}")
        click.echo(f"    {field.title or key}. {field.description or ''}".rstrip())


def pairs(values: tuple[str, ...]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for item in values:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise BadInput("KEY=VALUE", "has no =", value=item, mend="Write account_sid=AC...")
        found.append((key.strip(), value))
    return found


@plugins.command()
@click.argument("name")
@json_option
@in_app
def check(name: str, as_json: bool) -> None:
    """Test the connection of provider NAME."""
    result = check_connection(name)
    public = current_settings().public_url.rstrip("/")
    url = f"{public}/sms/{name}/callback" if public else "set HELIOGRAPH_PUBLIC_URL first"
    if as_json:
        print_json({"ok": result.ok, "text": result.text, "callback_url": url} | result.facts)
    else:
        click.echo(result.text, err=not result.ok)
        print_facts(result.facts | {"callback_url": url})
    if not result.ok:
        raise SystemExit(1)
