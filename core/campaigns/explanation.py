"""Why a contact is in a campaign, where it stands, and what comes next: in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from heliograph.campaigns.broken import why_broken
from heliograph.campaigns.course import Course, Stop, load_course, zone_named
from heliograph.campaigns.engine import why_parked
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import (
    BY_CAMPAIGN,
    BY_HAND,
    FINISHED,
    LEFT,
    LIVE,
    NEW,
    OPEN,
    REMOVED,
    RUNNING,
    SENDING,
    Campaign,
    CampaignMember,
    CampaignSegment,
    CampaignStep,
)
from heliograph.contacts.models import Contact
from heliograph.db import db, utcnow
from heliograph.deliveries.explanation import explain
from heliograph.deliveries.models import Delivery
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember
from heliograph.sentences import Moment, Names, Sentence, together

ENDED = {
    FINISHED: Sentence("It came to the end."),
    LEFT: Sentence("It left with the segment, and takes no more steps."),
    REMOVED: Sentence("It was taken out, and takes no more steps."),
}
BACK = Sentence("It had left, and the campaign lets nobody begin anew, so it takes no more steps.")
BACK_ANEW = Sentence("It had left, and begins anew in a moment.")


@dataclass(frozen=True, slots=True)
class Place:
    """An event at which the contact stands: since when, why, and what follows it."""

    key: str
    event: str
    status: str
    since: datetime
    until: datetime | None
    why: str
    next: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Passage:
    """A contact's way through one campaign; `zone` is the clock that counts for it."""

    campaign_id: int
    campaign: str
    status: str
    rotation: int
    joined_at: datetime
    why: str
    places: list[Place] = field(default_factory=list)
    zone: str = ""


