"""A stage for campaigns: time passes when it is told to, texts go through the recorder.

All runs in one thread: members, engine, claims and records, as the jobs call them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from heliograph import clock
from heliograph.campaigns import publish, unpublish
from heliograph.campaigns.engine import Engine, Scope
from heliograph.campaigns.membership import rebuild
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignMember, CampaignStep
from heliograph.channel import InboundText, Sent, Status, StatusReport
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.deliveries.calls import CallOutcome
from heliograph.deliveries.claim import Scope as TextScope
from heliograph.deliveries.claim import claim_texts
from heliograph.deliveries.models import Delivery
from heliograph.deliveries.outcomes import record_outcomes
from heliograph.deliveries.reports import receive_status
from heliograph.errors import Conflict
from heliograph.messages import create_message
from heliograph.replies.inbox import receive_reply
from heliograph.segments import add_members, create_segment
from tests.campaigns.drawing import drafted, event
from tests.fixtures import add_people

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROVIDER = "recorder"
ids = itertools.count(1)


class Stage:
    """`now` is what the clock shows; `texts` are (when, number, text) that were sent."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.texts: list[tuple[datetime, str, str]] = []
        self.outage = False
        self.failing: dict[str, Any] = {}

    def cast(self, count: int, **values: Any) -> tuple[int, list[int]]:
        """So many new contacts in a new segment: its id, theirs."""
        first = next(ids) % 1000 * 1000  # numbers have nine digits
        people = add_people(count, first=first)
        for contact_id in people:
            contact = db.session.get_one(Contact, contact_id)
            for name, value in values.items():
                setattr(contact, name, value)
        db.session.commit()
        segment = create_segment(f"cast {first}").id
        add_members(segment, people)
        return segment, people

    def play(self, *events: dict[str, Any], source: int, **facts: Any) -> int:
        """Draw and publish a campaign."""
        with clock.at(self.now):
            campaign = drafted(*events, source=source, **facts)
            publish(campaign)
        return campaign

    def turn(self, scope: Scope | None = None) -> None:
        """Do all there is to do now."""
        with clock.at(self.now):
            for campaign in db.session.scalars(select(Campaign).where(Campaign.published)).all():
                if campaign.is_open(self.now):
                    rebuild(campaign.id)
            while Engine(scope).run().total + self.send():
                pass
        db.session.rollback()
        db.session.expire_all()

    def send(self) -> int:
        """Hand what is queued to the provider."""
        if self.outage:
            return 0
        claims = claim_texts(TextScope(PROVIDER), 1000)
        outcomes = []
        for text in claims.texts:
            result = self.failing.get(text.text.to)
            if result is None:
                self.texts.append((self.now, text.text.to, text.text.text))
                result = Sent(f"S{next(ids)}")
            outcomes.append(CallOutcome(text.delivery_id, text.claim, result))
        if outcomes:
            record_outcomes(PROVIDER, outcomes)
        return len(outcomes) + claims.skipped

    def wait(self, **time: float) -> None:
        """Let time pass, hour by hour where it is long."""
        end = self.now + timedelta(**time)
        step = max(timedelta(minutes=1), (end - self.now) / 60)
        while self.now < end:
            self.now = min(end, self.now + step)
            self.turn()

    def hold(self, campaign_id: int, *, days: int) -> None:
        """Hold the campaign for so long; then it goes on."""
        with clock.at(self.now):
            unpublish(campaign_id)
        self.leap(days=days)
        with clock.at(self.now):
            publish(campaign_id)

    def leap(self, **time: float) -> None:
        """Let time pass with nobody at work."""
        self.now += timedelta(**time)

    def reply(self, contact_id: int, text: str) -> None:
        number = db.session.get_one(Contact, contact_id).mobile
        with clock.at(self.now):
            receive_reply(PROVIDER, InboundText(f"I{next(ids)}", number or "", "+1", text))

    def report(self, contact_id: int, status: Status, **more: Any) -> None:
        """Of the last text to the contact."""
        delivery = self.deliveries(contact_id)[-1]
        with clock.at(self.now):
            receive_status(PROVIDER, StatusReport(delivery.provider_id or "", status, **more))

    def deliveries(self, contact_id: int) -> list[Delivery]:
        query = select(Delivery).where(Delivery.recipient_id == contact_id).order_by(Delivery.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))


def run(stage: Stage, *events: dict[str, Any], count: int = 1, **facts: Any) -> list[int]:
    """Contacts who went through *events*."""
    source, people = stage.cast(count)
    stage.play(*events, source=source, **facts)
    stage.turn()
    return people


def template(text: str = "Hi {contactfield=firstname}", **more: Any) -> int:
    return create_message(name=text[:40], text=text, **more).id


def text(key: str, parent: str | None = None, *, message: int = 0, **more: Any) -> dict[str, Any]:
    """An event that sends a text."""
    config = {"message_id": message or template(f"{key} " + "{contactfield=firstname}")}
    return event(key, "recorder.send_text", parent, config=config, **more)


def replies(key: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    """A decision that waits three days for a reply; config by `config`."""
    config = {"wait_amount": 3} | more.pop("config", {})
    return event(key, "core.replies", parent, config=config, **more)


def steps(contact_id: int) -> dict[str, str]:
    """Status, or path where it is done, of each event of the contact, by key."""
    query = (
        select(CampaignEvent.key, CampaignStep.status, CampaignStep.path, CampaignStep.rotation)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .where(CampaignStep.contact_id == contact_id)
        .order_by(CampaignStep.rotation, CampaignStep.id)
    )
    return {
        row.key if row.rotation == 1 else f"{row.key} {row.rotation}": f"{row.status} {row.path}"
        if row.path
        else row.status
        for row in db.session.execute(query)
    }


def step(contact_id: int, key: str) -> CampaignStep:
    """The contact's last step at the event."""
    query = (
        select(CampaignStep)
        .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
        .where(CampaignStep.contact_id == contact_id, CampaignEvent.key == key)
        .order_by(CampaignStep.id.desc())
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).first() or nobody()


def nobody() -> CampaignStep:
    raise Conflict("There is no such step.")


def members(campaign_id: int) -> Counter[str]:
    query = select(CampaignMember.status).where(CampaignMember.campaign_id == campaign_id)
    return Counter(db.session.scalars(query))


def mobile(contact_id: int) -> str:
    return db.session.get_one(Contact, contact_id).mobile or ""


def tags(contact_id: int) -> list[str]:
    contact = db.session.get_one(Contact, contact_id, populate_existing=True)
    db.session.refresh(contact, ["tags"])
    return [tag.name for tag in contact.tags]
