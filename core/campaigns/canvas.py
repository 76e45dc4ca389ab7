"""The canvas as it is drawn: JSON in the database and for the builder, models here.

Only its form is checked here, so that a draft with faults can be kept; what is
wrong with it is said by `heliograph.campaigns.checks`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heliograph.contacts.profile import LARGEST_ID
from heliograph.errors import BadInput
from heliograph.nfc import nfc, nfc_json

MAX_EVENTS = 500
MAX_SIZE = 1_000_000  # characters of JSON
LARGEST = 1_000_000
MEND = "Draw it in the builder, or see docs/reference/events.md."
Unit = Literal["minutes", "hours", "days", "weeks", "months"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Point(Part):
    x: float = 0
    y: float = 0


class Timing(Part):
    """When an event happens, counted from the end of the one before; see timing.py.

    `date` is on the contact's clock, weekdays count from Monday, 0.
    """

    mode: Literal["immediate", "interval", "date"] = "immediate"
    amount: int = Field(default=0, ge=-LARGEST, le=LARGEST)
    unit: Unit = "days"
    date: str | None = Field(default=None, max_length=40)
    hour: str | None = Field(default=None, max_length=8)
    begin: str | None = Field(default=None, max_length=8)
    end: str | None = Field(default=None, max_length=8)
    weekdays: list[int] = Field(default_factory=list, max_length=14)


class Event(Part):
    """One event; `parent` is the key of the one before, None hangs on the sources."""

    key: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    kind: Literal["action", "decision", "condition"]
    type: str = Field(min_length=1, max_length=80)
    name: str = Field(default="", max_length=120)
    config: dict[str, Any] = Field(default_factory=dict)
    parent: str | None = Field(default=None, max_length=40)
    path: str = Field(default="", max_length=12)
    timing: Timing = Field(default_factory=Timing)
    x: float = 0
    y: float = 0


class Canvas(Part):
    """`sources` are ids of segments."""

    sources: list[int] = Field(default_factory=list, max_length=200)
    source_at: Point = Field(default_factory=Point)
    events: list[Event] = Field(default_factory=list, max_length=MAX_EVENTS)

    def stored(self) -> dict[str, Any]:
        """As it is kept, and as the builder gets it."""
        return self.model_dump(mode="json")

    def by_key(self) -> dict[str, Event]:
        """Events by key; of two with one key, the first."""
        found: dict[str, Event] = {}
        for event in self.events:
            found.setdefault(event.key, event)
        return found

    def children(self) -> dict[tuple[str | None, str], list[Event]]:
        """Events by the key of their parent and the path that leads to them."""
        found: dict[tuple[str | None, str], list[Event]] = {}
        for event in self.events:
            path = event.path if event.parent is not None else ""
            found.setdefault((event.parent, path), []).append(event)
        return found


def read_canvas(raw: object) -> Canvas:
    """The canvas in *raw*; raises BadInput naming the event and the mend."""
    if not isinstance(raw, Mapping):
        raise BadInput("canvas", "is no canvas", value=raw, mend=MEND)
    check_text(raw)
    raw = composed(raw)
    try:
        canvas = Canvas.model_validate(raw)
    except ValidationError as error:
        raise refused(raw, error) from None
    for source in canvas.sources:
        if not 0 < source <= LARGEST_ID:
            raise BadInput("sources", "is no id of a segment", value=source, mend=MEND)
    canvas.sources = list(dict.fromkeys(canvas.sources))
    return canvas


def composed(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {nfc(key): nfc_json(value) for key, value in raw.items()}


def check_text(raw: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(raw, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise BadInput("canvas", "is no JSON", mend=MEND) from None
    if len(text) > MAX_SIZE:
        raise BadInput("canvas", "is too large", mend="Split it: jump or add to campaigns.")
    if has_broken(text):
        raise BadInput("canvas", "has a broken character", mend="Take it out and save again.")


def has_broken(text: str) -> bool:
    """Whether JSON has a null or half of a character, which no database takes."""
    if "\\u0000" in text:
        return True
    if "\\ud" not in text.lower():
        return False
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def refused(raw: Mapping[str, Any], error: ValidationError) -> BadInput:
    """The first fault in words that name the event."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = first["loc"]
    if len(place) < 2 or place[0] != "events" or not isinstance(place[1], int):
        field = ".".join(map(str, place)) or "canvas"
        return BadInput(field, lower(first["msg"]), value=first["input"], mend=MEND)
    event = raw["events"][place[1]]
    name = event_name(event, place[1])
    if place[2:3] == ("parent",) and isinstance(first["input"], list):
        mend = "An event follows one other; copy it below the second, or jump to it."
        return BadInput(f"event {name}", "has two parents", value=first["input"], mend=mend)
    field = ".".join(map(str, place[2:])) or "event"
    return BadInput(f"event {name}: {field}", lower(first["msg"]), value=first["input"], mend=MEND)


def event_name(event: object, number: int) -> str:
    if isinstance(event, Mapping):
        found = event.get("name") or event.get("key")
        if isinstance(found, str) and found:
            return repr(found[:60])
    return f"number {number + 1}"


def lower(words: str) -> str:
    return words[:1].lower() + words[1:]
