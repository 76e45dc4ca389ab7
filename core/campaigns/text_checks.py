"""Decisions that ask about a text: is any sent on the way to them?"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from heliograph.actions import Action
from heliograph.campaigns.canvas import Canvas, Event
from heliograph.campaigns.events import BUILT_IN, EventTypes
from heliograph.campaigns.loops import JUMP

OF_TEXT_BEFORE = ("core.delivered", "core.failed")
BEFORE = (
    "asks about the text before it, but none is sent on the way to it",
    "Put it below a text message.",
)
OF_CAMPAIGN = (
    "asks about texts of this campaign, which sends none",
    "Send one before it, or choose any text of yours.",
)


def missing_text(
    event: Event, config: BaseModel, canvas: Canvas, types: EventTypes
) -> tuple[str, str] | None:
    """(words, mend) where *event* asks about a text that is never sent."""
    to = getattr(config, "to", None)
    if event.type in OF_TEXT_BEFORE or to == "last":
        before = way_to(event, canvas)
        return None if any(may_text(one, types) for one in before) else BEFORE
    if to == "campaign" and not any(may_text(one, types) for one in canvas.events):
        return OF_CAMPAIGN
    return None


def may_text(event: Event, types: EventTypes) -> bool:
    """Whether it sends a text to the contact, as far as that is known."""
    type_ = types.get(event.type)
    if type_ is None:
        return True
    made = type_.made
    return isinstance(made, Action) and (bool(made.sends) or type_.plugin != BUILT_IN)


def way_to(event: Event, canvas: Canvas) -> list[Event]:
    """The events through which contacts may have come to *event*, by jumps too."""
    events, jumps = canvas.by_key(), jumps_to(canvas)
    found: dict[str, Event] = {}
    waiting = [event]
    while waiting:
        current = waiting.pop()
        above = [events[current.parent]] if current.parent in events else []
        for one in [*above, *jumps.get(current.key, [])]:
            if one.key not in found:
                found[one.key] = one
                waiting.append(one)
    return list(found.values())


def jumps_to(canvas: Canvas) -> Mapping[str, list[Event]]:
    """Jumps by the key of the event that they lead to."""
    found: dict[str, list[Event]] = {}
    for event in canvas.events:
        target = event.config.get("event") if event.type == JUMP else None
        if isinstance(target, str):
            found.setdefault(target, []).append(event)
    return found
