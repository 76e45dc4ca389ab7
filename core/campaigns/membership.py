"""Who is in a campaign: its segments' members, and whom people or campaigns add.

Ranges of contact ids are brought up to date in a transaction each, in set-based
SQL. It may run twice at once or be cut off anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, exists, func, literal, select, update

from heliograph.campaigns.bounds import EVERYBODY, Bounds
from heliograph.campaigns.models import (
    BY_CAMPAIGN,
    BY_HAND,
    BY_SEGMENT,
    CANCELLED,
    FINISHED,
    GONE,
    LEFT,
    LIVE,
    NEW,
    REMOVED,
    STAYING,
    Campaign,
    CampaignMember,
    CampaignSegment,
    CampaignStep,
)
from heliograph.contacts.models import Contact
from heliograph.db import (
    change_rows,
    db,
    insert_selected,
    retried_transaction,
    table_of,
    transaction,
    utcnow,
)
from heliograph.deliveries.models import CANCELLED as TEXT_CANCELLED
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.lookups import one_of
from heliograph.segments.models import LEFT_OUT, Segment, SegmentMember
from heliograph.sentences import Sentence

RANGE = 20_000
LATE_WRITERS = timedelta(minutes=10)  # none takes longer to write a step it has begun
LEFT_SEGMENT = Sentence("The contact left the segment.")
COLUMNS = ("campaign_id", "contact_id", "rotation", "status", "origin", "joined_at")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many joined, came back and left."""

    joined: int = 0
    restarted: int = 0
    left: int = 0

    def __str__(self) -> str:
        return f"{self.joined} joined, {self.restarted} came back, {self.left} left"

    def plus(self, other: Rebuilt) -> Rebuilt:
        return Rebuilt(
            self.joined + other.joined,
            self.restarted + other.restarted,
            self.left + other.left,
        )


def rebuild(
    campaign_id: int, bounds: Bounds = EVERYBODY, *, size: int = RANGE, limit: int | None = None
) -> Rebuilt:
    """Bring the members by segment up to date; at most *limit* join, when it is given."""
    begun = utcnow()
    result = Rebuilt()
    low, whole = 0, False
    while not whole:
        high = range_end(campaign_id, low, size)
        whole = high is None
        left = None if limit is None else max(0, limit - result.joined)
        result = result.plus(rebuild_range(campaign_id, bounds, low, high, left))
        low = high or 0
    with transaction():
        sweep(campaign_id, begun - LATE_WRITERS)
        if bounds == EVERYBODY and limit is None:
            one = update(Campaign).where(Campaign.id == campaign_id)
            change_rows(one.values(rebuilt_at=begun))
    return result


def range_end(campaign_id: int, low: int, size: int) -> int | None:
    """The last contact id of the next range; None when it has no end."""
    ends = []
    sources = db.session.scalars(sources_of(campaign_id)).all()
    for source in sources:
        ids = (
            select(SegmentMember.contact_id)
            .where(SegmentMember.segment_id == source, SegmentMember.contact_id > low)
            .order_by(SegmentMember.contact_id)
        )
        ends.append(db.session.scalar(ids.offset(size - 1).limit(1)))
    members = (
        select(CampaignMember.contact_id)
        .where(CampaignMember.campaign_id == campaign_id, CampaignMember.contact_id > low)
        .order_by(CampaignMember.contact_id)
    )
    ends.append(db.session.scalar(members.offset(size - 1).limit(1)))
    db.session.rollback()
    return min((end for end in ends if end is not None), default=None)


def sources_of(campaign_id: int) -> Select[Any]:
    return select(CampaignSegment.segment_id).where(CampaignSegment.campaign_id == campaign_id)


def in_range(column: Any, bounds: Bounds, low: int, high: int | None) -> list[ColumnElement[bool]]:
    found = [column > low, *bounds.of(column)]
    return found if high is None else [*found, column <= high]


