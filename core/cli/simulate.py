"""`heliograph campaigns simulate`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from heliograph.campaigns.simulation import (
    MOST_DAYS,
    MOST_PEOPLE,
    Entry,
    Transcript,
    Way,
    read_simulation,
    sample,
    simulate,
)
from heliograph.channel import FailureKind
from heliograph.cli.context import in_app
from heliograph.cli.ids import ID
from heliograph.cli.output import json_option, print_json, print_table
from heliograph.cli.times import parse_when
from heliograph.db import utcnow
from heliograph.errors import BadInput
from heliograph.sentences import Moment

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DELAY = re.compile(r"(\d{1,6})([mhdw])")
UNDELIVERED = "undelivered"
NOT_DONE = {
    "would_call": "It would call {}: nothing outside is done here.",
    "would_do": "It would be done: {}. Nothing of plugins is done here.",
}
Doing = dict[str, Any]


@click.command(name="simulate")
@click.option("--campaign-id", "-i", type=ID, required=True, help="Which campaign")
@click.option(
    "--contacts",
    type=click.IntRange(0, MOST_PEOPLE),
    default=5,
    help="How many contacts of its sources take part",
)
@click.option(
    "--made-up", metavar="ZONE", multiple=True, help="One more who is made up, living there"
)
@click.option("--start", metavar="WHEN", help="When it begins: now, or ISO 8601")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=90, help="How long it lasts")
@click.option("--published", is_flag=True, help="What is published, instead of the draft")
@click.option(
    "--answer", metavar="CONTACT:DELAY:TEXT", multiple=True, help="The contact writes, 1:2h:YES"
)
@click.option("--click", "clicks", metavar="CONTACT:DELAY", multiple=True, help="It opens a link")
@click.option("--stop", metavar="CONTACT:DELAY", multiple=True, help="It opts out, 2:3d")
@click.option(
    "--fail",
    metavar="CONTACT:DELAY:KIND",
    multiple=True,
    help="From then on texts to it fail, 3:0m:bad_number or 3:0m:undelivered",
)
@click.option(
    "--outage", metavar="DELAY:LENGTH", multiple=True, help="The provider takes no texts, 3d:20h"
)
@json_option
@in_app
def simulate_one(
    campaign_id: int,
    contacts: int,
    made_up: tuple[str, ...],
    start: str | None,
    days: int,
    published: bool,
    answer: tuple[str, ...],
    clicks: tuple[str, ...],
    stop: tuple[str, ...],
    fail: tuple[str, ...],
    outage: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play a campaign on a clock of its own, and tell what each contact would get.

    CONTACT counts from 1, DELAY from the start: 30m, 2h, 3d or 1w. Nobody gets a
    text, and nothing is changed.
    """
    cast = cast_of(campaign_id, contacts, made_up)
    begin = parse_when("--start", start) or utcnow().replace(microsecond=0)
    keys = [person["key"] for person in cast]
    script: list[Doing] = [
        *(answered(given, keys, begin) for given in answer),
        *(done("--click", "click", given, keys, begin) for given in clicks),
        *(done("--stop", "stop", given, keys, begin) for given in stop),
        *(failed(given, keys, begin) for given in fail),
        *(out(given, begin) for given in outage),
    ]
    end = begin + timedelta(days=days)
    facts = {"campaign_id": campaign_id, "published": published, "cast": cast}
    facts |= {"start": begin, "until": end, "script": script}
    transcript = simulate(read_simulation(facts))
    if as_json:
        print_json(transcript.as_dict())
    else:
        tell(transcript)


def cast_of(campaign_id: int, count: int, zones: Sequence[str]) -> list[dict[str, Any]]:
    people = sample(campaign_id, count) if count else []
    made = [
        {"key": f"m{number}", "first_name": f"Made up {number}", "timezone": zone}
        for number, zone in enumerate(zones, 1)
    ]
    if not people and not made:
        mend = "Add --made-up ZONE, such as --made-up Europe/Paris."
        raise BadInput("--contacts", "found nobody in the sources", value=count, mend=mend)
    return [*(person.model_dump(exclude_defaults=True) for person in people), *made]


# -- options -----------------------------------------------------------------


def parts_of(option: str, given: str, form: str) -> list[str]:
    count = form.count(":")
    parts = given.split(":", count)
    if len(parts) != count + 1 or not all(part.strip() for part in parts):
        raise BadInput(option, "cannot be read", value=given, mend=f"Write it as {form}.")
    return parts


