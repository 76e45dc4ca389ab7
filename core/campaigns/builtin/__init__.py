"""Core's own actions, decisions and conditions, handed over by the hooks that plugins use."""

from __future__ import annotations

from collections.abc import Sequence

from heliograph.actions import Action
from heliograph.campaigns.builtin import (
    campaigns,
    contacts,
    decisions,
    dnc,
    fields,
    looks,
    split,
    staff,
    webhook,
)
from heliograph.campaigns.leavers import followed_segments, note_left
from heliograph.campaigns.merging import merge_journeys
from heliograph.campaigns.newcomers import let_join
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.events import Condition, Decision
from heliograph.hookspecs import hookimpl


@hookimpl
def register_actions() -> list[Action]:
    return [
        contacts.CHANGE_SEGMENTS,
        contacts.CHANGE_TAGS,
        fields.CHANGE_FIELD,
        dnc.ADD_DNC,
        dnc.REMOVE_DNC,
        campaigns.CHANGE_CAMPAIGNS,
        campaigns.JUMP,
        staff.TEXT_STAFF,
        webhook.WEBHOOK,
    ]


@hookimpl
def register_decisions() -> list[Decision]:
    return [
        decisions.REPLIES,
        decisions.CLICKS,
        decisions.DELIVERED,
        decisions.FAILED,
        decisions.OPTED_OUT,
    ]


@hookimpl
def register_conditions() -> list[Condition]:
    return [
        looks.FIELD_VALUE,
        looks.HAS_TAG,
        looks.IN_SEGMENT,
        looks.ON_DNC,
        looks.VALID_MOBILE,
        looks.COUNTRY,
        looks.IN_CAMPAIGN,
        looks.RECEIVED,
        split.SPLIT,
    ]


@hookimpl
def contacts_merging(winner_id: int, loser_id: int) -> None:
    """In a campaign that both are in one journey goes on: else texts would go out twice."""
    merge_journeys(winner_id, loser_id, db.session.get_one(Contact, winner_id).mobile)


@hookimpl
def contacts_merged(winner_id: int) -> None:
    """Note whom the merge took out of segments: the one row left may say *left out*."""
    note_left([winner_id])


@hookimpl
def segments_followed() -> set[int]:
    return followed_segments()


@hookimpl
def segment_members_left(contact_ids: Sequence[int]) -> None:
    note_left(contact_ids)


@hookimpl
def segments_refreshed(contact_ids: Sequence[int]) -> None:
    let_join(contact_ids)
