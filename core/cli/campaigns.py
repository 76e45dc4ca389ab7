"""`heliograph campaigns`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import click

from heliograph.broadcasts.run import other_scopes
from heliograph.campaigns.bounds import Bounds
from heliograph.campaigns.engine import (
    ALL_PHASES,
    INACTIVE,
    KICKOFF,
    OUTSIDE,
    SCHEDULED,
    Engine,
    Scope,
    Tally,
)
from heliograph.campaigns.keeping import keep_placeholders_of
from heliograph.campaigns.library import (
    check_draft,
    get_campaign,
    list_campaigns,
    publish,
    unpublish,
)
from heliograph.campaigns.membership import count_members, rebuild
from heliograph.campaigns.models import Campaign
from heliograph.campaigns.stages import count_stages
from heliograph.campaigns.unclear import settle, unclear_texts
from heliograph.campaigns.work import due_contacts
from heliograph.cli.context import in_app
from heliograph.cli.ids import ID
from heliograph.cli.output import json_option, print_facts, print_json, print_table
from heliograph.cli.simulate import simulate_one
from heliograph.cli.unclear import settle_or_show, way_option
from heliograph.db import db, utcnow
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.errors import BadInput, Conflict, HeliographError
from heliograph.installation import running_app
from heliograph.segments import find_segment, refresh_segment

OPTIONS = (
    click.option("--campaign-id", "-i", type=ID, help="Only this campaign"),
    click.option("--contact-id", type=ID, help="Only this contact"),
    click.option("--contact-ids", metavar="ID,ID", help="Only these contacts"),
    click.option("--min-contact-id", type=ID, help="Only contacts from this id on"),
    click.option("--max-contact-id", type=ID, help="Only contacts up to this id"),
    click.option("--thread-id", type=click.IntRange(min=1), help="Which share, from 1 on"),
    click.option("--max-threads", type=click.IntRange(min=1), help="How many shares there are"),
    click.option("--exclude", "-d", type=ID, multiple=True, help="Not this campaign; repeatable"),
)


def contact_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which campaigns and which contacts, as Mautic's commands ask for them."""
    return reduce(lambda made, option: option(made), reversed(OPTIONS), command)


@click.group()
def campaigns() -> None:
    """Campaigns: canvases that contacts pass through."""


def described(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "published": campaign.published,
        "running": campaign.is_open(utcnow()),
        "publish_up": campaign.publish_up,
        "publish_down": campaign.publish_down,
        "members": count_members(campaign.id),
    }


