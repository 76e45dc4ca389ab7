"""Claiming: a few queued texts become *sending*, written down before any call.

One short transaction picks, locks, checks, renders and marks. Who holds the
claim may call the provider until the lease ends; nobody else will.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from heliograph.broadcasts.models import RUNNING, Broadcast
from heliograph.channel import OutgoingText
from heliograph.contacts.models import NUMBER_INVALID, Contact
from heliograph.db import database_now, db, dialect_name, table_of, transaction, utcnow
from heliograph.deliveries.calls import ClaimedText
from heliograph.deliveries.campaign_texts import CampaignTexts
from heliograph.deliveries.marking import Sorted, mark
from heliograph.deliveries.models import QUEUED, SENDING, Delivery, Sender, belongs_to
from heliograph.deliveries.pace import HORIZON, find_sender, parts_free, take_slots
from heliograph.deliveries.rendering import Renderer, Unrenderable
from heliograph.deliveries.rules import (
    LISTED,
    FrequencyCap,
    parse_frequency_cap,
    parse_quiet_hours,
)
from heliograph.deliveries.vetoes import ASK_AGAIN, WAITS, vetoes
from heliograph.dnc import blocked
from heliograph.host import current_host
from heliograph.host.state import states
from heliograph.installation import callback_url, current_settings
from heliograph.lookups import one_of, read_rows
from heliograph.messages.filtering import FilterFailed
from heliograph.messages.models import TextMessage
from heliograph.messages.values import zone_of
from heliograph.references import installation
from heliograph.sentences import Sentence
from heliograph.text_filters import Words

LEASE = 120.0  # seconds
QUIET = ("broadcast", "campaign")
OPENINGS = 3  # clocks are the same each day: what is quiet at these is so at all others


CLAIMED = ("id", "number", "provider", "sender", "recipient_id", "contact_id", "text", "attempts")
OF_NO_BROADCAST = ("source", "source_id", "campaign_id", "message_id", "created_at")
CONTACT = ("id", "mobile", "number_status", "timezone")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which queued texts a run may claim. `broadcast_id` None: all others' texts.

    `thread` counts from 1 to `threads`; bounds of contact ids are inclusive.
    `version` is the provider's config the run was opened with: a change ends it.
    """

    provider: str
    sender: str = ""
    rate: float = 0
    broadcast_id: int | None = None
    min_contact_id: int | None = None
    max_contact_id: int | None = None
    thread: int | None = None
    threads: int | None = None
    version: datetime | None = None

    @property
    def urgent(self) -> bool:
        """Tests and campaign texts: somebody waits for them, so they go before bulk."""
        return self.broadcast_id is None

    @property
    def horizon(self) -> float:
        """Seconds of the sender's pace that may be claimed ahead; bulk leaves room."""
        return 2 * HORIZON if self.urgent else HORIZON


@dataclass(slots=True)
class Claims:
    """What one claim brought. `open` is False when nothing may be sent."""

    texts: list[ClaimedText] = field(default_factory=list)
    skipped: int = 0
    postponed: int = 0
    open: bool = True
    wait: float | None = None


def claim_texts(scope: Scope, limit: int) -> Claims:
    """Claim at most *limit* texts of *scope*."""
    with transaction() as session:
        if not is_open(scope):
            return Claims(open=False)
        sender = find_sender(session, scope.provider, scope.sender, lock=bool(scope.rate))
        # all times after the waiting, and ours before the one that the lease is written in
        now, begun = utcnow(), time.monotonic()
        leased = database_now()
        if sender.held_until and sender.held_until > now:
            return Claims(wait=(sender.held_until - now).total_seconds())
        free = parts_free(sender, scope.rate, now, ahead=scope.horizon)
        if free == 0:
            return Claims(wait=0.25)
        rows = pick(session, scope, limit if free is None else min(limit, free), now)
        sorted_out = Sorter(now, scope).sort(rows)
        waits = take_slots(sender, scope.rate, [row["parts"] for row in sorted_out.go], now)
        mark(sorted_out, now, leased + timedelta(seconds=LEASE))
    texts = [
        ClaimedText(
            row["id"],
            row["outgoing"],
            sorted_out.claim,
            begun + wait,
            begun + LEASE,
            begun,
            row["attempts"],
        )
        for row, wait in zip(sorted_out.go, waits, strict=True)
    ]
    return Claims(texts, len(sorted_out.skip), len(sorted_out.later))


def is_open(scope: Scope) -> bool:
    """The broadcast runs, and its provider is enabled and configured as when it began."""
    if scope.broadcast_id is not None:
        status = select(Broadcast.status).where(Broadcast.id == scope.broadcast_id)
        if db.session.scalar(status) != RUNNING:
            return False
    if not current_host().is_enabled(scope.provider):
        return False
    return scope.version is None or states()[scope.provider].updated_at == scope.version


