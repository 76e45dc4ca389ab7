"""`heliograph messages`."""

from __future__ import annotations

import time
from typing import Any

import click
from sqlalchemy import select

from heliograph.cli.context import in_app
from heliograph.cli.ids import ID
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.cli.times import parse_when
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.claim import Scope
from heliograph.deliveries.direct import queue_text
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.deliveries.models import OPEN, Delivery
from heliograph.installation import current_settings, running_app
from heliograph.messages import Measure, create_message, list_messages, measure
from heliograph.messages.filtering import sample_text
from heliograph.messages.models import TextMessage
from heliograph.phone import parse_number
from heliograph.providers import default_provider
from heliograph.segments import find_segment

WAIT_SECONDS = 60


@click.group()
def messages() -> None:
    """Text messages: write, list, test."""


def measured_text(message: TextMessage) -> Measure:
    """Of the text as written, with short links where they are sent."""
    return measure(sample_text(message.text, track=message.track_links))


def described(message: TextMessage) -> dict[str, Any]:
    measured = measured_text(message)
    return {
        "id": message.id,
        "name": message.name,
        "type": message.type,
        "text": message.text,
        "language": message.language,
        "category": message.category,
        "published": message.published,
        "track_links": message.track_links,
        "publish_up": message.publish_up,
        "publish_down": message.publish_down,
        "segments": [segment.name for segment in message.segments],
        "characters": measured.characters,
        "encoding": measured.encoding,
        "parts": measured.parts,
    }


@messages.command()
@click.option("--name", required=True, help="Internal name")
@click.option("--text", required=True, help="Text, with tokens like {contactfield=firstname|there}")
@click.option("--segment", "names", multiple=True, help="Send to this segment (name or id)")
@click.option("--publish-up", metavar="WHEN", help="Send from then on: `now` or ISO 8601")
@click.option("--publish-down", metavar="WHEN", help="Late joiners get it until then")
@click.option("--language", default="en", show_default=True)
@click.option("--category", default="")
@click.option(
    "--track-links/--no-track-links",
    default=True,
    show_default=True,
    help="Send links as short ones that count clicks",
)
@click.option(
    "--keep-placeholders",
    is_flag=True,
    help="Send what other tools would fill, such as [firstname], as it stands",
)
@json_option
@in_app
def create(
    name: str,
    text: str,
    names: tuple[str, ...],
    publish_up: str | None,
    publish_down: str | None,
    language: str,
    category: str,
    track_links: bool,
    keep_placeholders: bool,
    as_json: bool,
) -> None:
    """Write a text message; it is published at once.

    With --segment it is sent as a broadcast once --publish-up has come; without,
    it is a template for campaigns.
    """
    message = create_message(
        name=name,
        text=text,
        segments=[find_segment(item).id for item in names],
        language=language,
        category=category,
        publish_up=parse_when("--publish-up", publish_up),
        publish_down=parse_when("--publish-down", publish_down),
        track_links=track_links,
        keep=keep_placeholders,
    )
    if as_json:
        print_json(described(message))
        return
    measured = measured_text(message)
    click.echo(
        f"Made message {message.id} {message.name!r}: {measured.characters} characters, "
        f"{measured.encoding}, {measured.parts} parts before tokens are filled."
    )
    for offender in measured.offenders[:5]:
        click.echo(f"Makes it UCS-2: {offender}", err=True)


@messages.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show all text messages."""
    rows = [described(message) for message in list_messages()]
    if as_json:
        print_json(rows)
        return
    columns = ("id", "name", "type", "published", "publish_up", "segments", "parts")
    print_table(rows, columns, empty="None yet. Run: heliograph messages create --help")


@messages.command()
@click.argument("message_id", type=ID, metavar="ID")
@click.option("--to", "number", required=True, help="Number to send to")
@json_option
@in_app
def test(message_id: int, number: str, as_json: bool) -> None:
    """Send message ID once to a number, with the tokens of its contact if known."""
    e164 = parse_number(number, region=current_settings().region).e164
    contact = db.session.scalars(
        select(Contact).where(Contact.mobile == e164).order_by(Contact.id).limit(1)
    ).first()
    provider = default_provider()
    delivery = queue_text(
        message_id, number=e164, contact=contact, provider=provider, source="test"
    )
    delivery = sent_now(delivery.id, provider)
    row = {
        "id": delivery.id,
        "number": delivery.number,
        "text": delivery.text,
        "status": delivery.status,
        "provider": delivery.provider,
        "provider_id": delivery.provider_id,
        "detail": delivery.detail,
        "error_code": delivery.error_code,
    }
    good = delivery.status in ("accepted", "sent", "delivered")
    if as_json:
        print_json(row)
    else:
        click.echo(f"{delivery.number}: {delivery.status}. {delivery.detail}".strip(), err=not good)
    if not good:
        raise SystemExit(1)


def sent_now(delivery_id: int, provider: str) -> Delivery:
    """Send it from here, unless a running server is quicker."""
    db.session.rollback()
    loop = DeliveryLoop(running_app())
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            loop.send(Scope(provider)).result()
            delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
            db.session.rollback()
            if delivery.status not in OPEN or time.monotonic() > deadline:
                return delivery
            loop.recover_provider(provider).result()
            time.sleep(0.5)
    finally:
        loop.stop()
