"""What a simulation needs of the real database: read in one go, then let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select

from heliograph.campaigns.canvas import Canvas, read_canvas
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.library import get_campaign
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignMember, CampaignVersion
from heliograph.campaigns.simulation.description import Simulation
from heliograph.contacts.models import Contact, CustomField, Tag, contact_tags
from heliograph.db import Model, db, table_of
from heliograph.deliveries.models import WITH_PROVIDER, Delivery
from heliograph.dnc import Dnc, DncBeneath
from heliograph.errors import BadInput, Conflict
from heliograph.host import PluginInfo, current_host
from heliograph.host.state import states
from heliograph.installation import current_settings
from heliograph.messages.models import TextMessage
from heliograph.phone import looks_like_number, parse_number
from heliograph.segments.models import Segment, SegmentMember
from heliograph.settings import Settings
from heliograph.users import User

Rows = list[dict[str, Any]]
UNPUBLISHED = {
    "published": False,
    **dict.fromkeys(("version_id", "published_at", "held_at", "rebuilt_at", "rebuild_due_at")),
}


@dataclass(slots=True)
class Material:
    """Rows by table, in an order that foreign keys allow; plugins with (enabled, default)."""

    settings: Settings
    canvas: Canvas
    version: int | None = None
    rows: list[tuple[Table, Rows]] = field(default_factory=list)
    plugins: list[tuple[PluginInfo, bool, bool]] = field(default_factory=list)
    built_in: list[PluginInfo] = field(default_factory=list)

    def take(self, table: type[Model] | Table, *where: ColumnElement[bool], **over: Any) -> Rows:
        """Copy the rows that *where* finds, with the values *over* in place of theirs."""
        source = table if isinstance(table, Table) else table_of(table)
        found = db.session.execute(select(source).where(*where)).mappings()
        rows = [dict(row) | over for row in found]
        self.rows.append((source, rows))
        return rows


def gather(simulation: Simulation) -> Material:
    """Raises NotFound, Conflict and BadInput when what is named is not there."""
    try:
        return gathered(simulation)
    finally:
        db.session.rollback()


def gathered(simulation: Simulation) -> Material:
    campaign = get_campaign(simulation.campaign_id)
    number, drawn = chosen_canvas(campaign, published=simulation.published)
    host, known = current_host(), states()
    in_use = host.provider_in_use()
    found = Material(current_settings(), read_canvas(drawn), number, built_in=host.built_in())
    for info in host.sound():
        state = known.get(info.name)
        found.plugins.append((info, state is not None and state.enabled, info.name == in_use))
    people = [person.contact_id for person in simulation.cast if person.contact_id]
    named = Named(found.canvas)
    region = found.settings.region
    named.numbers |= typed_numbers(simulation, region) | written_numbers(named.words, region)
    copy_people(found, people, named)
    copy_things(found, people, named)
    copy_campaigns(found, campaign.id, people, named)
    return found


def chosen_canvas(campaign: Campaign, *, published: bool) -> tuple[int | None, Any]:
    if not published:
        return None, campaign.draft
    version = db.session.get(CampaignVersion, campaign.version_id) if campaign.version_id else None
    if version is None:
        raise Conflict(f"Campaign {campaign.id} was never published: simulate its draft.")
    return version.number, version.canvas


def copy_people(found: Material, people: list[int], named: Named) -> None:
    contacts = select(Contact.owner_id).where(Contact.id.in_(people))
    found.take(User, User.id.in_(contacts), password_hash="")  # nobody signs in there
    rows = found.take(Contact, Contact.id.in_(people))
    missing = sorted(set(people) - {row["id"] for row in rows})
    if missing:
        mend = "Take it out of the cast."
        raise BadInput("cast contact_id", "is no contact", value=missing[0], mend=mend)
    theirs = select(contact_tags.c.tag_id).where(contact_tags.c.contact_id.in_(people))
    found.take(Tag, or_(Tag.id.in_(theirs), Tag.name.in_(named.words)))
    found.take(contact_tags, contact_tags.c.contact_id.in_(people))
    found.take(CustomField)
    numbers = {row["mobile"] for row in rows if row["mobile"]}
    numbers |= named.numbers
    found.take(Dnc, Dnc.number.in_(numbers))
    found.take(DncBeneath, DncBeneath.number.in_(numbers))


def typed_numbers(simulation: Simulation, region: str) -> set[str]:
    """Numbers of people who are made up; those that are none are refused later."""
    typed = {person.mobile for person in simulation.cast if not person.contact_id}
    return written_numbers(typed, region)


def written_numbers(words: Iterable[str], region: str) -> set[str]:
    """Those of *words* that are numbers: a campaign may text your own staff."""
    found = set()
    for word in words:
        if looks_like_number(word):
            with suppress(BadInput):
                found.add(parse_number(word, region=region).e164)
    return found


def copy_things(found: Material, people: list[int], named: Named) -> None:
    """Segments with the cast in them, messages, and whether the cast got those before."""
    wanted = set(named.segments)
    while True:  # segments that segments name
        filters = db.session.scalars(select(Segment.filters).where(Segment.id.in_(wanted)))
        more = {one for each in filters for one in named_in(each, "segment")} - wanted
        if not more:
            break
        wanted |= more
    rows = found.take(Segment, Segment.id.in_(wanted), member_count=0)
    found.take(
        SegmentMember, SegmentMember.segment_id.in_(wanted), SegmentMember.contact_id.in_(people)
    )
    messages = set(named.messages)
    for row in rows:
        messages |= named_in(row["filters"], "received_message")
    found.take(TextMessage, TextMessage.id.in_(messages))
    # what they got before is known by the message: nothing else of it matters here
    loose = {"source": "api", "source_id": None, "broadcast_id": None, "campaign_id": None}
    found.take(
        Delivery,
        Delivery.contact_id.in_(people),
        Delivery.message_id.in_(messages),
        Delivery.status.in_(WITH_PROVIDER),
        **loose,
    )


def copy_campaigns(found: Material, campaign_id: int, people: list[int], named: Named) -> None:
    """Others are there to be named: nothing happens in them."""
    others = named.campaigns - {campaign_id}
    found.take(Campaign, Campaign.id == campaign_id, **UNPUBLISHED, draft=found.canvas.stored())
    found.take(Campaign, Campaign.id.in_(others), **UNPUBLISHED, draft={})
    # with their ids, so that a split draws as it does really
    found.take(CampaignEvent, CampaignEvent.campaign_id == campaign_id)
    found.take(
        CampaignMember,
        CampaignMember.contact_id.in_(people),
        CampaignMember.campaign_id.in_(others),
    )


class Named:
    """What the canvas names: ids of segments, messages and campaigns, and words."""

    def __init__(self, canvas: Canvas) -> None:
        self.segments = set(canvas.sources)
        self.messages: set[int] = set()
        self.campaigns: set[int] = set()
        self.words: set[str] = set()
        self.numbers: set[str] = set()
        places = {"segments": self.segments, "campaigns": self.campaigns}
        places |= {"messages": self.messages, "any_messages": self.messages}
        types = EventTypes()
        for event in canvas.events:
            self.words |= {one for one in scalars(event.config) if isinstance(one, str)}
            self.segments |= named_in(event.config, "segment")
            self.messages |= named_in(event.config, "received_message")
            type_ = types.get(event.type)
            fields = type_.made.config_model.model_fields if type_ else {}
            for name, info in fields.items():
                extra = info.json_schema_extra
                kind = extra.get("choices_from") if isinstance(extra, Mapping) else None
                if kind in places:
                    places[str(kind)] |= ids_in(event.config.get(name))


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from scalars(one)
    else:
        yield value


def ids_in(value: Any) -> set[int]:
    """Whatever may be an id in it."""
    texts = {str(one) for one in scalars(value) if isinstance(one, int | str)}
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19}


def named_in(filters: Any, subject: str) -> set[int]:
    """Ids that conditions on *subject* name, anywhere in filters."""
    found: set[int] = set()
    nodes: list[Any] = [filters]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Mapping):
            if node.get("field") == subject:
                found |= ids_in(node.get("value"))
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return found