def pick(session: Session, scope: Scope, limit: int, now: datetime) -> Sequence[Any]:
    """Lock the next queued rows; rows that another process holds are passed over.

    First those that wait for nothing, then those whose time has come: each is
    read off the index in order, so that a claim costs the same at any size.
    """
    fresh = ready_rows(scope).where(Delivery.not_before.is_(None))
    rows = read_rows(fresh.order_by(Delivery.broadcast_id, Delivery.id).limit(limit))
    if len(rows) == limit:
        return rows
    due = ready_rows(scope).where(Delivery.not_before.is_not(None), Delivery.not_before <= now)
    later = due.order_by(Delivery.not_before).limit(limit - len(rows))
    return [*rows, *read_rows(later)]


def ready_rows(scope: Scope) -> Select[Any]:
    """The columns that a claim needs, of queued rows of *scope*; locked where possible."""
    columns = table_of(Delivery).c
    wanted = CLAIMED if scope.broadcast_id is not None else (*CLAIMED, *OF_NO_BROADCAST)
    query = select(*(columns[name] for name in wanted)).where(
        columns.status == QUEUED, *bounds(scope)
    )
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)
    return query


def bounds(scope: Scope) -> list[ColumnElement[bool]]:
    """SQL: which deliveries belong to *scope*."""
    own, given = Delivery.broadcast_id, scope.broadcast_id
    # a range: with one value PostgreSQL reads a large broadcast by id, from the first text on
    return [own == given if given is None else own.between(given, given), *parts_of(scope)]


def parts_of(scope: Scope) -> list[ColumnElement[bool]]:
    """SQL: which deliveries of its broadcast, or of none."""
    found: list[ColumnElement[bool]] = [Delivery.provider == scope.provider]
    if scope.min_contact_id is not None:
        found.append(Delivery.recipient_id >= scope.min_contact_id)
    if scope.max_contact_id is not None:
        found.append(Delivery.recipient_id <= scope.max_contact_id)
    if scope.threads:
        slot = (scope.thread or 1) % scope.threads
        found.append(Delivery.recipient_id % scope.threads == slot)
    return found


def seconds_until_due(scope: Scope) -> float | None:
    """Until something of *scope* may be claimed; None when nothing is queued."""
    now = utcnow()
    queued = select(Delivery.not_before).where(Delivery.status == QUEUED, *bounds(scope))
    fresh = queued.where(Delivery.not_before.is_(None)).order_by(Delivery.id).limit(1)
    due = now
    if db.session.execute(fresh).first() is None:
        later = queued.where(Delivery.not_before.is_not(None)).order_by(Delivery.not_before)
        first = db.session.scalar(later.limit(1))
        if first is None:
            return None
        due = first
    held = db.session.scalar(
        select(Sender.held_until).where(
            Sender.provider == scope.provider, Sender.sender == scope.sender
        )
    )
    moment = max(due, held) if held is not None else due
    return max(0.0, (moment - now).total_seconds())


def in_flight(scope: Scope) -> bool:
    """Whether any process has handed over, or is about to, a text of *scope*."""
    own = (belongs_to(scope.broadcast_id), *parts_of(scope))
    query = select(Delivery.id).where(Delivery.status == SENDING, *own).limit(1)
    return db.session.scalar(query) is not None


