"""Actions that put contacts into segments and tag them, or undo that."""

from __future__ import annotations

from pydantic import Field, model_validator

from heliograph.actions import Action, ActionBatch
from heliograph.contacts.tags import clean_names, tag_contacts, untag_contacts
from heliograph.events import EventConfig
from heliograph.segments.members import add_members, remove_members

NOTHING = "nothing is to be added or removed"


class ChangeSegments(EventConfig):
    add: list[int] = Field(
        default_factory=list,
        title="Add to segments",
        description="Choose segments, here or below",
        json_schema_extra={"choices_from": "segments"},
    )
    remove: list[int] = Field(
        default_factory=list,
        title="Remove from segments",
        description="For good: their filters do not bring the contact back",
        json_schema_extra={"choices_from": "segments"},
    )

    @model_validator(mode="after")
    def does_something(self) -> ChangeSegments:
        if not self.add and not self.remove:
            raise ValueError(NOTHING)
        return self


def change_segments(batch: ActionBatch) -> None:
    for segment_id in sorted(batch.config.add):
        add_members(segment_id, batch.contact_ids)
    for segment_id in sorted(batch.config.remove):
        remove_members(segment_id, batch.contact_ids)


CHANGE_SEGMENTS = Action(
    key="core.change_segments",
    label="Change segments",
    config_model=ChangeSegments,
    run_many=change_segments,
    help="Adds the contact to segments by hand, or takes it out of them.",
    icon="people",
)


class ChangeTags(EventConfig):
    add: list[str] = Field(
        default_factory=list,
        title="Add tags",
        description="Choose or write tags, here or below",
        json_schema_extra={"choices_from": "tags"},
    )
    remove: list[str] = Field(
        default_factory=list,
        title="Remove tags",
        description="Choose or write tags",
        json_schema_extra={"choices_from": "tags"},
    )

    @model_validator(mode="after")
    def does_something(self) -> ChangeTags:
        if not self.add and not self.remove:
            raise ValueError(NOTHING)
        return self


def check_tags(config: ChangeTags) -> None:
    clean_names([*config.add, *config.remove])


def change_tags(batch: ActionBatch) -> None:
    tag_contacts(batch.contact_ids, batch.config.add)
    untag_contacts(batch.contact_ids, batch.config.remove)


CHANGE_TAGS = Action(
    key="core.change_tags",
    label="Change tags",
    config_model=ChangeTags,
    run_many=change_tags,
    check=check_tags,
    help="Puts tags on the contact, or takes them off.",
    icon="tags",
)
