"""Those who were noted as leavers leave, and begin anew where they are back already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from heliograph.campaigns.leavers import is_leaving, stays_by_segment
from heliograph.campaigns.membership import LEFT_SEGMENT, belongs, cancel_steps, restarted
from heliograph.campaigns.models import LEFT, Campaign, CampaignLeaver, CampaignMember
from heliograph.db import change_rows, db, dialect_name, retried_transaction, table_of, utcnow
from heliograph.lookups import one_of, read_rows

AT_ONCE = 500


def let_leave() -> int:
    """Let the next of those who were noted leave; returns how many notes that were."""
    rows: list[Any] = []
    columns = table_of(CampaignLeaver).c
    query = select(columns.id, columns.member_id).order_by(columns.id).limit(AT_ONCE)
    if dialect_name() == "postgresql":
        query = query.with_for_update(skip_locked=True)

    def whole() -> None:
        rows[:] = read_rows(query)
        if rows:
            take_out([row.member_id for row in rows])
            noted = delete(CampaignLeaver)
            change_rows(noted.where(one_of(CampaignLeaver.id, [row.id for row in rows])))

    retried_transaction(whole)
    return len(rows)


def take_out(member_ids: Sequence[int]) -> None:
    """Take members out unless they joined anew since the note. Runs inside a transaction."""
    now = utcnow()
    gone = (
        update(CampaignMember)
        .where(one_of(CampaignMember.id, member_ids), *stays_by_segment(), is_leaving())
        .values(status=LEFT, ended_at=now)
        .returning(CampaignMember.campaign_id, CampaignMember.contact_id)
        .execution_options(synchronize_session=False)
    )
    by_campaign: dict[int, list[int]] = defaultdict(list)
    for campaign_id, contact_id in db.session.execute(gone):
        by_campaign[campaign_id].append(contact_id)
    for campaign_id, contact_ids in sorted(by_campaign.items()):
        cancel_steps(campaign_id, contact_ids, LEFT_SEGMENT, now)
        campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
        if campaign is not None and campaign.allow_restart and campaign.is_open(now):
            back = belongs(campaign_id, CampaignMember.contact_id)
            them = one_of(CampaignMember.contact_id, contact_ids)
            change_rows(restarted(campaign_id, now).where(them, back))
