"""What the script has contacts and providers do, by the code that takes it in really."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from heliograph.campaigns.simulation.description import (
    Answer,
    Click,
    Fail,
    Heal,
    Outage,
    Recover,
    Simulation,
    Stop,
)
from heliograph.campaigns.simulation.record import Record
from heliograph.campaigns.simulation.stand_ins import Phones
from heliograph.campaigns.simulation.transcript import (
    CLICK,
    FAIL,
    HEAL,
    NO_LINK,
    OUTAGE,
    RECOVER,
    REPLY,
    Entry,
)
from heliograph.channel import FailureKind, InboundText, Opt, StatusReport
from heliograph.db import change_rows, db, table_of, transaction, utcnow
from heliograph.deliveries.models import QUEUED, WITH_PROVIDER, Delivery, Sender
from heliograph.errors import HeliographError
from heliograph.links.clicks import NewClick, store_clicks
from heliograph.links.codes import LENGTH
from heliograph.links.following import Followed, follow, target
from heliograph.links.models import PERSON
from heliograph.links.tracking import link_base
from heliograph.providers import default_provider
from heliograph.replies.inbox import receive_reply
from heliograph.replies.models import Reply

Doing = Answer | Stop | Click | Outage | Recover | Fail | Heal


@dataclass(frozen=True, slots=True)
class Switch:
    """A doing at its moment; what lasts until then ends by one of its own."""

    at: datetime
    doing: Doing

    def is_from_start(self, start: datetime) -> bool:
        return self.at == start and isinstance(self.doing, Outage | Fail)


def switches_of(simulation: Simulation) -> list[Switch]:
    """All doings by time; those of one moment in the order of the script."""
    found = []
    for doing in simulation.script:
        found.append(Switch(doing.at, doing))
        if isinstance(doing, Outage) and doing.until:
            found.append(Switch(doing.until, Recover(do="recover", at=doing.until)))
        if isinstance(doing, Fail) and doing.until:
            found.append(Switch(doing.until, Heal(do="heal", at=doing.until, who=doing.who)))
    early = [switch for switch in found if switch.is_from_start(simulation.start)]
    rest = [switch for switch in found if switch not in early]
    return [*early, *sorted(rest, key=lambda switch: switch.at)]


class Doings:
    """Does what the script says, and notes it. `switched` is what concerns everybody."""

    def __init__(self, ids: Mapping[str, int], phones: Phones, record: Record) -> None:
        self._ids, self._phones, self._record = ids, phones, record
        self._numbers = itertools.count(1)
        self.switched: list[Entry] = []

    def do(self, switch: Switch) -> None:
        doing = switch.doing
        if isinstance(doing, Answer):
            self._answer(doing.who, doing.text, None)
        elif isinstance(doing, Stop):
            self._answer(doing.who, "STOP", Opt.OUT)
        elif isinstance(doing, Click):
            self._click(doing)
        elif isinstance(doing, Outage):
            self._phones.out_since = self._phones.out_since or utcnow()
            self._phones.out_until = doing.until
            self.switched.append(Entry(utcnow(), OUTAGE, until=doing.until))
        elif isinstance(doing, Recover):
            self._recover()
        else:
            self._fail(doing)

    def _recover(self) -> None:
        """What waits for the provider is tried at once: whoever ends it wants to see that."""
        if self._phones.out_since is None:
            return
        self._phones.out_since = self._phones.out_until = None
        waits = (Delivery.status == QUEUED, Delivery.reason == FailureKind.THROTTLED)
        with transaction():
            change_rows(update(Sender).values(held_until=None))
            change_rows(update(Delivery).where(*waits).values(not_before=None))
        self.switched.append(Entry(utcnow(), RECOVER))

    def _fail(self, doing: Fail | Heal) -> None:
        way = self._record.ways[self._ids[doing.who]]
        if isinstance(doing, Heal):
            self._phones.failing.pop(way.mobile, None)
            way.failing = ""
            self._record.note(way.contact_id, HEAL)
            return
        self._phones.failing[way.mobile] = (doing.how, doing.kind, doing.until)
        way.failing = doing.how
        facts = {"status": doing.how, "reason": doing.kind.value, "until": doing.until}
        self._record.note(way.contact_id, FAIL, **facts)

    def _answer(self, who: str, text: str, opt: Opt | None) -> None:
        way = self._record.ways[self._ids[who]]
        if not way.mobile:
            self._record.note(way.contact_id, REPLY, text=text, status="no_number")
            return
        last = self._last_texts(way.contact_id)
        provider = last[0].provider if last else provider_for_replies()
        known = f"simulated-reply-{next(self._numbers)}"
        receive_reply(provider, InboundText(known, way.mobile, "", text, opt=opt))
        meant = db.session.scalar(select(Reply.opt).where(Reply.provider_id == known))
        self._record.note(way.contact_id, REPLY, text=text, status=meant or "")
        db.session.rollback()

    def _click(self, doing: Click) -> None:
        contact_id = self._ids[doing.who]
        followed = self._find_link(contact_id, doing.link)
        if followed is None:
            self._record.note(contact_id, NO_LINK)
            return
        url = target(followed)
        db.session.rollback()
        store_clicks([NewClick(followed.link_id, followed.delivery_id, PERSON, "phone", utcnow())])
        self._record.note(contact_id, CLICK, text=url, ref=followed.delivery_id)

    def _find_link(self, contact_id: int, number: int) -> Followed | None:
        """The link of that number in the last text that has so many."""
        base = link_base()
        code = re.compile(rf"{re.escape(base)}([0-9A-Za-z]{{{LENGTH}}})")
        for row in self._last_texts(contact_id) if base else ():
            codes = code.findall(row.text or "")
            if len(codes) >= number:
                return follow(codes[number - 1])
        return None

    def _last_texts(self, contact_id: int) -> Sequence[Any]:
        """What the contact got, what went out last first."""
        columns = table_of(Delivery).c
        query = select(columns.text, columns.provider).where(
            columns.contact_id == contact_id,
            columns.source == "campaign",
            columns.status.in_(WITH_PROVIDER),
        )
        newest = (columns.attempted_at.desc(), columns.id.desc())
        return db.session.execute(query.order_by(*newest)).all()

    def note_reports(self, given: Sequence[tuple[str, StatusReport]], kind: str) -> None:
        """What was reported of texts."""
        columns = table_of(Delivery).c
        reports = {report.provider_id: report for _, report in given}
        query = select(columns.id, columns.provider_id, columns.contact_id).where(
            columns.provider_id.in_(reports)
        )
        for row in db.session.execute(query.order_by(columns.id)).all():
            report = reports[row.provider_id]
            facts = {"status": report.status.value, "words": report.detail, "ref": row.id}
            reason = report.kind.value if report.kind else ""
            self._record.note(row.contact_id, kind, reason=reason, **facts)
        db.session.rollback()


def provider_for_replies() -> str:
    try:
        return default_provider()
    except HeliographError:
        return "none"
