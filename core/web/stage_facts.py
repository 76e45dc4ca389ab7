"""Counts of a campaign as pages and the builder show them: words, tones, where they lead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from heliograph.campaigns.events import EventType, EventTypes
from heliograph.campaigns.membership import count_members
from heliograph.campaigns.stages import Stage, kept_stages
from heliograph.web.event_words import words

EXTENSION = "heliograph_members"
FRESH = 1.0  # seconds
TONES = {"yes": "good", "no": "bad"}


@dataclass(frozen=True, slots=True)
class Count:
    """One number at an event and the page with the contacts behind it."""

    name: str
    label: str
    tone: str
    number: int
    href: str


@dataclass(frozen=True, slots=True)
class StageFacts:
    """An event that is published, with its counts; `reached` is how many came to it.

    `paths` are the labels of its ways out by their keys.
    """

    key: str
    title: str
    type_label: str
    kind: str
    icon: str
    reached: int
    paths: dict[str, str]
    counts: list[Count]
    why: str


def stages_of(campaign_id: int) -> list[StageFacts]:
    types = EventTypes()
    return [facts_of(campaign_id, one, types.get(one.type)) for one in kept_stages(campaign_id)]


def facts_of(campaign_id: int, stage: Stage, type_: EventType | None) -> StageFacts:
    label = words(type_.made.label) if type_ else stage.type
    return StageFacts(
        stage.key,
        stage.name or label,
        label,
        type_.kind if type_ else "",
        type_.made.icon if type_ else "question-circle",
        stage.waiting + stage.done + stage.failed + stage.skipped,
        {path.key: words(path.label) for path in type_.paths} if type_ else {},
        [one for one in counts_of(campaign_id, stage, type_) if one.number],
        stage.why,
    )


def counts_of(campaign_id: int, stage: Stage, type_: EventType | None) -> Iterator[Count]:
    """Waiting, done (by path where there are several), failed, left out."""

    def count(group: str, label: str, tone: str, number: int, path: str | None = None) -> Count:
        args: dict[str, Any] = {"group": group} | ({} if path is None else {"path": path})
        href = url_for("campaign_people.standing", campaign_id=campaign_id, key=stage.key, **args)
        return Count(f"{group} {path or ''}".strip(), label, tone, number, href)

    yield count("waiting", _("waiting"), "calm", stage.waiting)
    labels = {path.key: words(path.label) for path in type_.paths} if type_ else {}
    if labels.keys() - {"", "failed"}:
        for path in sorted(stage.paths, key=lambda one: ([*labels, one].index(one), one)):
            label, number = labels.get(path, path), stage.paths[path]
            yield count("done", label.lower(), TONES.get(path, "busy"), number, path)
    else:
        yield count("done", _("done"), "good", stage.done)
    yield count("failed", _("failed"), "bad", stage.failed)
    yield count("skipped", _("left out"), "calm", stage.skipped)


def kept_members(campaign_id: int) -> dict[str, int]:
    """Members by status; counted anew the less often the longer it takes."""
    kept: dict[int, tuple[float, dict[str, int]]]
    kept = current_app.extensions.setdefault(EXTENSION, {})
    until, counts = kept.get(campaign_id, (0.0, {}))
    begun = time.monotonic()
    if begun >= until:
        counts = count_members(campaign_id)
        ended = time.monotonic()
        kept[campaign_id] = (ended + max(FRESH, (ended - begun) * 10), counts)
    return counts
