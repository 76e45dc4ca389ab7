"""Merging two contacts who are both in a campaign: one journey goes on, the other ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from heliograph.campaigns.membership import cancel_steps
from heliograph.campaigns.models import (
    ACTIVE,
    BY_SEGMENT,
    FINISHED,
    GONE,
    LEFT,
    NEW,
    REMOVED,
    SENDING,
    CampaignMember,
    CampaignStep,
)
from heliograph.db import change_rows, db, utcnow
from heliograph.deliveries.models import QUEUED, Delivery
from heliograph.sentences import Sentence

# how far somebody has come; whom a person or a campaign took out is out
RANK = {LEFT: 0, FINISHED: 1, NEW: 2, ACTIVE: 3, REMOVED: 4}
MERGED = Sentence("The contact was merged with another one, whose journey goes on.")
OUT = Sentence("The contact was merged with another one, which was taken out.")


def merge_journeys(winner_id: int, loser_id: int, mobile: str | None) -> None:
    """Let one journey go on in each campaign that both contacts are in, and end the other.

    Runs in the transaction that merges, before the loser's rows are handed over; *mobile*
    is the number that is left. Past steps of both are kept.
    """
    lock_steps(winner_id, loser_id)
    for winner, loser in pairs(winner_id, loser_id):
        if outranks(loser, winner):
            end_journey(winner, loser)
            take_over(winner, loser)
        else:
            end_journey(loser, winner)
    hand_over_steps(winner_id, loser_id)
    readdress(winner_id, loser_id, mobile)


def lock_steps(winner_id: int, loser_id: int) -> None:
    """Lock steps before members, as the engine does; a locked contact gets no new steps."""
    steps = select(CampaignStep.id).where(CampaignStep.contact_id.in_((winner_id, loser_id)))
    db.session.execute(steps.order_by(CampaignStep.id).with_for_update()).all()


def pairs(winner_id: int, loser_id: int) -> Sequence[tuple[CampaignMember, CampaignMember]]:
    """The memberships of both, in campaigns that both are or were in."""
    query = (
        select(CampaignMember)
        .where(CampaignMember.contact_id.in_((winner_id, loser_id)))
        .order_by(CampaignMember.campaign_id, CampaignMember.contact_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: dict[int, dict[int, CampaignMember]] = {}
    for member in db.session.scalars(query):
        found.setdefault(member.campaign_id, {})[member.contact_id] = member
    return [(both[winner_id], both[loser_id]) for both in found.values() if len(both) == 2]


def outranks(loser: CampaignMember, winner: CampaignMember) -> bool:
    """Whether the loser's journey is the one that goes on, or the decision that holds."""
    if was_added_after(loser, winner):
        return True
    if was_added_after(winner, loser):
        return False
    return RANK[loser.status] > RANK[winner.status]


def was_added_after(one: CampaignMember, other: CampaignMember) -> bool:
    """Whether *one* was added by hand, or by a campaign, after *other* was taken out."""
    if other.status != REMOVED or one.status in GONE or one.origin == BY_SEGMENT:
        return False
    return other.ended_at is None or one.joined_at > other.ended_at


def end_journey(ending: CampaignMember, going: CampaignMember) -> None:
    """Cancel what was still to come, and put past steps before those of the other journey."""
    words = OUT if going.status == REMOVED else MERGED
    cancel_steps(ending.campaign_id, [ending.contact_id], words, utcnow())
    steps = (CampaignStep.contact_id, CampaignStep.campaign_id == ending.campaign_id)
    first, last = bounds(steps[1], ending.contact_id)
    if first is None or last is None:
        return
    kept, _ = bounds(steps[1], going.contact_id)
    # by more than their own range, so that no two collide while the UPDATE runs
    back = last - min(first, going.rotation if kept is None else kept) + 1
    past = update(CampaignStep).where(steps[0] == ending.contact_id, steps[1])
    change_rows(past.values(rotation=CampaignStep.rotation - back))


def bounds(in_campaign: Any, contact_id: int) -> tuple[int | None, int | None]:
    """The first and the last rotation in which the contact has steps."""
    query = select(func.min(CampaignStep.rotation), func.max(CampaignStep.rotation))
    row = db.session.execute(query.where(CampaignStep.contact_id == contact_id, in_campaign)).one()
    return row[0], row[1]


def take_over(winner: CampaignMember, loser: CampaignMember) -> None:
    """Make the loser's membership the winner's."""
    for name in ("rotation", "status", "origin", "joined_at", "ended_at"):
        setattr(winner, name, getattr(loser, name))
    if winner.status == REMOVED:  # steps that are being created right now are cancelled by it
        winner.ended_at = utcnow()
    db.session.flush()


def hand_over_steps(winner_id: int, loser_id: int) -> None:
    steps = update(CampaignStep).where(CampaignStep.contact_id == loser_id)
    change_rows(steps.values(contact_id=winner_id))


def readdress(winner_id: int, loser_id: int, mobile: str | None) -> None:
    """Texts that wait for their turn go to the number that is left."""
    steps = select(CampaignStep.id).where(
        CampaignStep.contact_id == winner_id, CampaignStep.status == SENDING
    )
    texts = update(Delivery).where(
        Delivery.source == "campaign",
        Delivery.source_id.in_(steps),
        Delivery.contact_id == loser_id,
        Delivery.status == QUEUED,
    )
    if mobile:
        change_rows(texts.values(number=mobile))
