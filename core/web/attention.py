"""What needs a person: the dashboard's list of things that do not run as they should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from heliograph.broadcasts.models import FAILED, PAUSED, Broadcast
from heliograph.broadcasts.progress import stalled_broadcasts
from heliograph.channel import Opt
from heliograph.db import db, utcnow
from heliograph.deliveries.models import Sender
from heliograph.deliveries.obstacles import HELD, Obstacle
from heliograph.errors import HeliographError
from heliograph.host import current_host
from heliograph.imports.models import FAILED as IMPORT_FAILED
from heliograph.imports.models import Import
from heliograph.jobs.models import JobRun
from heliograph.providers import default_provider, open_provider
from heliograph.replies.models import Reply
from heliograph.replies.reading import unread_senders
from heliograph.web.sentence_words import kept
from heliograph.web.words import obstacle_words

LATELY = timedelta(days=7)
SHOWN = 8
UNREAD = _l("wrote to you, and is no phone number: no contact can be found by it.")
UNREAD_STOP = _l("opted out, and is no phone number: put the contact on do-not-contact by hand.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """`kind` is provider, plugin, sender, broadcast, job, import or reply; `key` says which."""

    kind: str
    key: str
    title: str
    text: str


def troubles() -> list[Trouble]:
    """All there is now, the gravest first."""
    return [
        *provider_trouble(),
        *unread_replies(),
        *held_senders(),
        *stalled(),
        *paused_broadcasts(),
        *failed_jobs(),
        *broken_plugins(),
        *failed_imports(),
    ]


def provider_trouble() -> list[Trouble]:
    try:
        name = default_provider()
    except HeliographError as error:
        return [Trouble("provider", "", "No provider", error.message.partition(" Run: ")[0])]
    try:
        open_provider(name)
    except HeliographError as error:
        return [Trouble("provider", name, name, error.message.partition(" Run: ")[0])]
    return []


def held_senders() -> list[Trouble]:
    held = select(Sender).where(Sender.held_until > utcnow()).limit(SHOWN)
    return [
        Trouble(
            "sender",
            one.provider,
            one.sender,
            obstacle_words(Obstacle(HELD, one.held_reason, one.held_until, one.sender)),
        )
        for one in db.session.scalars(held)
    ]


def stalled() -> list[Trouble]:
    """Broadcasts that should go on, and do not until somebody does something."""
    return [
        Trouble("broadcast", str(one.id), one.message.name, obstacle_words(obstacle))
        for one, obstacle in stalled_broadcasts()
        if obstacle.needs_a_person
    ][:SHOWN]


def paused_broadcasts() -> list[Trouble]:
    stopped = (
        select(Broadcast)
        .where(Broadcast.status.in_((PAUSED, FAILED)))
        .order_by(Broadcast.id.desc())
        .limit(SHOWN)
    )
    return [
        Trouble("broadcast", str(one.id), one.message.name, kept(one.reason.partition(" Run: ")[0]))
        for one in db.session.scalars(stopped)
    ]


def unread_replies() -> list[Trouble]:
    return [
        Trouble("reply", str(one.id), one.sender, reply_words(one))
        for one in db.session.scalars(unread_senders().limit(SHOWN))
    ]


def reply_words(reply: Reply) -> str:
    words = UNREAD_STOP if reply.opt == Opt.OUT.value else UNREAD
    return str(words)


def failed_jobs() -> list[Trouble]:
    failed = select(JobRun).where(JobRun.error != "").limit(SHOWN)
    return [
        Trouble("job", run.key, run.key, run.error.strip().splitlines()[-1])
        for run in db.session.scalars(failed)
    ]


def broken_plugins() -> list[Trouble]:
    broken = [info for info in current_host().all() if info.fault]
    return [Trouble("plugin", info.name, info.name, info.reason) for info in broken]


def failed_imports() -> list[Trouble]:
    failed = (
        select(Import)
        .where(Import.status == IMPORT_FAILED, Import.created_at > utcnow() - LATELY)
        .order_by(Import.id.desc())
        .limit(SHOWN)
    )
    return [
        Trouble("import", str(one.id), one.filename, one.error)
        for one in db.session.scalars(failed)
    ]