def rebuild_range(
    campaign_id: int, bounds: Bounds, low: int, high: int | None, limit: int | None
) -> Rebuilt:
    done = Rebuilt()

    def whole() -> None:
        nonlocal done
        hold_sources(campaign_id)
        now = utcnow()
        campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
        if campaign is None:
            return
        left = leave(campaign_id, bounds, low, high, now)
        back = restart(campaign_id, bounds, low, high, now) if campaign.allow_restart else 0
        done = Rebuilt(join(campaign_id, bounds, low, high, now, limit), back, left)

    retried_transaction(whole)
    return done


def hold_sources(campaign_id: int) -> None:
    """Let nobody leave a source meanwhile: who leaves is looked for among the members."""
    query = select(Segment.id).where(Segment.id.in_(sources_of(campaign_id)))
    db.session.execute(query.order_by(Segment.id).with_for_update(read=True)).all()


def belongs(campaign_id: int, contact_id: Any) -> ColumnElement[bool]:
    """SQL: the contact is a member of one of the sources."""
    return exists().where(
        SegmentMember.contact_id == contact_id,
        SegmentMember.origin != LEFT_OUT,
        SegmentMember.segment_id.in_(sources_of(campaign_id)),
    )


def leave(campaign_id: int, bounds: Bounds, low: int, high: int | None, now: datetime) -> int:
    """Who is in none of the segments any more is out, with what was still to come."""
    contact_id = CampaignMember.contact_id
    gone = (
        update(CampaignMember)
        .where(
            CampaignMember.campaign_id == campaign_id,
            CampaignMember.origin == BY_SEGMENT,
            CampaignMember.status.in_(STAYING),
            *in_range(contact_id, bounds, low, high),
            ~belongs(campaign_id, contact_id),
        )
        .values(status=LEFT, ended_at=now)
        .returning(contact_id)
        .execution_options(synchronize_session=False)
    )
    contact_ids = list(db.session.scalars(gone))
    cancel_steps(campaign_id, contact_ids, LEFT_SEGMENT, now)
    return len(contact_ids)


def restart(campaign_id: int, bounds: Bounds, low: int, high: int | None, now: datetime) -> int:
    contact_id = CampaignMember.contact_id
    back = (*in_range(contact_id, bounds, low, high), belongs(campaign_id, contact_id))
    return change_rows(restarted(campaign_id, now).where(*back))


def restarted(campaign_id: int, now: datetime) -> Update:
    """Of members who have left: they begin anew."""
    again = {"status": NEW, "origin": BY_SEGMENT, "joined_at": now, "ended_at": None}
    return (
        update(CampaignMember)
        .where(CampaignMember.campaign_id == campaign_id, CampaignMember.status == LEFT)
        .values(rotation=CampaignMember.rotation + 1, **again)
    )


def join(
    campaign_id: int,
    bounds: Bounds,
    low: int,
    high: int | None,
    now: datetime,
    limit: int | None,
) -> int:
    known = exists().where(
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.contact_id == SegmentMember.contact_id,
    )
    found = (
        select(SegmentMember.contact_id)
        .where(
            SegmentMember.segment_id.in_(sources_of(campaign_id)),
            SegmentMember.origin != LEFT_OUT,
            *in_range(SegmentMember.contact_id, bounds, low, high),
            ~known,
        )
        .distinct()
        .order_by(SegmentMember.contact_id)
        .limit(limit)
    ).subquery()
    return insert_members(campaign_id, select(found.c.contact_id), BY_SEGMENT, now)


def insert_members(campaign_id: int, ids: Select[Any], origin: str, now: datetime) -> int:
    columns = table_of(CampaignMember).c
    given: dict[str, Any] = {"campaign_id": campaign_id, "rotation": 1, "status": NEW}
    given |= {"origin": origin, "joined_at": now}
    values = {name: literal(value, columns[name].type) for name, value in given.items()}
    chosen = [values.get(name, Contact.id) for name in COLUMNS]
    # held, so that none of them is deleted before its row is written
    query = select(*chosen).where(Contact.id.in_(ids)).order_by(Contact.id)
    query = query.with_for_update(read=True, key_share=True, of=Contact)
    return insert_selected(CampaignMember, COLUMNS, query)


