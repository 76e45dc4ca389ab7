"""`heliograph contacts`."""

from __future__ import annotations

from typing import Any

import click

from heliograph.cli.contact_imports import import_file
from heliograph.cli.context import fail, in_app
from heliograph.cli.dnc import export_list, import_list, lift_import
from heliograph.cli.ids import ID
from heliograph.cli.options import pairs
from heliograph.cli.output import json_option, print_facts, print_json, print_table
from heliograph.contacts import (
    add_contact,
    contacts_with_number,
    edit_contact,
    find_contacts,
    merge_contacts,
    tag_contact,
)
from heliograph.contacts import delete_contact as remove_contact
from heliograph.contacts.fields import CUSTOM_KINDS, add_custom_field, contact_fields
from heliograph.contacts.models import Contact
from heliograph.contacts.removal import delete_field, delete_tag
from heliograph.dnc import (
    MANUAL,
    UNSUBSCRIBED,
    Dnc,
    DncBeneath,
    add_dnc,
    find_beneath,
    find_dnc,
    lift_dnc,
)
from heliograph.dnc_list import typed_number
from heliograph.errors import NotFound
from heliograph.installation import current_settings
from heliograph.timeline import timeline


@click.group()
def contacts() -> None:
    """Contacts: import, find, show, edit."""


contacts.add_command(import_file)


def by_number(number: str) -> list[Contact]:
    e164 = typed_number(number)
    found = list(contacts_with_number(e164))
    if not found:
        raise NotFound(f"No contact has the number {e164}. Run: heliograph contacts add --help")
    return found


@contacts.command()
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@in_app
def show(number: str, limit: int, as_json: bool) -> None:
    """Show the contact with NUMBER: profile, DNC, timeline.

    A number that no contact has is shown with its DNC entry and its replies.
    """
    try:
        found = by_number(number)
    except NotFound:
        show_stranger(number, as_json=as_json)
        return
    views = [described(contact, limit) for contact in found]
    if as_json:
        print_json(views[0] if len(views) == 1 else views)
        return
    for view in views:
        entries = view.pop("timeline")
        print_facts(view)
        click.echo("")
        print_table(entries, ("at", "title", "text"), empty="Nothing has happened yet.")


def show_stranger(number: str, *, as_json: bool) -> None:
    e164 = typed_number(number)
    entry = find_dnc(e164)
    if entry is None:
        raise NotFound(f"No contact has the number {e164}. Run: heliograph contacts add --help")
    view = {"mobile": e164, "contact": None, "dnc": dnc_view(e164)}
    if as_json:
        print_json(view)
        return
    print_facts(view)


def dnc_view(number: str | None) -> dict[str, Any] | None:
    entry = find_dnc(number)
    if entry is None:
        return None
    beneath = find_beneath([entry.number]).get(entry.number, [])
    return entry_view(entry) | {"beneath": [entry_view(one) for one in beneath]}


def entry_view(entry: Dnc | DncBeneath) -> dict[str, Any]:
    return {"reason": entry.reason, "comment": entry.comment, "since": entry.created_at}


def described(contact: Contact, limit: int) -> dict[str, Any]:
    names = ("first_name", "last_name", "email", "company", "city", "country", "locale", "timezone")
    return {
        "id": contact.id,
        "mobile": contact.mobile,
        "number_status": contact.number_status,
        **{name: getattr(contact, name) for name in names},
        "tags": [tag.name for tag in contact.tags],
        "custom": contact.custom,
        "dnc": dnc_view(contact.mobile),
        "timeline": [
            {
                "at": entry.at,
                "kind": entry.kind,
                "title": entry.title,
                "text": entry.text,
                "details": entry.details,
            }
            for entry in timeline(contact, limit=limit)
        ],
    }


@contacts.command()
@click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", required=True)
@click.option("--tag", "tags", multiple=True)
@json_option
@in_app
def add(values: tuple[str, ...], tags: tuple[str, ...], as_json: bool) -> None:
    """Add one contact: --set mobile=+33612345678 --set first_name=Ada."""
    contact = add_contact(dict(pairs("--set", values)), region=current_settings().region)
    if tags:
        tag_contact(contact, tags)
    if as_json:
        print_json(described(contact, 1))
        return
    click.echo(f"Added contact {contact.id} {contact.mobile or ''} {contact.name}".rstrip() + ".")