@campaigns.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show all campaigns."""
    rows = [described(campaign) for campaign in list_campaigns()]
    if as_json:
        print_json(rows)
        return
    print_table(rows, ("id", "name", "running", "members"), empty="None yet. Draw one on its page.")


@campaigns.command()
@click.argument("campaign_id", type=ID, metavar="ID")
@json_option
@in_app
def show(campaign_id: int, as_json: bool) -> None:
    """Show campaign ID, how many contacts stand at each event, and what is wrong with it."""
    campaign = get_campaign(campaign_id)
    stages = [stage.as_dict() for stage in count_stages(campaign_id)]
    findings = [finding.as_dict() for finding in check_draft(campaign_id)]
    if as_json:
        print_json(described(campaign) | {"events": stages, "findings": findings})
        return
    print_facts(described(campaign))
    columns = ("key", "name", "type", "waiting", "done", "failed", "skipped")
    print_table(stages, columns, empty="Nothing was published yet.")
    for stage in stages:
        if stage["why"]:
            click.echo(f"{stage['key']}: {stage['why']}")
    for finding in findings:
        click.echo(f"{finding['level']}: {finding['words']} {finding['mend']}", err=True)


@campaigns.command(name="rebuild")
@contact_options
@click.option("--batch-limit", "-l", type=click.IntRange(1, 100_000), help="Contacts at a time")
@click.option("--max-contacts", "-m", type=click.IntRange(min=0), help="Let at most so many join")
@json_option
@in_app
def rebuild_all(
    campaign_id: int | None,
    contact_id: int | None,
    contact_ids: str | None,
    min_contact_id: int | None,
    max_contact_id: int | None,
    thread_id: int | None,
    max_threads: int | None,
    exclude: tuple[int, ...],
    batch_limit: int | None,
    max_contacts: int | None,
    as_json: bool,
) -> None:
    """Let members of the source segments join, and leave, of all that runs."""
    bounds = bounds_of(
        contact_id, contact_ids, min_contact_id, max_contact_id, thread_id, max_threads
    )
    rows, failed = [], False
    for campaign in chosen(campaign_id, exclude):
        failed |= not refresh_sources(campaign)
        more: dict[str, Any] = {"size": batch_limit} if batch_limit else {}
        done = rebuild(campaign.id, bounds, limit=max_contacts or None, **more)
        rows.append(
            {"id": campaign.id, "name": campaign.name, "joined": done.joined}
            | {"came_back": done.restarted, "left": done.left}
        )
    if as_json:
        print_json(rows)
    else:
        columns = ("id", "name", "joined", "came_back", "left")
        print_table(rows, columns, empty="No campaign runs.")
    if failed:
        raise SystemExit(1)


def refresh_sources(campaign: Campaign) -> bool:
    """Bring its filtered segments up to date; False when one cannot be."""
    sound = True
    for segment_id in campaign.draft.get("sources", []):
        try:
            segment = find_segment(segment_id)
            if segment.filters:
                refresh_segment(segment.id)
        except HeliographError as error:
            click.echo(f"Error: {error.message}", err=True)
            sound = False
    return sound


@campaigns.command()
@contact_options
@click.option("--kickoff-only", is_flag=True, help="Only begin with new members")
@click.option("--scheduled-only", is_flag=True, help="Only events whose time has come")
@click.option("--inactive-only", is_flag=True, help="Only decisions whose wait is over")
@click.option("--batch-limit", "-l", type=click.IntRange(1, 5000), help="Contacts at a time")
@click.option(
    "--campaign-limit", type=click.IntRange(min=1), help="At most so many contacts of each campaign"
)
@json_option
@in_app
def trigger(
    campaign_id: int | None,
    contact_id: int | None,
    contact_ids: str | None,
    min_contact_id: int | None,
    max_contact_id: int | None,
    thread_id: int | None,
    max_threads: int | None,
    exclude: tuple[int, ...],
    kickoff_only: bool,
    scheduled_only: bool,
    inactive_only: bool,
    batch_limit: int | None,
    campaign_limit: int | None,
    as_json: bool,
) -> None:
    """Take members through all that is due, and send what is queued, until nothing is.

    Safe to run many times and in parallel: no step is taken twice.
    """
    running = chosen(campaign_id, exclude)
    bounds = bounds_of(
        contact_id, contact_ids, min_contact_id, max_contact_id, thread_id, max_threads
    )
    phases = phases_of(
        kickoff_only=kickoff_only, scheduled_only=scheduled_only, inactive_only=inactive_only
    )
    more: dict[str, Any] = {"batch": batch_limit} if batch_limit else {}
    scope = Scope(campaign_id, exclude, bounds, phases, **more)
    tally = Tally()
    for one in limited(scope, running, campaign_limit) if campaign_limit else [scope]:
        tally = tally.plus(run_to_the_end(Engine(one)))
    if as_json:
        print_json(
            {"begun": tally.begun, "steps": tally.steps, "timed_out": tally.timed_out}
            | {"reactions": tally.reactions, "parked": tally.parked}
        )
        return
    click.echo(f"{tally}.")
    for event_id, why in tally.parked.items():
        click.echo(f"Contacts wait at event {event_id}: {why}", err=True)


def limited(scope: Scope, running: Sequence[Campaign], limit: int) -> Iterator[Scope]:
    """*scope* for each campaign, and of the contacts that are due there the first alone."""
    for campaign_id in [one.id for one in running]:
        few = due_contacts(campaign_id, scope.bounds, limit)
        yield replace(scope, only=campaign_id, bounds=replace(scope.bounds, contact_ids=few))


def run_to_the_end(engine: Engine) -> Tally:
    """Run, send, and run again, as what is sent leads on."""
    tally = engine.run()
    if not other_scopes():
        return tally
    loop = DeliveryLoop(running_app())
    try:
        while True:
            before = tally.total
            scopes = other_scopes()
            db.session.rollback()
            sent = sum(loop.send(scope).result().handed_over for scope in scopes)
            tally = engine.run()
            if not sent and tally.total == before:
                return tally
    finally:
        loop.stop()


def phases_of(*, kickoff_only: bool, scheduled_only: bool, inactive_only: bool) -> frozenset[str]:
    if kickoff_only + scheduled_only + inactive_only > 1:
        raise click.UsageError("give one of --kickoff-only, --scheduled-only, --inactive-only")
    if kickoff_only:
        return frozenset({KICKOFF})
    if scheduled_only:
        return frozenset({SCHEDULED, OUTSIDE})
    return frozenset({INACTIVE}) if inactive_only else ALL_PHASES


def bounds_of(
    contact_id: int | None,
    contact_ids: str | None,
    low: int | None,
    high: int | None,
    thread: int | None,
    threads: int | None,
) -> Bounds:
    if (thread is None) != (threads is None) or (thread or 0) > (threads or 0):
        raise click.UsageError("--thread-id and --max-threads go together: 1 of 4, up to 4 of 4")
    ids = None if contact_ids is None else parsed_ids(contact_ids)
    if contact_id is not None:
        ids = [contact_id, *(ids or [])]
    return Bounds(ids, low, high, thread, threads)


def parsed_ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdecimal() and len(part) < 19):
            raise BadInput("--contact-ids", "is no id", value=part, mend="Use ids such as 3,7,9.")
    return [int(part) for part in parts]


def chosen(campaign_id: int | None, excluded: tuple[int, ...]) -> list[Campaign]:
    """The campaigns that run, or the one; raises Conflict when that one does not."""
    now = utcnow()
    if campaign_id is None:
        found = [one for one in list_campaigns() if one.is_open(now)]
        return [one for one in found if one.id not in excluded]
    campaign = get_campaign(campaign_id)
    if not campaign.is_open(now):
        raise Conflict(
            f"Campaign {campaign_id} does not run now: publish it, or look at its dates."
        )
    return [campaign]


@campaigns.command(name="publish")
@click.argument("campaign_id", type=ID, metavar="ID")
@click.option(
    "--keep-placeholders",
    is_flag=True,
    help="Send what other tools would fill in its own texts, such as [firstname], as it stands",
)
@in_app
def publish_one(campaign_id: int, keep_placeholders: bool) -> None:
    """Let members go through campaign ID as it is drawn now."""
    if keep_placeholders:
        keep_placeholders_of(campaign_id)
    version = publish(campaign_id, user="command line")
    click.echo(f"Campaign {campaign_id} is published, version {version.number}.")


@campaigns.command(name="unpublish")
@click.argument("campaign_id", type=ID, metavar="ID")
@in_app
def unpublish_one(campaign_id: int) -> None:
    """Hold campaign ID: members stay where they stand."""
    unpublish(campaign_id)
    click.echo(f"Campaign {campaign_id} is held.")


@campaigns.command(name="settle")
@click.argument("campaign_id", type=ID, metavar="ID")
@way_option
@json_option
@in_app
def settle_unclear(campaign_id: int, way: str | None, as_json: bool) -> None:
    """Show texts of campaign ID whose outcome nobody can tell, or settle them.

    `sent` counts them as sent, `failed` as failed, `resend` queues them again:
    then somebody may get the text twice. Their contacts go on.
    """
    get_campaign(campaign_id)
    settle_or_show(campaign_id, way, settle=settle, texts=unclear_texts, as_json=as_json)


campaigns.add_command(simulate_one)
