"""`heliograph broadcasts`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from heliograph.broadcasts.counts import SKIP_REASONS, count_broadcast
from heliograph.broadcasts.lifecycle import cancel, get_broadcast, list_broadcasts, pause, resume
from heliograph.broadcasts.models import FAILED, PAUSED, Broadcast
from heliograph.broadcasts.progress import progress_of
from heliograph.broadcasts.resend import resend_failed
from heliograph.broadcasts.run import Options, RunReport, send_due
from heliograph.broadcasts.settle import settle, unclear_texts
from heliograph.cli.context import in_app
from heliograph.cli.ids import ID
from heliograph.cli.output import json_option, print_facts, print_json, print_table, shown
from heliograph.cli.unclear import settle_or_show, way_option
from heliograph.deliveries.courier import Tally
from heliograph.deliveries.loop import DeliveryLoop
from heliograph.installation import running_app
from heliograph.links.counts import LinkCount, link_counts


@click.group()
def broadcasts() -> None:
    """Broadcasts: one text message to whole segments."""


def described(broadcast: Broadcast) -> dict[str, Any]:
    counts = count_broadcast(broadcast.id)
    progress = progress_of(broadcast, counts.open)
    speed, held, waiting = progress.speed, progress.held, progress.waiting
    obstacle = progress.obstacle
    return {
        "id": broadcast.id,
        "message": broadcast.message.name,
        "status": broadcast.status,
        "reason": broadcast.reason,
        "provider": broadcast.provider,
        "sender": broadcast.sender,
        "recipients": counts.recipients,
        "open": counts.open,
        "counts": counts.by_status,
        "skipped": counts.skipped,
        "failed": counts.failed,
        "parts": counts.parts,
        "links": [described_link(link) for link in link_counts(broadcast.id)],
        "per_second": round(speed.per_second, 1),
        "in_flight": speed.in_flight,
        "unanswered": speed.unanswered,
        "seconds_left": round(speed.seconds_left) if speed.seconds_left else None,
        "obstacle": obstacle.words if obstacle else "",
        "obstacle_kind": obstacle.kind if obstacle else "",
        "obstacle_until": obstacle.until if obstacle else None,
        "held_sender": held.sender if held else None,
        "held_until": held.held_until if held else None,
        "held_reason": held.held_reason if held else "",
        "oldest_waiting": asdict(waiting) if waiting else None,
        "publish_up": broadcast.message.publish_up,
        "started_at": broadcast.started_at,
        "finished_at": broadcast.finished_at,
    }


def described_link(link: LinkCount) -> dict[str, Any]:
    return {
        "url": link.url,
        "clicks": link.clicks,
        "contacts": link.contacts,
        "machines": link.machines,
    }


@broadcasts.command()
@click.option("--id", "broadcast_id", type=ID, help="Only this one (the id of its message)")
@click.option("--limit", type=click.IntRange(min=1), help="Send at most so many texts")
@click.option(
    "--batch",
    type=click.IntRange(1, 1000),
    help="Texts claimed at a time; as many as the pace needs when left out",
)
@click.option("--min-contact-id", type=ID, help="Only contacts from this id on")
@click.option("--max-contact-id", type=ID, help="Only contacts up to this id")
@click.option("--thread-id", type=click.IntRange(min=1), help="Which share, from 1 on")
@click.option("--max-threads", type=click.IntRange(min=1), help="How many shares there are")
@json_option
@in_app
def send(
    broadcast_id: int | None,
    limit: int | None,
    batch: int | None,
    min_contact_id: int | None,
    max_contact_id: int | None,
    thread_id: int | None,
    max_threads: int | None,
    as_json: bool,
) -> None:
    """Plan what is due and send until nothing is due.

    Safe to run many times and in parallel: each contact gets a text at most once.
    """
    if (thread_id is None) != (max_threads is None) or (thread_id or 0) > (max_threads or 0):
        raise click.UsageError("--thread-id and --max-threads go together: 1 of 4, up to 4 of 4")
    options = Options(
        broadcast_id, limit, batch, min_contact_id, max_contact_id, thread_id, max_threads
    )
    loop = DeliveryLoop(running_app())
    try:
        with Bars(hidden=as_json) as bars:
            reports = send_due(loop, options, bars.show)
    finally:
        loop.stop()
    if as_json:
        print_json([described(get_broadcast(item.broadcast_id)) for item in reports])
    else:
        print_reports(reports)
    if any(report.status in (PAUSED, FAILED) for report in reports):
        raise SystemExit(1)


class Bars:
    """A progress bar per broadcast, on stderr."""

    def __init__(self, *, hidden: bool) -> None:
        self._progress = Progress(
            TextColumn("Broadcast {task.fields[number]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=hidden,
        )
        self._tasks: dict[int, Any] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def show(self, number: int, tally: Tally) -> None:
        if number not in self._tasks:
            self._tasks[number] = self._progress.add_task("", number=number, total=None)
        self._progress.update(self._tasks[number], completed=tally.handed_over)


def print_reports(reports: list[RunReport]) -> None:
    if not reports:
        click.echo("Nothing is due.")
    for report in reports:
        tally = report.tally
        click.echo(
            f"Broadcast {report.broadcast_id}: {report.queued} planned now, "
            f"{tally.accepted} accepted, {tally.failed} failed, {tally.skipped} skipped at "
            f"sending; {report.status}. {report.reason}".rstrip()
        )
        for reason, count in count_broadcast(report.broadcast_id).skipped.items():
            click.echo(f"  {count} left out: {SKIP_REASONS.get(reason, reason)}")


@broadcasts.command(name="list")
@json_option
@in_app
def list_all(as_json: bool) -> None:
    """Show all broadcasts."""
    rows = [described(broadcast) for broadcast in list_broadcasts()]
    if as_json:
        print_json(rows)
        return
    columns = ("id", "message", "status", "recipients", "open", "reason")
    print_table(rows, columns, empty="None yet. Run: heliograph messages create --segment NAME ...")


@broadcasts.command()
@click.argument("broadcast_id", type=ID, metavar="ID")
@json_option
@in_app
def show(broadcast_id: int, as_json: bool) -> None:
    """Show broadcast ID: counts by status and by skip reason, speed, and what it waits for."""
    facts = described(get_broadcast(broadcast_id))
    if as_json:
        print_json(facts)
        return
    reasons = {SKIP_REASONS.get(key, key): count for key, count in facts["skipped"].items()}
    waiting = facts["oldest_waiting"]
    if waiting:
        waiting = f"text {waiting['delivery_id']} since {shown(waiting['since'])}. {waiting['why']}"
    del facts["obstacle_kind"]
    clicked = {link["url"]: f"({link['clicks']} by {link['contacts']})" for link in facts["links"]}
    changed = {"skipped": reasons, "oldest_waiting": waiting, "links": clicked}
    print_facts(facts | changed)


@broadcasts.command(name="pause")
@click.argument("broadcast_id", type=ID, metavar="ID")
@in_app
def pause_one(broadcast_id: int) -> None:
    """Hold broadcast ID: what is not yet with the provider waits."""
    pause(broadcast_id)
    click.echo(f"Broadcast {broadcast_id} is paused.")


@broadcasts.command(name="resume")
@click.argument("broadcast_id", type=ID, metavar="ID")
@in_app
def resume_one(broadcast_id: int) -> None:
    """Let broadcast ID go on."""
    broadcast = resume(broadcast_id)
    click.echo(f"Broadcast {broadcast_id} is {broadcast.status}.")


@broadcasts.command()
@click.argument("broadcast_id", type=ID, metavar="ID")
@click.option("--kind", "kinds", multiple=True, required=True, help="Kind of failure; repeatable")
@in_app
def resend(broadcast_id: int, kinds: tuple[str, ...]) -> None:
    """Queue the texts of broadcast ID that failed in this way again.

    The kinds stand in `broadcasts show`. Whoever opted out, or got the text, is left out.
    """
    count = resend_failed(broadcast_id, kinds)
    click.echo(f"{count} texts of broadcast {broadcast_id} are sent again.")


@broadcasts.command(name="cancel")
@click.argument("broadcast_id", type=ID, metavar="ID")
@in_app
def cancel_one(broadcast_id: int) -> None:
    """End broadcast ID for good: what is still queued is never sent."""
    cancel(broadcast_id)
    click.echo(f"Broadcast {broadcast_id} is cancelled.")


@broadcasts.command(name="settle")
@click.argument("broadcast_id", type=ID, metavar="ID")
@way_option
@json_option
@in_app
def settle_unclear(broadcast_id: int, way: str | None, as_json: bool) -> None:
    """Show texts of broadcast ID whose outcome nobody can tell, or settle them.

    `sent` counts them as sent, `failed` as failed, `resend` queues them again:
    then somebody may get the text twice.
    """
    get_broadcast(broadcast_id)
    settle_or_show(broadcast_id, way, settle=settle, texts=unclear_texts, as_json=as_json)
