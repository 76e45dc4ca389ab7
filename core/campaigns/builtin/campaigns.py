"""Actions that move contacts: into and out of campaigns, and to another event."""

from __future__ import annotations

from pydantic import Field, model_validator

from heliograph.actions import Action, ActionBatch
from heliograph.campaigns.loops import JUMP as JUMP_KEY
from heliograph.campaigns.membership import add_by_campaign, remove_contacts
from heliograph.campaigns.moving import jump
from heliograph.campaigns.things import MOVES
from heliograph.events import EventConfig


class ChangeCampaigns(EventConfig):
    add_to: list[int] = Field(
        default_factory=list,
        title="Add to campaigns",
        description="Choose campaigns, here or below",
        json_schema_extra={"choices_from": "campaigns"},
    )
    remove_from: list[int] = Field(
        default_factory=list,
        title="Remove from campaigns",
        description="Choose campaigns; this one too may be left",
        json_schema_extra={"choices_from": "campaigns"},
    )

    @model_validator(mode="after")
    def does_something(self) -> ChangeCampaigns:
        if not self.add_to and not self.remove_from:
            raise ValueError("nothing is to be added or removed")
        return self


def change_campaigns(batch: ActionBatch) -> None:
    for campaign_id in sorted(batch.config.remove_from):
        remove_contacts(campaign_id, batch.contact_ids)
    for campaign_id in sorted(batch.config.add_to):
        add_by_campaign(campaign_id, batch.contact_ids)


CHANGE_CAMPAIGNS = Action(
    key=MOVES,
    label="Change campaigns",
    config_model=ChangeCampaigns,
    run_many=change_campaigns,
    help="Adds the contact to campaigns, or takes it out of them.",
    icon="diagram-3",
    group="Campaign",
)


class Jump(EventConfig):
    event: str = Field(
        title="Event",
        description="Where contacts go on",
        min_length=1,
        max_length=40,
        json_schema_extra={"choices_from": "events"},
    )


def run_jump(batch: ActionBatch) -> None:
    jump(batch, batch.config.event)


JUMP = Action(
    key=JUMP_KEY,
    label="Jump to an event",
    config_model=Jump,
    run_many=run_jump,
    help="Contacts go on at another event of this campaign, and may take its steps again.",
    icon="arrow-return-right",
    group="Campaign",
    paths=(),
)
