"""What a canvas names by id: is it there, and fit to be used?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from heliograph.campaigns.canvas import Canvas
from heliograph.campaigns.models import Campaign, CampaignEvent
from heliograph.contacts.fields import contact_fields
from heliograph.db import db
from heliograph.errors import BadInput
from heliograph.messages.faults import NotOurs
from heliograph.messages.models import TEMPLATE, TextMessage
from heliograph.messages.tokens import check_text
from heliograph.segments.models import Segment
from heliograph.segments.subjects import known_subjects

Fault = tuple[str, str, str]  # words, mend, level
MOVES = "core.change_campaigns"


class Things:
    """Answers for one check, each thing asked for once."""

    def __init__(self, canvas: Canvas) -> None:
        self._keys = {event.key for event in canvas.events}
        self._known: dict[tuple[str, object], bool] = {}
        self._finds: dict[str, Callable[[Any], bool]] = {
            "segments": lambda one: self._has(Segment, one),
            "campaigns": lambda one: self._has(Campaign, one),
            "events": lambda one: one in self._keys,
            "fields": lambda one: one in known_subjects() or one in contact_fields(),
        }

    def is_there(self, kind: str, one: object) -> bool:
        if (kind, one) not in self._known:
            self._known[kind, one] = self._finds[kind](one)
        return self._known[kind, one]

    def _has(self, model: type[Segment | Campaign], one: int) -> bool:
        return db.session.scalar(select(model.id).where(model.id == one)) is not None

    def fault(self, kind: str, one: Any, now: datetime) -> Fault | None:
        """What is wrong with naming *one*; None when nothing is."""
        if kind == "messages":
            return message_fault(one, now)
        if kind not in self._finds or self.is_there(kind, one):
            return None
        word = kind.removesuffix("s")
        return f"names the {word} {one!r}, which is not there", f"Choose another {word}.", "error"

    def is_fed(self, campaign_id: int | None) -> bool:
        """Whether a published event of another campaign adds contacts to this one."""
        if campaign_id is None:
            return False
        moves = select(CampaignEvent.config).where(
            CampaignEvent.type == MOVES,
            CampaignEvent.deleted_at.is_(None),
            CampaignEvent.campaign_id != campaign_id,
            exists().where(Campaign.id == CampaignEvent.campaign_id),
        )
        return any(campaign_id in config.get("add_to", []) for config in db.session.scalars(moves))


def message_fault(message_id: int, now: datetime) -> Fault | None:
    message = db.session.get(TextMessage, message_id, populate_existing=True)
    if message is None:
        return f"names the text message {message_id}, which is gone", "Choose another one.", "error"
    if message.type != TEMPLATE:
        words = f"sends {message.name!r}, which goes to segments by itself"
        return words, "Choose a template message, or clone this one as a template.", "error"
    if not message.published:
        return f"sends {message.name!r}, which is not published", "Publish the message.", "error"
    try:
        check_text(message.text, contact_fields())
    except NotOurs as error:
        words = f"sends {message.name!r}, where {error.value!r} {error.problem}"
        return words, "Edit the message: write our token, or keep it on purpose.", "error"
    except BadInput:  # each text says so itself
        pass
    if not message.is_open(now):
        words = f"sends {message.name!r}, which is not open now, so contacts wait here"
        return words, "Change its dates of publishing, or choose another message.", "warning"
    return None