def campaigns_of(contact_id: int) -> list[tuple[int, str, str]]:
    """(id, name, status) of each campaign that the contact is or was in, the newest first."""
    query = (
        select(Campaign.id, Campaign.name, CampaignMember.status)
        .join(CampaignMember, CampaignMember.campaign_id == Campaign.id)
        .where(CampaignMember.contact_id == contact_id)
        .order_by(CampaignMember.joined_at.desc(), Campaign.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def why_here(contact_id: int, campaign_id: int | None = None) -> list[Passage]:
    """Each campaign that the contact is or was in, the newest first; or only the one."""
    query = (
        select(CampaignMember, Campaign)
        .join(Campaign, Campaign.id == CampaignMember.campaign_id)
        .where(CampaignMember.contact_id == contact_id)
        .order_by(CampaignMember.joined_at.desc())
        .execution_options(populate_existing=True)
    )
    if campaign_id is not None:
        query = query.where(Campaign.id == campaign_id)
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        return []
    types = EventTypes()
    return [
        passage(contact, member, campaign, types)
        for member, campaign in db.session.execute(query).all()
    ]


def passage(
    contact: Contact, member: CampaignMember, campaign: Campaign, types: EventTypes
) -> Passage:
    course = load_course(campaign.id)
    narrator = Narrator(course, campaign, contact, types)
    return Passage(
        campaign.id,
        campaign.name,
        member.status,
        member.rotation,
        member.joined_at,
        together(why_it_came(member), where_it_is(member, campaign)),
        narrator.places(),
        narrator.zone.key,
    )


def why_it_came(member: CampaignMember) -> Sentence:
    if member.origin == BY_HAND:
        return Sentence("A person added it.")
    if member.origin == BY_CAMPAIGN:
        return Sentence("Another campaign added it.")
    found = feeding(member)
    if not found:
        return Sentence("It was in a segment that feeds the campaign.")
    if len(found) == 1:
        return Sentence("It is in the segment %(name)s.", name=Names(found))
    return Sentence("It is in the segments %(names)s.", names=Names(found))


def feeding(member: CampaignMember) -> tuple[str, ...]:
    """Names of the sources that the contact is in now."""
    names = select(Segment.name).where(
        Segment.id.in_(
            select(CampaignSegment.segment_id).where(
                CampaignSegment.campaign_id == member.campaign_id
            )
        ),
        Segment.id.in_(
            select(SegmentMember.segment_id).where(
                SegmentMember.contact_id == member.contact_id, SegmentMember.origin != LEFT_OUT
            )
        ),
    )
    return tuple(db.session.scalars(names.order_by(Segment.name)))


def where_it_is(member: CampaignMember, campaign: Campaign) -> str:
    if member.status == LEFT and feeding(member):
        return BACK_ANEW if campaign.allow_restart else BACK
    if member.status in ENDED:
        return ENDED[member.status]
    if not campaign.is_open(utcnow()):
        return why_closed(campaign)
    return Sentence("It begins in a moment.") if member.status == NEW else ""


def why_closed(campaign: Campaign) -> Sentence:
    """Why nothing happens in the campaign now."""
    now = utcnow()
    if not campaign.published:
        return Sentence("The campaign is not published, so nothing happens.")
    if campaign.publish_up is not None and campaign.publish_up > now:
        return Sentence("The campaign begins at %(when)s.", when=Moment(campaign.publish_up))
    return Sentence("The campaign has ended, so nothing happens.")


class Narrator:
    """Tells of the events at which one contact stands."""

    def __init__(
        self, course: Course, campaign: Campaign, contact: Contact, types: EventTypes
    ) -> None:
        self._course, self._campaign, self._contact = course, campaign, contact
        self._types = types
        self.zone = zone_named(contact.timezone, course.zone)

    def places(self) -> list[Place]:
        query = (
            select(CampaignStep)
            .where(
                CampaignStep.contact_id == self._contact.id,
                CampaignStep.campaign_id == self._course.campaign_id,
                CampaignStep.status.in_(LIVE),
            )
            .order_by(CampaignStep.id)
            .execution_options(populate_existing=True)
        )
        return [
            self._place(step, self._course.stops[step.event_id])
            for step in db.session.scalars(query).all()
            if step.event_id in self._course.stops
        ]

    def _place(self, step: CampaignStep, stop: Stop) -> Place:
        return Place(
            stop.key,
            self._title(stop),
            step.status,
            step.begun_at or step.opened_at,
            step.due_at,
            self._why(step, stop),
            self._next(stop),
        )

    def _title(self, stop: Stop) -> str:
        type_ = self._types.get(stop.type)
        return stop.name or (Sentence(type_.made.label) if type_ else stop.type)

    def _why(self, step: CampaignStep, stop: Stop) -> Sentence:
        if step.status == SENDING:
            return self._why_text(step)
        if step.status == RUNNING:
            return Sentence("It is being done right now.")
        if stop.gone:
            return Sentence("The event was deleted: the contact goes on from here in a moment.")
        if not self._campaign.is_open(utcnow()):
            return why_closed(self._campaign)
        if step.status == OPEN:
            return self._why_open(step)
        parked = why_parked(stop, self._types, utcnow())
        if parked:
            return Sentence(
                "It waits here: %(why)s It goes on by itself when that is mended.", why=parked
            )
        return self._why_waiting(step, stop)

    def _why_text(self, step: CampaignStep) -> Sentence:
        query = select(Delivery).where(Delivery.source == "campaign", Delivery.source_id == step.id)
        delivery = db.session.scalars(query.execution_options(populate_existing=True)).first()
        return explain(delivery) if delivery else Sentence("Its text is being prepared.")

    def _why_open(self, step: CampaignStep) -> Sentence:
        if step.due_at is None:
            return Sentence("It waits for the contact, for as long as it takes.")
        until = Moment(step.due_at, self.zone)
        return Sentence("It waits for the contact until %(until)s.", until=until)

    def _why_waiting(self, step: CampaignStep, stop: Stop) -> Sentence:
        if step.due_at is None or step.due_at <= utcnow():
            return Sentence("It is due, and happens in a moment.")
        when = Moment(step.due_at, self.zone)
        if step.reason:
            kept = Sentence(step.detail or step.reason.replace("_", " "))
            words = why_broken(stop, self._types) or kept
            return together(Sentence("It is tried again at %(when)s.", when=when), words)
        return Sentence("It waits for its time: %(when)s.", when=when)

    def _next(self, stop: Stop) -> list[str]:
        type_ = self._types.get(stop.type)
        labels = {path.key: Sentence(path.label) for path in type_.paths} if type_ else {}
        following = [
            (path, one) for path in (labels or [""]) for one in self._course.after(stop, path)
        ]
        if stop.gone:
            heir: Sequence[Stop] = self._course.after(stop, "")
            return [self._title(one) for one in heir]
        named = len(labels) > 1
        return [
            Sentence("%(path)s: %(event)s", path=labels[path], event=self._title(one))
            if named and path
            else self._title(one)
            for path, one in following
        ]
