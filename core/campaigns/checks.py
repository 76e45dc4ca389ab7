"""What is wrong with a canvas, in words that name the event and the mend."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from heliograph.campaigns.canvas import Canvas, Event
from heliograph.campaigns.events import EventType, EventTypes
from heliograph.campaigns.loops import quick_loops
from heliograph.campaigns.models import DECISION, Campaign
from heliograph.campaigns.rounds import quick_rounds
from heliograph.campaigns.text_checks import missing_text
from heliograph.campaigns.things import Things
from heliograph.campaigns.timing import BadTiming, Plan, due, read_timing
from heliograph.contacts.fields import contact_fields
from heliograph.db import db, utcnow
from heliograph.errors import BadInput
from heliograph.host.guard import guarded
from heliograph.installation import current_zone
from heliograph.messages.faults import NotOurs
from heliograph.messages.tokens import keep_placeholders

log = logging.getLogger(__name__)

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is error (it cannot be published) or warning; `event` a key or "".

    `kept` are fields of its form by which what reads like a token is kept on purpose.
    """

    level: str
    event: str
    words: str
    mend: str
    kept: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_canvas(
    canvas: Canvas, *, campaign_id: int | None = None, zone: ZoneInfo | None = None
) -> list[Finding]:
    """All that is wrong with *canvas*, in the order of its events.

    *zone* is the campaign's own, for dates. *campaign_id* is whose canvas it is.
    """
    return Checker(canvas, campaign_id, zone or current_zone()).findings()