@contacts.command()
@click.argument("contact_id", type=ID, metavar="ID")
@click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", required=True)
@in_app
def edit(contact_id: int, values: tuple[str, ...]) -> None:
    """Change fields of contact ID."""
    edit_contact(contact_id, dict(pairs("--set", values)), region=current_settings().region)
    click.echo(f"Contact {contact_id} is changed.")


@contacts.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@in_app
def find(query: str, limit: int, as_json: bool) -> None:
    """Find contacts by number, e-mail, name or tag:NAME."""
    rows = [
        {"id": item.id, "mobile": item.mobile, "name": item.name, "email": item.email}
        for item in find_contacts(query, limit=limit)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("id", "mobile", "name", "email"), empty="Nobody was found.")


@contacts.command()
@click.argument("winner_id", type=ID)
@click.argument("loser_id", type=ID)
@in_app
def merge(winner_id: int, loser_id: int) -> None:
    """Merge contact LOSER_ID into WINNER_ID, history and all."""
    merge_contacts(winner_id, loser_id)
    click.echo(f"Contact {loser_id} is merged into {winner_id}.")


@contacts.command()
@click.argument("contact_id", type=ID, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask")
@in_app
def delete(contact_id: int, yes: bool) -> None:
    """Delete contact ID; its number stays on do-not-contact if it is."""
    if not yes:
        click.confirm(f"Delete contact {contact_id}?", abort=True)
    remove_contact(contact_id)
    click.echo(f"Contact {contact_id} is deleted.")


@contacts.command(name="fields")
@json_option
@in_app
def list_fields(as_json: bool) -> None:
    """Show the fields of contacts, the installation's own too."""
    rows = [
        {"alias": field.alias, "label": field.label, "kind": field.kind, "custom": field.custom}
        for field in contact_fields().values()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("alias", "label", "kind", "custom"), empty="None.")


@contacts.command(name="add-field")
@click.argument("alias")
@click.option("--label", required=True, help="What people read")
@click.option("--kind", type=click.Choice(CUSTOM_KINDS), default="text", show_default=True)
@click.option("--choice", "choices", multiple=True, help="A value of a field of kind choice")
@in_app
def add_field(alias: str, label: str, kind: str, choices: tuple[str, ...]) -> None:
    """Add a field of your own, called ALIAS in texts, files and filters."""
    field = add_custom_field(alias, label, kind, choices)
    click.echo(f"Added the field {field.alias} ({field.kind}).")


@contacts.command(name="delete-field")
@click.argument("alias")
@click.option("--yes", is_flag=True, help="Do not ask")
@in_app
def remove_field(alias: str, yes: bool) -> None:
    """Delete the field ALIAS of your own with its values, unless something names it."""
    if not yes:
        click.confirm(f"Delete the field {alias} and all its values?", abort=True)
    click.echo(f"The field {alias} is deleted; {delete_field(alias)} contacts had a value.")


@contacts.command(name="delete-tag")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask")
@in_app
def remove_tag(name: str, yes: bool) -> None:
    """Take the tag NAME off all contacts and delete it, unless something names it."""
    if not yes:
        click.confirm(f"Delete the tag {name}?", abort=True)
    click.echo(f"The tag {name} is deleted; {delete_tag(name)} contacts had it.")


@contacts.command()
@click.argument("number")
@click.option("--lift", is_flag=True, help="Take the number off the list")
@click.option("--comment", default="", help="Why")
@in_app
def dnc(number: str, lift: bool, comment: str) -> None:
    """Put NUMBER on do-not-contact by hand, or take it off.

    Who answered STOP stays on the list: only a START from that phone lifts it.
    """
    e164 = typed_number(number)
    if not lift:
        added = add_dnc(e164, reason=MANUAL, comment=comment, source="command")
        click.echo(f"{e164} is on do-not-contact{'' if added else ' already'}.")
        return
    lifted = lift_dnc(e164, comment=comment, source="command")
    entry = find_dnc(e164)
    if entry is not None and entry.reason == UNSUBSCRIBED:
        done = "What lay beneath is lifted. " if lifted else ""
        fail(f"{done}{e164} opted out: only a START from that phone takes it off the list.")
    if not lifted:
        fail(f"{e164} is not on do-not-contact.")
    click.echo(f"{e164} may be contacted again.")


contacts.add_command(import_list)
contacts.add_command(export_list)
contacts.add_command(lift_import)
