"""Contacts that go on somewhere else than below: by a jump, or off a deleted event."""

from __future__ import annotations

from sqlalchemy import update

from heliograph.campaigns.course import load_course
from heliograph.campaigns.laying import lay_after
from heliograph.campaigns.models import CampaignMember
from heliograph.db import change_rows
from heliograph.errors import Conflict
from heliograph.events import Batch
from heliograph.lookups import one_of


def jump(batch: Batch, key: str) -> None:
    """Have contacts go on at the event *key*, in a new rotation.

    Runs inside the step's transaction; raises Conflict when the event is gone.
    """
    course = load_course(batch.campaign_id)
    target = course.find(key)
    if target is None:
        raise Conflict(f"There is no event {key!r} in this campaign to go on at.")
    change_rows(
        update(CampaignMember)
        .where(
            CampaignMember.campaign_id == batch.campaign_id,
            one_of(CampaignMember.contact_id, batch.contact_ids),
        )
        .values(rotation=CampaignMember.rotation + 1)
    )
    step_ids = [place.step_id for place in batch.places]
    lay_after(course, target, step_ids, batch.contact_ids, batch.now, anew=True)