def delay_of(option: str, text: str) -> timedelta:
    found = DELAY.fullmatch(text.strip())
    if found is None:
        raise BadInput(option, "is no delay", value=text, mend="Use 30m, 2h, 3d or 1w.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def who_is(option: str, text: str, keys: Sequence[str]) -> str:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= len(keys)):
        mend = f"The contacts are 1 to {len(keys)}."
        raise BadInput(option, "is none of the contacts", value=text, mend=mend)
    return keys[int(text) - 1]


def done(option: str, do: str, given: str, keys: Sequence[str], begin: datetime) -> Doing:
    who, delay = parts_of(option, given, "CONTACT:DELAY")
    at = begin + delay_of(option, delay)
    return {"do": do, "who": who_is(option, who, keys), "at": at}


def answered(given: str, keys: Sequence[str], begin: datetime) -> Doing:
    who, delay, text = parts_of("--answer", given, "CONTACT:DELAY:TEXT")
    return done("--answer", "answer", f"{who}:{delay}", keys, begin) | {"text": text}


def failed(given: str, keys: Sequence[str], begin: datetime) -> Doing:
    who, delay, kind = parts_of("--fail", given, "CONTACT:DELAY:KIND")
    doing = done("--fail", "fail", f"{who}:{delay}", keys, begin)
    if kind == UNDELIVERED:
        return doing | {"how": UNDELIVERED, "kind": FailureKind.UNREACHABLE}
    kinds = [one.value for one in FailureKind if one is not FailureKind.UNKNOWN_OUTCOME]
    if kind not in kinds:
        mend = f"Use {UNDELIVERED}, {', '.join(kinds)}."
        raise BadInput("--fail", "is no kind of failure", value=kind, mend=mend)
    return doing | {"kind": kind}


def out(given: str, begin: datetime) -> Doing:
    delay, length = parts_of("--outage", given, "DELAY:LENGTH")
    at = begin + delay_of("--outage", delay)
    return {"do": "outage", "at": at, "until": at + delay_of("--outage", length)}


# -- telling -----------------------------------------------------------------


def tell(transcript: Transcript) -> None:
    what = "the draft" if transcript.version is None else f"version {transcript.version}"
    start, now = f"{transcript.start:%Y-%m-%d %H:%M}", f"{transcript.now:%Y-%m-%d %H:%M}"
    click.echo(f"{transcript.campaign}, {what}, from {start} to {now} UTC")
    for number, way in enumerate(transcript.ways, 1):
        tell_way(number, way)
    click.echo("")
    rows = [stage.as_dict() for stage in transcript.events]
    print_table(rows, ("key", "name", "type", "waiting", "done", "failed"), empty="No event.")
    if transcript.stopped:
        click.echo(transcript.stopped, err=True)


def tell_way(number: int, way: Way) -> None:
    click.echo("")
    click.echo(f"{number}. {way.title}, {way.mobile or 'no number'}, {way.zone.key}")
    for entry in way.entries:
        click.echo(f"   {entry.at.astimezone(way.zone):%a %Y-%m-%d %H:%M}  {told(entry, way)}")
    if way.passage is None:
        click.echo("   It never came in.")
        return
    for place in way.passage.places:
        following = f" Then: {', '.join(place.next)}." if place.next else ""
        click.echo(f"   Stands at {place.event!r}. {place.why}{following}")
    if not way.passage.places:
        click.echo(f"   {way.passage.why}")


def told(entry: Entry, way: Way) -> str:
    """One thing that happened, in a line."""
    until = f" until {Moment(entry.until, way.zone)}" if entry.until else ""
    words = f" {NOT_DONE.get(entry.reason, '{}').format(entry.words)}" if entry.words else ""
    kind = entry.reason.replace("_", " ")
    parts = f"{entry.parts} part{'s' if entry.parts > 1 else ''}, {entry.encoding}"
    path = f", by {entry.path_label!r}" if entry.path_label else ""
    lines = {
        "joined": "comes in",
        "step": f"{entry.title!r} {entry.status}{path}.{words}",
        "ended": f"is out of it: {entry.status}",
        "text": f"« {entry.text} » ({parts})",
        "staff": f"would text staff at{words}: « {entry.text} » ({parts})",
        "refused": f"text {entry.status}{until}.{words}",
        "held": f"text held{until}: {entry.status}",
        "report": f"text {entry.status}.{words}",
        "reply": f"answers « {entry.text} »{f' ({entry.status})' if entry.status else ''}",
        "click": f"opens {entry.text}",
        "no_link": "has no link to open",
        "fail": f"texts fail from now on{until}: {entry.status}, {kind}",
        "heal": "texts do not fail any more",
    }
    return lines[entry.kind]
