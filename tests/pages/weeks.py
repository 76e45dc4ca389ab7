"""The cast of a campaign that runs for days, and what became of each: ledger and phones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from heliograph.campaigns.models import CampaignEvent, CampaignMember, CampaignStep
from heliograph.contacts import Contact, add_contact
from heliograph.db import db
from heliograph.deliveries.models import OPEN, Delivery
from heliograph.jobs.models import JobRun
from heliograph.segments import add_members, create_segment
from heliograph.users import create_user
from tests.campaigns.world import World
from tests.pages.visit import EMAIL, PASSWORD
from tests.test_end_to_end import get, wait_until

PARIS, NEW_YORK, TOKYO = "Europe/Paris", "America/New_York", "Asia/Tokyo"
HOUSE = "Asia/Kolkata"  # the zone of the installation, for who has none
# name, mobile, zone, what it answers
CAST = (
    ("Ada", "+33612345601", PARIS, "yes please"),
    ("Benoit", "+33612345602", PARIS, "oh, yes?"),
    ("Chloe", "+33612345603", PARIS, ""),
    ("Dan", "+12125552301", NEW_YORK, "Yes please"),
    ("Eve", "+12125552302", NEW_YORK, "not now"),
    ("Fay", "+12125552303", NEW_YORK, ""),
    ("Goro", "+819012345601", TOKYO, "YES please"),
    ("Hana", "+819012345602", TOKYO, "not yet"),
    ("Iku", "+819012345603", TOKYO, ""),
    ("Jaya", "+919812345604", "", ""),
)
KEEN = {name for name, _, _, answer in CAST if answer.lower().startswith("yes")}
SECONDS = 240  # for anything; it takes a second or two where nothing else runs


def thursday() -> datetime:
    """The evening of one, three days before Paris sets its clocks forward."""
    last = date(datetime.now(UTC).year + 1, 3, 31)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    return datetime(sunday.year, 3, sunday.day, 20, tzinfo=UTC) - timedelta(days=3)


class Story:
    """The test's own eyes: the ledger and the phones, read anew each time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: dict[str, int] = {}

    def cast(self) -> None:
        create_user(EMAIL, PASSWORD, first_name="Ann")
        for name, mobile, zone, _ in CAST:
            values = {"mobile": mobile, "first_name": name, "timezone": zone}
            self.people[name] = add_contact(values, region="FR").id
        add_members(create_segment("Newcomers").id, list(self.people.values()))

    def start(self) -> None:
        self.world.start()
        wait_until(lambda: get(f"{self.world.address}/readyz") == 200, SECONDS)

    def until(self, holds: Callable[[], bool]) -> None:
        wait_until(lambda: bool(db.session.rollback() or holds()), SECONDS)

    def leap(self, moment: datetime) -> None:
        """Let it be *moment*, and each job of the server have its turn."""
        self.world.leap(moment)
        begun = select(JobRun.started_at).where(JobRun.key == "simulator.reports")
        turn = moment + timedelta(seconds=1.2)
        self.until(lambda: (db.session.scalar(begun) or thursday()) > turn)

    def is_tried(self) -> bool:
        """Whether each text was refused, or asked about, just now, and none is in flight."""
        query = select(Delivery.reason, Delivery.not_before, Delivery.lease_until)
        rows = db.session.execute(query.where(Delivery.status.in_(OPEN))).all()
        moments = [(row.lease_until or row.not_before) if row.reason else None for row in rows]
        return all(moment is not None and moment > self.world.now for moment in moments)

    def is_told(self) -> None:
        """One of each text to each, in the ledger as on the phones, at its time; tags."""
        wanted = {
            name: ["hello", "thanks"] if name in KEEN else ["hello", "reminder"]
            for name in self.people
        }
        assert self.texts() == wanted
        ledger: dict[str, list[str]] = {name: [] for name in self.people}
        for name, kind, status, *_ in sorted(self.deliveries()):
            ledger[name].append(kind)
            assert status in ("accepted", "delivered"), (name, kind, status)
        assert ledger == {name: sorted(kinds) for name, kinds in wanted.items()}
        for name, kind, _, _, at, zone in self.deliveries():
            here = at.astimezone(zone)
            if kind == "reminder" and zone.key not in (TOKYO, HOUSE):
                assert here.strftime("%a %H") == "Mon 10", (name, here)
                assert here.minute < 2
            elif kind == "reminder":
                assert here.weekday() == 0
                assert (name, here.hour) in (("Jaya", 12), ("Hana", 16), ("Iku", 16))
        query = select(Contact).options(selectinload(Contact.tags))
        tagged = {
            one.first_name: {tag.name for tag in one.tags} for one in db.session.scalars(query)
        }
        assert tagged == {name: {"friend", "loyal"} if name in KEEN else set() for name in tagged}
        assert self.stand("Hello") == {"done": 10}
        assert self.stand("Reminder") == {"done": 7, "": 3}

    def texts(self) -> dict[str, list[str]]:
        """What came to each phone, oldest first."""
        from heliograph.plugins.simulator.tables import SimulatorText  # noqa: PLC0415

        db.session.rollback()
        query = select(SimulatorText.number, SimulatorText.text)
        query = query.where(SimulatorText.direction == "out").order_by(SimulatorText.id)
        names = {mobile: name for name, mobile, _, _ in CAST}
        found: dict[str, list[str]] = {name: [] for name in self.people}
        for number, text in db.session.execute(query):
            found[names[number]].append(kind_of(text))
        return found

    def who_has(self, kind: str) -> set[str]:
        return {name for name, texts in self.texts().items() if kind in texts}

    def steps(self, name: str) -> dict[str, str]:
        """Status and path of each event of the contact."""
        query = (
            select(CampaignEvent.name, CampaignStep.status, CampaignStep.path)
            .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
            .where(CampaignStep.contact_id == self.people[name])
        )
        db.session.rollback()
        return {
            event: f"{status} {path}".strip() if path else status
            for event, status, path in db.session.execute(query)
        }

    def stand(self, event: str) -> Counter[str]:
        """How many stand there in which way."""
        return Counter(self.steps(name).get(event, "") for name in self.people)

    def members(self) -> Counter[str]:
        return Counter(db.session.scalars(select(CampaignMember.status)))

    def due(self) -> dict[str, datetime]:
        """When the reminder of each is due, on the contact's own clock."""
        query = (
            select(Contact.first_name, Contact.timezone, CampaignStep.due_at)
            .join(CampaignStep, CampaignStep.contact_id == Contact.id)
            .join(CampaignEvent, CampaignEvent.id == CampaignStep.event_id)
            .where(CampaignEvent.name == "Reminder")
        )
        db.session.rollback()
        return {
            name: due.astimezone(ZoneInfo(zone or HOUSE))
            for name, zone, due in db.session.execute(query)
        }

    def deliveries(self) -> list[Any]:
        """(name, kind, status, attempts, accepted at, zone) of all campaign texts."""
        query = select(Delivery, Contact).join(Contact, Contact.id == Delivery.contact_id)
        query = query.where(Delivery.source == "campaign")
        db.session.rollback()
        return [
            (
                contact.first_name,
                kind_of(delivery.text or ""),
                delivery.status,
                delivery.attempts,
                delivery.accepted_at,
                ZoneInfo(contact.timezone or HOUSE),
            )
            for delivery, contact in db.session.execute(
                query.execution_options(populate_existing=True)
            )
        ]


def kind_of(text: str) -> str:
    return {"He": "hello", "Th": "thanks", "Yo": "reminder"}.get(text[:2], "")
