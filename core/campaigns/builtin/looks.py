"""Conditions: what is known of contacts, by the machinery of segment filters."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from heliograph.campaigns.models import ACTIVE, NEW, CampaignMember
from heliograph.contacts.countries import country_codes
from heliograph.contacts.models import NUMBER_OK, Contact
from heliograph.db import db
from heliograph.dnc import REASONS, SMS, Dnc
from heliograph.errors import BadInput
from heliograph.events import Batch, Condition, EventConfig, yes_or_no
from heliograph.lookups import one_of
from heliograph.segments.filters import check_filters, compile_filters

Match = Literal["any", "all", "none"]


def matching(batch: Batch, filters: dict[str, Any]) -> Collection[int]:
    """Those of the batch whom segment filters find."""
    query = compile_filters(filters, now=batch.now)
    return db.session.scalars(query.where(one_of(Contact.id, batch.contact_ids))).all()


class FieldValue(EventConfig):
    field: str = Field(
        title="Field",
        description="Which field of the contact",
        min_length=1,
        json_schema_extra={"choices_from": "fields", "ui": "filter"},
    )
    operator: str = Field(
        title="Is",
        description="How it is compared",
        min_length=1,
        json_schema_extra={"choices_from": "operators"},
    )
    value: Any = Field(
        default=None, title="Value", description="What it is compared with; as in segments"
    )

    def filters(self) -> dict[str, Any]:
        found = {"field": self.field, "operator": self.operator}
        return found if self.value in (None, "") else found | {"value": self.value}


FIELD_VALUE = Condition(
    key="core.field_value",
    label="Field value",
    config_model=FieldValue,
    choose=yes_or_no(lambda batch: matching(batch, batch.config.filters())),
    check=lambda config: check_all(config.filters()),
    help="Compares a field of the contact, by every operator that segments have.",
    icon="input-cursor-text",
)


def check_all(filters: dict[str, Any]) -> None:
    """Raises BadInput in the words of the form, not of a tree of filters."""
    try:
        check_filters(filters)
    except BadInput as error:
        field = error.field.removeprefix("filters.")
        raise BadInput(field, error.problem, value=error.value, mend=error.mend) from None


class HasTag(EventConfig):
    tags: list[str] = Field(
        title="Tags",
        description="Choose or write tags",
        min_length=1,
        json_schema_extra={"choices_from": "tags"},
    )
    match: Match = Field(default="any", title="Which", description="Any, all or none of them")


HAS_TAG = Condition(
    key="core.has_tag",
    label="Tag",
    config_model=HasTag,
    choose=yes_or_no(
        lambda batch: matching(
            batch,
            {"field": "tag", "operator": f"has_{batch.config.match}", "value": batch.config.tags},
        )
    ),
    help="Looks whether the contact has tags.",
    icon="tag",
)


class InSegment(EventConfig):
    segments: list[int] = Field(
        title="Segments",
        description="Choose segments",
        min_length=1,
        json_schema_extra={"choices_from": "segments"},
    )
    match: Match = Field(default="any", title="Which", description="Any, all or none of them")


IN_SEGMENT = Condition(
    key="core.in_segment",
    label="Segment",
    config_model=InSegment,
    choose=yes_or_no(
        lambda batch: matching(
            batch,
            {
                "field": "segment",
                "operator": f"has_{batch.config.match}",
                "value": batch.config.segments,
            },
        )
    ),
    help="Looks whether the contact is in segments.",
    icon="people",
)


class OnDnc(EventConfig):
    reason: Literal["any", "unsubscribed", "elsewhere", "bounced", "manual"] = Field(
        default="any", title="Reason", description="Why the number is on the list"
    )


def on_dnc(batch: Batch) -> Collection[int]:
    reasons = REASONS if batch.config.reason == "any" else (batch.config.reason,)
    query = (
        select(Contact.id)
        .join(Dnc, (Dnc.number == Contact.mobile) & (Dnc.channel == SMS))
        .where(one_of(Contact.id, batch.contact_ids), Dnc.reason.in_(reasons))
    )
    return db.session.scalars(query).all()


ON_DNC = Condition(
    key="core.on_dnc",
    label="Do-not-contact",
    config_model=OnDnc,
    choose=yes_or_no(on_dnc),
    help="Looks whether the contact's number is on do-not-contact.",
    icon="slash-circle",
    group="Do-not-contact",
)


class NoConfig(EventConfig):
    """Nothing to ask for."""


def with_valid_mobile(batch: Batch) -> Collection[int]:
    query = select(Contact.id).where(
        one_of(Contact.id, batch.contact_ids),
        Contact.mobile.is_not(None),
        Contact.mobile != "",
        Contact.number_status == NUMBER_OK,
    )
    return db.session.scalars(query).all()


VALID_MOBILE = Condition(
    key="core.valid_mobile",
    label="Has a valid mobile number",
    config_model=NoConfig,
    choose=yes_or_no(with_valid_mobile),
    help="Looks whether the contact has a number that no provider has called invalid.",
    icon="phone",
)


class InCountry(EventConfig):
    countries: list[str] = Field(
        title="Countries",
        description="Two letters each, such as FR",
        min_length=1,
        json_schema_extra={"choices_from": "countries"},
    )


def check_countries(config: InCountry) -> None:
    for code in config.countries:
        if code not in country_codes():
            mend = "Use two capital letters such as FR."
            raise BadInput("countries", "is no country", value=code, mend=mend)


def in_country(batch: Batch) -> Collection[int]:
    query = select(Contact.id).where(
        one_of(Contact.id, batch.contact_ids), Contact.country.in_(batch.config.countries)
    )
    return db.session.scalars(query).all()


COUNTRY = Condition(
    key="core.country",
    label="Country",
    config_model=InCountry,
    choose=yes_or_no(in_country),
    check=check_countries,
    help="Looks in which country the contact lives.",
    icon="globe",
)


class InCampaign(EventConfig):
    campaigns: list[int] = Field(
        title="Campaigns",
        description="Choose campaigns",
        min_length=1,
        json_schema_extra={"choices_from": "campaigns"},
    )
    state: Literal["active", "ever"] = Field(
        default="active", title="Now or ever", description="In it now, or at any time"
    )


def in_campaign(batch: Batch) -> Collection[int]:
    query = select(CampaignMember.contact_id).where(
        one_of(CampaignMember.contact_id, batch.contact_ids),
        CampaignMember.campaign_id.in_(batch.config.campaigns),
    )
    if batch.config.state == "active":
        query = query.where(CampaignMember.status.in_((NEW, ACTIVE)))
    return db.session.scalars(query).all()


IN_CAMPAIGN = Condition(
    key="core.in_campaign",
    label="In a campaign",
    config_model=InCampaign,
    choose=yes_or_no(in_campaign),
    help="Looks whether the contact is in other campaigns.",
    icon="diagram-3",
    group="Campaign",
)


class Received(EventConfig):
    messages: list[int] = Field(
        title="Text messages",
        description="Choose text messages",
        min_length=1,
        json_schema_extra={"choices_from": "any_messages"},
    )


RECEIVED = Condition(
    key="core.received_message",
    label="Has received a text message",
    config_model=Received,
    choose=yes_or_no(
        lambda batch: matching(
            batch,
            {
                "field": "received_message",
                "operator": "received",
                "value": batch.config.messages,
            },
        )
    ),
    check=lambda config: check_all(
        {"field": "received_message", "operator": "received", "value": config.messages}
    ),
    help="Looks whether a provider took one of these texts to the contact.",
    icon="envelope-check",
    group="Texts",
)
