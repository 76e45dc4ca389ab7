"""Writing down what happens on the stage, as it happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from heliograph.campaigns.course import load_course, zone_named
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.explanation import why_here
from heliograph.campaigns.models import FINISHED, GONE, NEW, CampaignMember, CampaignStep
from heliograph.campaigns.simulation.description import Simulation
from heliograph.campaigns.simulation.stand_ins import SWITCHED_OFF
from heliograph.campaigns.simulation.transcript import (
    ENDED,
    HELD,
    JOINED,
    REFUSED,
    STAFF,
    STEP,
    TEXT,
    Entry,
    Way,
)
from heliograph.channel import Failure
from heliograph.contacts.models import Contact
from heliograph.db import db, table_of, utcnow
from heliograph.deliveries.calls import CallOutcome, ClaimedText
from heliograph.deliveries.models import FAILED, QUEUED, Delivery
from heliograph.lookups import one_of, read_rows
from heliograph.messages import measure

HELD_BY = ("quiet", "hours", "held")


class Record:
    """The ways of the cast. Each thing is written once, at the moment it was seen."""

    def __init__(self, simulation: Simulation, ids: Mapping[str, int]) -> None:
        self._campaign_id = simulation.campaign_id
        self._course = load_course(simulation.campaign_id)
        self._types = EventTypes()
        self._seen: set[int] = set()
        self._waits: dict[int, str] = {}
        self._members: dict[int, tuple[str, int]] = {}
        self.ways = {contact_id: self._way(key, contact_id) for key, contact_id in ids.items()}
        for person in simulation.cast:
            self.ways[ids[person.key]].made_up = person.contact_id is None
        db.session.rollback()

    def _way(self, key: str, contact_id: int) -> Way:
        contact = db.session.get_one(Contact, contact_id)
        zone = zone_named(contact.timezone, self._course.zone)
        mobile, country = contact.mobile or "", contact.country
        return Way(key, contact_id, contact.name, mobile, country, zone, made_up=False)

    def note(self, contact_id: int | None, kind: str, **facts: Any) -> None:
        way = self.ways.get(contact_id or 0)
        if way is not None:
            way.entries.append(Entry(utcnow(), kind, **facts))

    # -- members and steps -----------------------------------------------

    def look(self) -> None:
        """Write down who came in, which steps were ended, and who is through."""
        members = self._changed_members()
        for contact_id, status, origin in members:
            if status not in (FINISHED, *GONE):
                self.note(contact_id, JOINED, status=origin)
        for row in self._new_steps():
            self.note(row.contact_id, STEP, **self._step_facts(row))
        for contact_id, status, _ in members:
            if status in (FINISHED, *GONE):
                self.note(contact_id, ENDED, status=status)
        db.session.rollback()

    def _changed_members(self) -> list[tuple[int, str, str]]:
        columns = table_of(CampaignMember).c
        query = select(columns.contact_id, columns.status, columns.rotation, columns.origin).where(
            columns.campaign_id == self._campaign_id, columns.status != NEW
        )
        found = []
        for row in read_rows(query.order_by(columns.contact_id)):
            stands = (row.status, row.rotation)
            known = self._members.get(row.contact_id, ("", 0))
            if known[0] != row.status:
                found.append((row.contact_id, row.status, row.origin))
                self.ways[row.contact_id].status = row.status
            self._members[row.contact_id] = stands
        return found

    def _new_steps(self) -> list[Any]:
        """Steps that ended now, and were not seen; in the order in which they were laid."""
        columns = table_of(CampaignStep).c
        wanted = ("id", "contact_id", "event_id", "status", "path", "detail", "reason")
        query = select(*(columns[name] for name in wanted)).where(
            columns.campaign_id == self._campaign_id, columns.done_at >= utcnow()
        )
        rows = [row for row in read_rows(query.order_by(columns.id)) if row.id not in self._seen]
        self._seen |= {row.id for row in rows}
        return rows

    def _step_facts(self, row: Any) -> dict[str, Any]:
        stop = self._course.stops[row.event_id]
        type_ = self._types.get(stop.type)
        labels = {path.key: path.label for path in type_.paths} if type_ else {}
        path = row.path
        return {
            "status": row.status,
            "reason": row.reason,
            "words": row.detail or row.reason.replace("_", " "),
            "event": stop.key,
            "title": stop.name or (type_.made.label if type_ else stop.type),
            "type": stop.type,
            "path": path,
            "path_label": labels.get(path, path or "") if path else "",
        }

    # -- texts -----------------------------------------------------------

    def note_texts(self, claimed: Iterable[ClaimedText], outcomes: Iterable[CallOutcome]) -> None:
        """What was handed over; what was refused is told once, until it changes."""
        results = {outcome.delivery_id: outcome.result for outcome in outcomes}
        rows = self._texts(list(results))
        for one in claimed:
            row, result = rows[one.delivery_id], results[one.delivery_id]
            if isinstance(result, Failure):
                self._note_refusal(row, result)
                continue
            measured = measure(one.text.text)
            facts = {"text": one.text.text, "encoding": measured.encoding, "ref": row.id}
            facts |= {"characters": measured.characters, "parts": one.text.parts}
            kind = TEXT if row.to_contact else STAFF
            self.note(row.whose, kind, **facts, words="" if row.to_contact else row.number)

    def _note_refusal(self, row: Any, failure: Failure) -> None:
        stands = f"{row.status} {failure.kind}"
        if self._waits.get(row.id) == stands:
            return
        self._waits[row.id] = stands
        until = row.not_before if row.status != FAILED else None
        reason = SWITCHED_OFF if failure.code == SWITCHED_OFF else failure.kind.value
        facts = {"status": row.status, "reason": reason, "words": failure.text}
        self.note(row.whose, REFUSED, **facts, until=until, ref=row.id)

    def note_held(self) -> None:
        """Texts that a rule keeps back, each once for each reason."""
        columns = table_of(Delivery).c
        query = select(columns.id).where(
            columns.status == QUEUED, columns.not_before.is_not(None), columns.reason.in_(HELD_BY)
        )
        rows = self._texts([row.id for row in read_rows(query)])
        for row in rows.values():
            stands = f"{row.reason} {row.not_before if row.reason == 'quiet' else ''}"
            if self._waits.get(row.id) == stands:
                continue
            self._waits[row.id] = stands
            self.note(row.whose, HELD, status=row.reason, until=row.not_before, ref=row.id)
        db.session.rollback()

    def _texts(self, ids: list[int]) -> dict[int, TextRow]:
        texts, steps = table_of(Delivery).c, table_of(CampaignStep).c
        wanted = ("id", "status", "reason", "not_before", "number", "contact_id")
        query = (
            select(*(texts[name] for name in wanted), steps.contact_id.label("of_step"))
            .select_from(
                table_of(Delivery).join(table_of(CampaignStep), steps.id == texts.source_id)
            )
            .where(one_of(texts.id, ids), texts.source == "campaign")
        )
        return {row.id: TextRow(row) for row in read_rows(query.order_by(texts.id))}

    # -- the end ---------------------------------------------------------

    def finish(self) -> list[Way]:
        """Where each of them stands now, and why."""
        for contact_id, way in self.ways.items():
            found = why_here(contact_id, self._campaign_id)
            way.passage = found[0] if found else None
        db.session.rollback()
        return list(self.ways.values())


class TextRow:
    """A campaign text: to the contact, or to staff about it."""

    def __init__(self, row: Any) -> None:
        self.id: int = row.id
        self.status: str = row.status
        self.reason: str = row.reason
        self.number: str = row.number
        self.not_before: datetime | None = row.not_before
        self.to_contact = row.contact_id is not None
        self.whose: int = row.of_step
