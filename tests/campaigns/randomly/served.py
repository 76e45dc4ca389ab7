"""What a server does in a scenario: its jobs on a real database, on a clock that leaps."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from heliograph import clock
from heliograph.campaigns import publish, unpublish
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.library import NotReady
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignMember, CampaignStep
from heliograph.campaigns.simulation.moments import next_due
from heliograph.channel import Failure, FailureKind, InboundText, Opt, Sent, Status, StatusReport
from heliograph.contacts.models import Contact
from heliograph.contacts.tags import tag_contacts, untag_contacts
from heliograph.db import db, transaction
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.claim import Scope as TextScope
from heliograph.deliveries.claim import claim_texts
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.reports import store_reports
from heliograph.host import current_host
from heliograph.links.clicks import NewClick, store_clicks
from heliograph.links.codes import LENGTH
from heliograph.links.following import follow
from heliograph.links.models import PERSON
from heliograph.links.tracking import link_base
from heliograph.replies.inbox import receive_reply
from heliograph.segments import refresh_segment
from tests.campaigns.randomly.house import House, Played, Refused
from tests.campaigns.randomly.scenario import STAFF, Happening, Line, Scenario, second
from tests.campaigns.randomly.walking import is_over, whole_script

PROVIDER = "recorder"
MOST_MOMENTS = 2000
ids = itertools.count(1)


def served(house: House, scenario: Scenario) -> Played:
    """What happens to each person; raises Refused."""
    house.clear()
    server = Server(house, scenario)
    try:
        server.play()
    finally:
        current_host().enable(PROVIDER, default=True)
    return server.lines()


class Server:
    """One scenario on it. `handed` are (when, delivery, its text) that the provider took."""

    def __init__(self, house: House, scenario: Scenario) -> None:
        self._scenario, self._put = scenario, house.put_up(scenario)
        self._keys = {contact_id: key for key, contact_id in self._put.contacts.items()}
        self._script = whole_script(scenario, None)
        self._handed: list[tuple[datetime, int, str, str]] = []
        self._reports: list[tuple[datetime, StatusReport]] = []
        self._failing: dict[str, tuple[str, str]] = {}
        self._out_until: datetime | None = None

    def play(self) -> None:
        now = self._scenario.start
        with clock.at(now):
            try:
                publish(self._put.campaign)
            except NotReady as error:
                raise Refused(str(error)) from None
        for _ in range(MOST_MOMENTS):
            with clock.at(now):
                while self._script and self._script[0].at <= now and is_over(self._script[0]):
                    self._happen(self._script.pop(0))
                self._settle()
                while self._script and self._script[0].at <= now:
                    self._happen(self._script.pop(0))
                    self._settle()
                moments = [one.at for one in self._script[:1]] + [at for at, _ in self._reports]
                due = next_due(self._put.campaign, now)
            moment = min([*moments, due] if due else moments, default=None)
            if moment is None or moment > self._scenario.until:
                return
            now = max(moment, now + timedelta(microseconds=1))
        raise Refused("it takes too many moments")

    def _settle(self) -> None:
        engine, moved = Engine(Scope(only=self._put.campaign)), True
        while moved:
            if self._scenario.source:
                refresh_segment(self._put.source)
            self._rebuild()
            moved = bool(engine.go_round() + self._send()) or self._take_reports()

    def _rebuild(self) -> None:
        campaign = db.session.get_one(Campaign, self._put.campaign, populate_existing=True)
        is_open = campaign.is_open(clock.now())
        db.session.rollback()
        if is_open:
            rebuild(self._put.campaign)

    # -- texts -----------------------------------------------------------

    def _send(self) -> int:
        claims = claim_texts(TextScope(PROVIDER), 500)
        outcomes = [
            CallOutcome(one.delivery_id, one.claim, self._hand_over(one)) for one in claims.texts
        ]
        if outcomes:
            record_outcomes(PROVIDER, outcomes)
        return len(outcomes) + claims.skipped

    def _hand_over(self, one: Any) -> Sent | Failure:
        now = clock.now()
        if self._out_until:
            wait = (self._out_until - now).total_seconds()
            return Failure(FailureKind.THROTTLED, "it is down", retry_after=wait)
        how, kind = self._failing.get(one.text.to, ("", ""))
        if how == "refused":
            return Failure(FailureKind(kind), "it is refused")
        sent = Sent(f"T{next(ids)}")
        report = StatusReport(sent.provider_id, Status.DELIVERED)
        if how:
            report = StatusReport(
                sent.provider_id, Status.UNDELIVERED, kind=FailureKind(kind), detail="lost"
            )
        self._handed.append((now, one.delivery_id, one.text.to, one.text.text))
        self._reports.append((now + timedelta(seconds=self._scenario.report_after), report))
        return sent

    def _take_reports(self) -> bool:
        now = clock.now()
        due = [report for at, report in self._reports if at <= now]
        self._reports = [one for one in self._reports if one[0] > now]
        if due:
            store_reports([(PROVIDER, report) for report in due])
        return bool(due)

    # -- what happens ----------------------------------------------------

    def _happen(self, one: Happening) -> None:
        contact_id = self._put.contacts.get(one.who, 0)
        contact = db.session.get(Contact, contact_id, populate_existing=True)
        number = (contact.mobile or "") if contact else ""
        db.session.rollback()
        if one.do in ("answer", "stop"):
            if number:
                opt = Opt.OUT if one.do == "stop" else None
                words = one.facts.get("text", "STOP")
                receive_reply(PROVIDER, InboundText(f"I{next(ids)}", number, "", words, opt=opt))
        elif one.do == "click":
            self._click(number)
        elif one.do == "edit":
            edit(contact_id, one.facts)
        elif one.do in ("fail", "heal"):
            self._failing.pop(number, None)
            if one.do == "fail":
                self._failing[number] = (one.facts["how"], one.facts["kind"])
        else:
            self._for_everybody(one)

    def _for_everybody(self, one: Happening) -> None:
        if one.do == "outage":
            self._out_until = one.facts["until"]
        elif one.do == "recover":
            self._out_until = None
        elif one.do == "hold":
            unpublish(self._put.campaign)
        elif one.do == "publish":
            publish(self._put.campaign)
        elif one.do == "disable":
            current_host().disable(PROVIDER)
        elif one.do == "enable":
            current_host().enable(PROVIDER, default=True)

    def _click(self, number: str) -> None:
        pattern = re.compile(rf"{re.escape(link_base() or '')}([0-9A-Za-z]{{{LENGTH}}})")
        for _, _, to, text in reversed(self._handed):
            code = pattern.search(text)
            if to == number and code:
                followed = follow(code[1])
                assert followed is not None
                db.session.rollback()
                given = NewClick(
                    followed.link_id, followed.delivery_id, PERSON, "phone", clock.now()
                )
                store_clicks([given])
                return

    # -- what came of it -------------------------------------------------

    def lines(self) -> Played:
        db.session.rollback()
        found: Played = {key: [] for key in self._put.contacts}
        steps = (
            select(CampaignStep, CampaignEvent.key)
            .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
            .where(CampaignStep.done_at.is_not(None), CampaignStep.status != "cancelled")
            .order_by(CampaignStep.done_at, CampaignStep.id)
        )
        for step, key in db.session.execute(steps):
            how = f"{step.status} {step.path or ''}".strip()
            found[self._keys[step.contact_id]].append(Line(second(step.done_at), "step", key, how))
        query = select(Delivery.id, CampaignStep.contact_id).join(
            CampaignStep, CampaignStep.id == Delivery.source_id
        )
        whose = {row.id: row.contact_id for row in db.session.execute(query)}
        for at, delivery_id, to, text in self._handed:
            what = "staff" if to == STAFF else "text"
            found[self._keys[whose[delivery_id]]].append(Line(second(at), what, text.split()[0]))
        members = select(CampaignMember).where(CampaignMember.campaign_id == self._put.campaign)
        for member in db.session.scalars(members):
            ended = Line(self._scenario.until, "stands", how=member.status)
            found[self._keys[member.contact_id]].append(ended)
        db.session.rollback()
        return found


def edit(contact_id: int, facts: dict[str, Any]) -> None:
    with transaction() as session:
        tag_contacts([contact_id], facts.get("add", []))
        untag_contacts([contact_id], facts.get("remove", []))
        contact = session.get_one(Contact, contact_id)
        for name, value in facts.get("fields", {}).items():
            setattr(contact, name, value)
