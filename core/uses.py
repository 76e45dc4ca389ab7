"""Where a segment, message, campaign, field or tag is used: checked before it is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignSegment
from heliograph.contacts.fields import Field, contact_fields
from heliograph.db import db, dialect_name
from heliograph.errors import BadInput, Conflict
from heliograph.imports.models import PENDING, RUNNING, UPLOADED, Import
from heliograph.messages.models import TextMessage
from heliograph.messages.tokens import compile_text
from heliograph.segments.filters import children
from heliograph.segments.models import Segment

SEGMENTS, MESSAGES, CAMPAIGNS = "segments", "messages", "campaigns"
FIELDS, TAGS = "fields", "tags"
CHOICES = {"any_messages": MESSAGES}  # hints of forms that mean the same
ABOUT_MESSAGES = {"received_message", "replied", "clicked"}
MOST = 5  # uses that an error names
KEY = 0x48454C4950  # of the advisory lock; any number that nobody else uses


@dataclass(frozen=True, slots=True)
class Thing:
    """`kind` is one of the above; `key` an id, alias or name; `name` is what filters may say."""

    kind: str
    key: int | str
    name: str = ""

    def is_named_by(self, value: object) -> bool:
        for one in value if isinstance(value, list) else [value]:
            if one == self.key or (self.name and one == self.name):
                return True
            if isinstance(self.key, int) and isinstance(one, str) and one == str(self.key):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Use:
    """A place that names it: a message, a segment, or a campaign (its sources, or an event)."""

    kind: str
    id: int
    name: str
    event: str = ""
    key: str = ""

    def __str__(self) -> str:
        where = f" (event {self.event!r})" if self.event else ""
        return f"the {self.kind} {self.name!r}{where}"


def while_naming() -> None:
    """Until this transaction ends nothing that it names is deleted. Before other locks."""
    wait_for(func.pg_advisory_xact_lock_shared(KEY))


def while_deleting() -> None:
    """Until this transaction ends nobody begins to name what it deletes. Before other locks."""
    wait_for(func.pg_advisory_xact_lock(KEY))


def wait_for(lock: Any) -> None:
    if dialect_name() == "postgresql":  # SQLite has one writer
        db.session.execute(select(lock))


def refuse_used(thing: Thing, words: str) -> None:
    """Raise Conflict when anything names it; *words* say what it is: `The segment 'VIP'`."""
    uses = uses_of(thing)
    if not uses:
        return
    shown = ", ".join(str(use) for use in uses[:MOST])
    more = f" and {len(uses) - MOST} more" if len(uses) > MOST else ""
    raise Conflict(
        f"{words} is used by {shown}{more}. Take it out there first; of campaigns, publish that."
    )


def uses_of(thing: Thing) -> list[Use]:
    """All places that name it: published events, sources, texts, filters."""
    fields = contact_fields()
    return [
        *in_messages(thing, fields),
        *in_segments(thing),
        *in_campaigns(thing, fields),
        *in_imports(thing),
    ]


def in_messages(thing: Thing, fields: Mapping[str, Field]) -> Iterator[Use]:
    if thing.kind not in (SEGMENTS, FIELDS):
        return
    for message in db.session.scalars(select(TextMessage).order_by(TextMessage.id)):
        if thing.kind == FIELDS:
            named = names_field(message.text, thing, fields)
        else:
            named = any(segment.id == thing.key for segment in message.segments)
        if named:
            yield Use("text message", message.id, message.name)


def in_imports(thing: Thing) -> Iterator[Use]:
    """Those that have not ended: their files are read by the fields they were mapped to."""
    if thing.kind != FIELDS:
        return
    waiting = select(Import).where(Import.status.in_((UPLOADED, PENDING, RUNNING)))
    for job in db.session.scalars(waiting.order_by(Import.id)):
        if thing.key in job.mapping.values():
            yield Use("import", job.id, job.filename)


def in_segments(thing: Thing) -> Iterator[Use]:
    for segment in db.session.scalars(select(Segment).order_by(Segment.id)):
        if names_in_filters(segment.filters, thing):
            yield Use("segment", segment.id, segment.name)


def in_campaigns(thing: Thing, fields: Mapping[str, Field]) -> Iterator[Use]:
    if thing.kind == SEGMENTS:
        fed = select(Campaign).join(CampaignSegment, CampaignSegment.campaign_id == Campaign.id)
        fed = fed.where(CampaignSegment.segment_id == thing.key).order_by(Campaign.id)
        for campaign in db.session.scalars(fed):
            yield Use("campaign", campaign.id, campaign.name)
    types = EventTypes()
    query = (
        select(CampaignEvent, Campaign.name)
        .join(Campaign, Campaign.id == CampaignEvent.campaign_id)
        .where(CampaignEvent.deleted_at.is_(None))
        .order_by(Campaign.id, CampaignEvent.position)
    )
    for event, name in db.session.execute(query):
        if thing.kind == CAMPAIGNS and event.campaign_id == thing.key:
            continue
        if names_in_event(event, thing, types, fields):
            type_ = types.get(event.type)
            title = event.name or (type_.made.label if type_ else event.type)
            yield Use("campaign", event.campaign_id, name, title, event.key)


def names_in_event(
    event: CampaignEvent, thing: Thing, types: EventTypes, fields: Mapping[str, Field]
) -> bool:
    """Whether its form, a filter in it or a token of a text in it names the thing."""
    type_ = types.get(event.type)
    config = event.config
    if type_ is not None:
        for name, info in type_.made.config_model.model_fields.items():
            extra = info.json_schema_extra
            hint = extra.get("choices_from") if isinstance(extra, Mapping) else None
            given = config.get(name, info.get_default(call_default_factory=True))
            if CHOICES.get(str(hint), hint) == thing.kind and thing.is_named_by(given):
                return True
    if "field" in config and "operator" in config and names_in_filters(config, thing):
        return True
    if thing.kind != FIELDS:
        return False
    values = [one for value in config.values() for one in as_list(value)]
    return any(names_field(one, thing, fields) for one in values if isinstance(one, str))


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def names_in_filters(filters: object, thing: Thing) -> bool:
    level: list[object] = [filters]
    while level:
        leaves = [node for node in level if isinstance(node, dict) and "field" in node]
        if any(names_in_condition(leaf, thing) for leaf in leaves):
            return True
        level = [child for node in level for child in children(node)]
    return False


def names_in_condition(leaf: Mapping[str, Any], thing: Thing) -> bool:
    field, value = leaf.get("field"), leaf.get("value")
    if thing.kind == FIELDS:
        return bool(field == thing.key)
    if thing.kind == MESSAGES:
        about = field == "received_message" or "message" in str(leaf.get("operator"))
        return field in ABOUT_MESSAGES and about and thing.is_named_by(value)
    subject = {SEGMENTS: "segment", TAGS: "tag"}.get(thing.kind)
    return field == subject and thing.is_named_by(value)


def names_field(text: str, thing: Thing, fields: Mapping[str, Field]) -> bool:
    if "{" not in text:
        return False
    try:
        return thing.key in compile_text(text, dict(fields)).fields
    except BadInput:
        return False