class Sorter:
    """Decides for each picked row: go, skip for good, or later."""

    def __init__(self, now: datetime, scope: Scope) -> None:
        settings = current_settings()
        self._now = now
        self._zone = ZoneInfo(settings.timezone)
        self._cap: FrequencyCap | None = None
        self._of_broadcast = scope.broadcast_id is not None
        if scope.broadcast_id is not None:
            self._cap = parse_frequency_cap(settings.frequency_cap)
        self._quiet = parse_quiet_hours(settings.quiet_hours)
        self._broadcast_id = scope.broadcast_id
        self._callback = callback_url(scope.provider, "")
        self._code = installation().code
        self._claim = secrets.token_hex(8)

    def sort(self, rows: Sequence[Any]) -> Sorted:
        result = Sorted(self._claim)
        if not rows:
            return result
        self._renderer = renderer_of(self._broadcast_id, self._zone)
        numbers = {row.number for row in rows}
        out = blocked(numbers)
        full = self._cap.full(numbers, self._now) if self._cap else set()
        campaigns = None if self._of_broadcast else CampaignTexts(rows, self._zone, self._now)
        tokens = {*self._renderer.columns, *(campaigns.columns if campaigns else ())}
        contacts = load_contacts(rows, tokens)
        for row in rows:
            contact = contacts.get(row.contact_id or 0)
            skip = campaigns.skip_reason(row) if campaigns else None
            skip = skip or self._skip_reason(row, contact, out, full)
            if skip:
                result.skip.append({"id": row.id, "reason": skip[0], "detail": skip[1]})
                continue
            later = self._later(row, contact, campaigns)
            if later:
                waits = {"not_before": later[1], "reason": later[0], "detail": None}
                result.later.append({"id": row.id} | waits)
                continue
            renderer = campaigns.renderer(row) if campaigns else None
            self._render(row, contact, renderer or self._renderer, result)
        self._hold_back(result)
        return result

    def _skip_reason(
        self, row: Any, contact: Any, out: set[str], full: set[str]
    ) -> tuple[str, str] | None:
        if row.number in out:
            return LISTED
        if row.recipient_id is not None and contact is None:
            return "contact_deleted", Sentence("The contact was deleted.")
        if contact is not None and contact.number_status == NUMBER_INVALID:
            return "invalid_number", Sentence("The number was marked invalid.")
        if contact is not None and contact.mobile != row.number:
            return "number_changed", Sentence("The contact has another number now.")
        if row.number in full:
            return "frequency_cap", Sentence("The number has had its share of texts.")
        return None

    def _later(
        self, row: Any, contact: Any, campaigns: CampaignTexts | None
    ) -> tuple[str, datetime] | None:
        """Why the text must wait, and when to look again."""
        held = campaigns.held_until(row) if campaigns else None
        if held:
            return "held", held
        shut = self._shut_until(row, contact, campaigns) if campaigns else None
        if shut:
            return "hours", shut
        quiet = self._quiet_until(row, contact, self._now, campaigns)
        return ("quiet", quiet) if quiet else None

    def _shut_until(self, row: Any, contact: Any, campaigns: CampaignTexts) -> datetime | None:
        """When its event opens again; None where quiet hours leave nothing of its hours."""
        shut = opens = campaigns.shut_until(row, self._now)
        for _ in range(OPENINGS):
            quiet = self._quiet_until(row, contact, opens, campaigns) if opens else None
            if quiet is None:
                return shut
            opens = campaigns.shut_until(row, quiet)
        return None

    def _quiet_until(
        self, row: Any, contact: Any, now: datetime, campaigns: CampaignTexts | None
    ) -> datetime | None:
        """When it may be sent; tests, and what goes to nobody's contact, may at once."""
        if self._quiet is None or row.recipient_id is None:
            return None
        if not (self._of_broadcast or row.source in QUIET):
            return None
        zone = campaigns.zone(row) if campaigns else self._zone
        return self._quiet.until(now, zone if contact is None else zone_of(contact, zone))

    def _render(self, row: Any, contact: Any, renderer: Renderer, result: Sorted) -> None:
        try:
            text, encoding, parts = renderer.render(row.id, row.text, contact)
        except Unrenderable as error:
            result.skip.append({"id": row.id, "reason": error.reason, "detail": error.words})
            return
        except FilterFailed as error:
            waits = {"not_before": self._now + ASK_AGAIN, "reason": WAITS}
            result.later.append({"id": row.id, "detail": error.message} | waits)
            return
        reference = f"{self._code}-{row.id}"
        outgoing = OutgoingText(
            reference=reference,
            to=row.number,
            text=text,
            sender=row.sender,
            parts=parts,
            callback_url=f"{self._callback}{reference}" if self._callback else "",
            attempted_at=self._now,
        )
        result.go.append(
            {
                "id": row.id,
                "outgoing": outgoing,
                "text": text,
                "encoding": encoding,
                "parts": parts,
                "attempts": row.attempts + 1,
            }
        )

    def _hold_back(self, result: Sorted) -> None:
        """Take out what plugins let go not now, or not at all."""
        held = vetoes([row["outgoing"] for row in result.go], self._now)
        if not held:
            return
        ready, result.go = result.go, []
        for row in ready:
            veto = held.get(row["outgoing"].reference)
            if veto is None:
                result.go.append(row)
            elif veto.until is None:
                result.skip.append({"id": row["id"], "reason": "vetoed", "detail": veto.words})
            else:
                waits = {"not_before": veto.until, "reason": WAITS, "detail": veto.words}
                result.later.append({"id": row["id"]} | waits)


def renderer_of(broadcast_id: int | None, zone: ZoneInfo) -> Renderer:
    """For the frozen text of a broadcast; all other texts stand in their rows."""
    if broadcast_id is None:
        return Renderer(None, zone)
    frozen = select(Broadcast.text, TextMessage.track_links).join(Broadcast.message)
    found = db.session.execute(frozen.where(Broadcast.id == broadcast_id)).first()
    if found is None or found.text is None:
        return Renderer(None, zone)
    return Renderer(Words(found.text, broadcast_id, found.track_links), zone)


def load_contacts(rows: Sequence[Any], tokens: Iterable[str]) -> dict[int, Any]:
    """Rows with what rules and tokens need, by id: cheaper than whole contacts."""
    ids = [row.contact_id for row in rows if row.contact_id is not None]
    if not ids:
        return {}
    columns = table_of(Contact).c
    wanted = [columns[name] for name in dict.fromkeys((*CONTACT, *tokens))]
    found = read_rows(select(*wanted).where(one_of(columns.id, ids)))
    return {contact.id: contact for contact in found}