def add_by_hand(campaign_id: int, contact_ids: Sequence[int]) -> int:
    """Add contacts; segments do not take them out. Returns how many begin now.

    Who was in it before begins anew only where the campaign allows it.
    """
    return add_contacts(campaign_id, contact_ids, BY_HAND)


def add_by_campaign(campaign_id: int, contact_ids: Sequence[int]) -> int:
    """The same, for the action of another campaign."""
    return add_contacts(campaign_id, contact_ids, BY_CAMPAIGN)


def add_contacts(campaign_id: int, contact_ids: Sequence[int], origin: str) -> int:
    now = utcnow()
    with transaction() as session:
        campaign = session.get(Campaign, campaign_id, populate_existing=True)
        if campaign is None:
            return 0
        begun = 0
        if campaign.allow_restart:
            over = update(CampaignMember).where(
                CampaignMember.campaign_id == campaign_id,
                CampaignMember.status.in_((FINISHED, *GONE)),
                one_of(CampaignMember.contact_id, contact_ids),
            )
            again = {"status": NEW, "origin": origin, "joined_at": now, "ended_at": None}
            begun += change_rows(over.values(rotation=CampaignMember.rotation + 1, **again))
        chosen = select(Contact.id).where(one_of(Contact.id, contact_ids))
        begun += insert_members(campaign_id, chosen, origin, now)
    return begun


def remove_contacts(campaign_id: int, contact_ids: Sequence[int]) -> int:
    """Take contacts out for good: no segment brings them back. Returns how many were in it."""
    now = utcnow()
    with transaction():
        members = update(CampaignMember).where(
            CampaignMember.campaign_id == campaign_id,
            CampaignMember.status != REMOVED,
            one_of(CampaignMember.contact_id, contact_ids),
        )
        removed = change_rows(members.values(status=REMOVED, ended_at=now))
        cancel_steps(campaign_id, contact_ids, Sentence("The contact was taken out."), now)
    return removed


def cancel_steps(campaign_id: int, contact_ids: Sequence[int], words: str, now: datetime) -> int:
    """End what was still to come, and the texts that nobody has taken up yet."""
    if not contact_ids:
        return 0
    over = {"status": CANCELLED, "reason": "left", "detail": words, "done_at": now}
    steps = (
        update(CampaignStep)
        .where(
            CampaignStep.campaign_id == campaign_id,
            one_of(CampaignStep.contact_id, contact_ids),
            CampaignStep.status.in_(LIVE),
        )
        .values(**over, due_at=None, claim=None)
        .returning(CampaignStep.id)
        .execution_options(synchronize_session=False)
    )
    # the steps first: whoever queues a text just now holds its step, and is waited for
    ids = list(db.session.scalars(steps))
    texts = update(Delivery).where(
        Delivery.source == "campaign",
        one_of(Delivery.source_id, ids),
        Delivery.status == QUEUED,
    )
    ended = {"status": TEXT_CANCELLED, "noted_status": TEXT_CANCELLED, "detail": words}
    if ids:
        change_rows(texts.values(**ended, final_at=now))
    return len(ids)


def sweep(campaign_id: int, since: datetime) -> int:
    """End steps that were laid while their member was leaving."""
    query = select(CampaignMember.contact_id).where(
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.status.in_(GONE),
        CampaignMember.ended_at > since,
    )
    gone = list(db.session.scalars(query))
    return cancel_steps(campaign_id, gone, Sentence("The contact left the campaign."), utcnow())


def count_members(campaign_id: int) -> dict[str, int]:
    """Members by status."""
    query = (
        select(CampaignMember.status, func.count())
        .where(CampaignMember.campaign_id == campaign_id)
        .group_by(CampaignMember.status)
    )
    return {status: count for status, count in db.session.execute(query)}  # noqa: C416