class Checker:
    """One check of one canvas."""

    def __init__(self, canvas: Canvas, campaign_id: int | None, zone: ZoneInfo) -> None:
        self._canvas, self._zone, self._now = canvas, zone, utcnow()
        self._campaign_id = campaign_id
        self._events = canvas.by_key()
        self._types = EventTypes()
        self._things = Things(canvas)
        self._plans: dict[str, Plan] = {}
        self._found: list[Finding] = []

    def findings(self) -> list[Finding]:
        campaign = db.session.get(Campaign, self._campaign_id) if self._campaign_id else None
        self._check_sources()
        self._check_end(campaign)
        seen: set[str] = set()
        for event in self._canvas.events:
            if event.key in seen:
                self._error(
                    event,
                    "has the same key as another event, so it would have two parents",
                    f"Give one of them another key than {event.key!r}.",
                )
                continue
            seen.add(event.key)
            self._check_place(event)
            self._check_timing(event)
            self._check_type(event)
        self._check_loops(campaign)
        return self._found

    def _error(self, event: Event, words: str, mend: str) -> None:
        self._add(ERROR, event, words, mend)

    def _warn(self, event: Event, words: str, mend: str) -> None:
        self._add(WARNING, event, words, mend)

    def _add(
        self,
        level: str,
        event: Event,
        words: str,
        mend: str,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        said = f"{self._title(event)!r} {words}."
        self._found.append(Finding(level, event.key, said, mend, kept))

    def _title(self, event: Event) -> str:
        type_ = self._types.get(event.type)
        return event.name or (type_.made.label if type_ else event.key)

    def _whole(self, words: str, mend: str) -> None:
        self._found.append(Finding(ERROR, "", words, mend))

    # -- where contacts come from ----------------------------------------

    def _check_sources(self) -> None:
        if not self._canvas.events:
            self._whole("The canvas has no event.", "Drag one from the palette.")
        if not self._canvas.sources and not self._things.is_fed(self._campaign_id):
            self._whole(
                "No contact comes in: there is no source.",
                "Choose a segment, or add contacts to it from another campaign.",
            )
        for source in self._canvas.sources:
            if not self._things.is_there("segments", source):
                self._whole(f"The source segment {source} is gone.", "Choose another segment.")

    def _check_end(self, campaign: Campaign | None) -> None:
        if campaign and campaign.publish_down and campaign.publish_down <= self._now:
            words = "The campaign has ended: its publish down is past, so nothing happens."
            mend = "Choose a later day in its Settings, or none."
            self._found.append(Finding(WARNING, "", words, mend))

    # -- its place -------------------------------------------------------

    def _check_place(self, event: Event) -> None:
        if event.parent is None:
            return
        parent = self._events.get(event.parent)
        if parent is None:
            words = f"hangs on {event.parent!r}, which is not there, so nobody comes to it"
            self._error(event, words, "Connect it to an event or to the sources, or delete it.")
            return
        if event.key in self._above(event):
            words = "is its own ancestor: these events go round in a circle and hang on nothing"
            self._error(event, words, "Connect one of them to the sources; go back by a jump.")
        elif not self._is_reachable(event):
            words = "is never reached: nothing leads to the events before it"
            self._error(event, words, "Connect what it hangs on to the sources, or delete it.")
        self._check_path(event, parent)

    def _above(self, event: Event) -> list[str]:
        """Keys of the ancestors, upwards, until they end or repeat."""
        above: list[str] = []
        current: Event | None = event
        while current is not None and current.parent is not None and current.parent not in above:
            above.append(current.parent)
            current = self._events.get(current.parent)
        return above

    def _is_reachable(self, event: Event) -> bool:
        above = self._above(event)
        top = self._events.get(above[-1]) if above else event
        return top is not None and top.parent is None

    def _check_path(self, event: Event, parent: Event) -> None:
        type_ = self._types.get(parent.type)
        if type_ is None:  # which is said of the parent itself
            return
        keys = [path.key for path in type_.paths]
        if not keys:
            words = f"follows {self._title(parent)!r}, after which nothing comes"
            self._error(event, words, "Connect it to another event, or delete it.")
        elif event.path not in keys:
            shown = ", ".join(path.label for path in type_.paths)
            words = f"hangs on a path {event.path!r} that {self._title(parent)!r} does not have"
            self._error(event, words, f"Connect it to one of its paths: {shown}.")
        elif event.path not in type_.open_paths(parent.config):
            words = (
                f"hangs on a path that {self._title(parent)!r} leaves closed, so nobody comes to it"
            )
            self._error(event, words, "Open the path in its form, or connect it to another one.")

    # -- its time --------------------------------------------------------

    def _check_timing(self, event: Event) -> None:
        try:
            plan = self._plans[event.key] = read_timing(event.timing)
        except BadTiming as error:
            self._error(event, f"cannot be timed: {error}", error.mend)
            return
        if plan.date is None:
            return
        at = due(plan, datetime.min.replace(year=1970, tzinfo=self._now.tzinfo), self._zone)
        clock = f"{plan.hour:%H:%M}" if plan.hour else ""
        if at < self._now:
            when = f"the next time that it is {clock}" if clock else "at once"
            words = f"is set for {event.timing.date}, which is past: it happens {when}"
            self._warn(event, words, "Choose a later date, or let it happen immediately.")
        elif clock and plan.hour != plan.date.time() and plan.date.time() != time():
            words = f"is set for {event.timing.date} and for {clock}: it happens at {clock}"
            self._warn(event, words, "Take the hour out, or give the date the same time.")

    # -- its type and form -----------------------------------------------

    def _check_type(self, event: Event) -> None:
        type_ = self._types.get(event.type)
        if type_ is None:
            words = f"is of the type {event.type!r}, which no plugin here brings"
            self._error(event, words, "Install its plugin again, or replace the event.")
            return
        if type_.kind != event.kind:
            words = f"is drawn as {event.kind}, but {event.type} is an {type_.kind}"
            self._error(event, words.replace("an d", "a d").replace("an c", "a c"), "Draw it anew.")
            return
        if type_.why_not:
            words = "has to wait"
            self._warn(event, f"{words}: {type_.why_not[:-1]}", "Enable it under Plugins.")
        try:
            config = type_.read(event.config)
        except ValidationError as error:
            self._check_fields(event, type_, error)
            return
        self._check_config(event, type_, config)

    def _check_fields(self, event: Event, type_: EventType, error: ValidationError) -> None:
        fields = type_.made.config_model.model_fields
        for fault in error.errors(include_url=False, include_context=False):
            if not fault["loc"]:  # values that do not fit together
                words = f"has a value that does not fit: {plain(fault['msg'])}"
                self._error(event, words, "Open its form and change it.")
                continue
            name = str(fault["loc"][0])
            info = fields.get(name)
            title = (info.title if info else None) or name.replace("_", " ")
            if fault["type"] == "missing":
                words = f"lacks a value: {title}"
            else:
                words = f"has a value that does not fit: {title}: {plain(fault['msg'])}"
            mend = (info.description if info else None) or f"Fill in {title}."
            self._error(event, words, f"{mend.rstrip('.')}.")

    def _check_config(self, event: Event, type_: EventType, config: BaseModel) -> None:
        whole = True
        for name, info in type_.made.config_model.model_fields.items():
            for words, mend, level in self._missing_things(info, getattr(config, name)):
                self._add(level, event, words, mend)
                whole = False
        if whole and type_.made.check is not None:
            try:
                guarded(type_.made.check, config)
            except BadInput as error:
                value = "" if error.value is None else f" {error.value!r}"
                words = f"has a value that does not fit: {error.field}{value} {error.problem}"
                mend = error.mend or "Change it in its form."
                kept = kept_fields(config) if isinstance(error, NotOurs) else None
                self._add(ERROR, event, words, mend, kept)
            except Exception as error:
                log.exception("the check of event type %s failed", type_.made.key)
                words = f"cannot be checked: its plugin failed ({type(error).__name__})"
                self._error(event, words, "The log says more; the plugin's author can mend it.")
        missing = missing_text(event, config, self._canvas, self._types)
        if missing is not None:
            self._warn(event, *missing)
        if type_.kind == DECISION and not getattr(config, "wait_amount", 0):
            no = [self._title(one) for one in self._canvas.events if self._is_no_of(one, event)]
            if no:
                words = f"waits for ever, so nobody comes to {no[0]!r} on its path No"
                self._error(event, words, "Give it a time to wait, or delete what follows No.")

    def _is_no_of(self, event: Event, decision: Event) -> bool:
        return event.parent == decision.key and event.path == "no"

    def _missing_things(self, info: FieldInfo, value: Any) -> Iterator[tuple[str, str, str]]:
        """What the value names and is not there, by the hint for the builder."""
        extra = info.json_schema_extra
        kind = extra.get("choices_from") if isinstance(extra, Mapping) else None
        if not isinstance(kind, str) or value in (None, "", 0, [], ()):
            return
        for one in value if isinstance(value, list | tuple) else [value]:
            fault = self._things.fault(kind, one, self._now)
            if fault is not None:
                yield fault

    # -- loops -----------------------------------------------------------

    def _check_loops(self, campaign: Campaign | None) -> None:
        for jump in quick_loops(self._canvas, self._plans, self._types):
            words = "leads back to an event before it with no delay between: it would never end"
            mend = "Let one of the events in the loop wait, such as one day."
            self._error(jump, words, mend)
        rounds = quick_rounds(self._canvas, campaign, self._plans, self._types) if campaign else []
        for event in rounds:
            words = "adds to a campaign that leads back here with no delay: it would never end"
            mend = "Let an event wait before it, or let one of the campaigns be begun only once."
            self._error(event, words, mend)


def kept_fields(config: BaseModel) -> dict[str, Any]:
    """The texts of a form, with a backslash before what reads like a token and is none."""
    fields = contact_fields()
    found: dict[str, Any] = {}
    for name, value in config:
        if isinstance(value, str):
            found[name] = keep_placeholders(value, fields)
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            found[name] = [keep_placeholders(one, fields) for one in value]
    return {name: value for name, value in found.items() if value != getattr(config, name)}


def plain(message: str) -> str:
    """Words of a validator, without pydantic's opening."""
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:].rstrip(".")
