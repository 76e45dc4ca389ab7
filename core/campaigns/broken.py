"""Why an event fails for everybody: what it names is not there any more, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select

from heliograph.campaigns.course import Stop
from heliograph.campaigns.events import EventType, EventTypes
from heliograph.campaigns.models import WAITING, Campaign, CampaignStep
from heliograph.contacts.fields import contact_fields
from heliograph.db import db
from heliograph.errors import BadInput, HeliographError, plain_words
from heliograph.messages.models import TextMessage
from heliograph.segments.models import Segment
from heliograph.segments.subjects import known_subjects
from heliograph.sentences import Sentence, together

MODELS: dict[str, Any] = {
    "segments": Segment,
    "campaigns": Campaign,
    "messages": TextMessage,
    "any_messages": TextMessage,
}
GONE = {
    "segments": Sentence("It names a segment that was deleted."),
    "campaigns": Sentence("It names a campaign that was deleted."),
    "messages": Sentence("It names a text message that was deleted."),
    "any_messages": Sentence("It names a text message that was deleted."),
    "fields": Sentence("It names a field that was deleted."),
}
BY_PROBLEM = {
    "is no segment": GONE["segments"],
    "is no message": GONE["messages"],
    "is no field": GONE["fields"],
}
MEND = Sentence("Choose another one in the builder, and publish.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """So many contacts wait at an event because it failed, the most of them for `detail`."""

    count: int
    detail: str

    def words(self, stop: Stop, types: EventTypes) -> Sentence:
        why = why_broken(stop, types) or self.detail
        if self.count == 1:
            return Sentence("It failed for one contact, who is tried again: %(why)s", why=why)
        return Sentence(
            "It failed for %(count)s contacts, who are tried again: %(why)s",
            count=self.count,
            why=why,
        )


def troubles(event_ids: Collection[int]) -> dict[int, Trouble]:
    """The events at which contacts wait after a failure."""
    # worded as the partial index is, so that it is found
    waits = CampaignStep.status == literal(WAITING, literal_execute=True)
    failed = CampaignStep.reason != literal("", literal_execute=True)
    query = (
        select(CampaignStep.event_id, CampaignStep.detail, func.count())
        .where(CampaignStep.event_id.in_(event_ids), waits, failed)
        .group_by(CampaignStep.event_id, CampaignStep.detail)
        .order_by(func.count())
    )
    found: dict[int, Trouble] = {}
    for event_id, detail, count in db.session.execute(query):
        before = found.get(event_id)
        found[event_id] = Trouble(count + (before.count if before else 0), detail)
    return found


def why_broken(stop: Stop, types: EventTypes) -> str:
    """What the event names and is not there; "" when all is."""
    type_ = types.get(stop.type)
    if type_ is None:
        return ""
    try:
        config: Any = type_.read(stop.config)
    except ValueError:
        return ""
    for name, info in type_.made.config_model.model_fields.items():
        extra = info.json_schema_extra
        kind = extra.get("choices_from") if isinstance(extra, Mapping) else None
        if isinstance(kind, str) and lacks(kind, getattr(config, name)):
            return together(GONE[kind], MEND)
    return why_refused(type_, config)


def why_refused(type_: EventType, config: Any) -> str:
    if type_.made.check is None:
        return ""
    try:
        type_.made.check(config)
    except BadInput as error:
        words = BY_PROBLEM.get(error.problem)
        return together(words, MEND) if words else plain_words(error)
    except HeliographError as error:
        return error.message
    return ""


def lacks(kind: str, value: object) -> bool:
    """Whether one of the things named is not there."""
    named = [one for one in (value if isinstance(value, list) else [value]) if one]
    if kind == "fields":
        known, subjects = contact_fields(), known_subjects()
        return any(one not in known and one not in subjects for one in named)
    model = MODELS.get(kind)
    if model is None or not named:
        return False
    query: Select[Any] = select(func.count()).select_from(model).where(model.id.in_(named))
    return (db.session.scalar(query) or 0) < len(set(named))
