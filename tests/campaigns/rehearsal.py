"""Short words for simulations in tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from heliograph.campaigns.simulation import Transcript, read_simulation, simulate
from heliograph.contacts.models import Contact
from heliograph.db import db
from tests.campaigns.drawing import drafted, event, tag
from tests.campaigns.stage import MONDAY, Stage, replies, template, text

ZONES = ("Europe/Paris", "America/New_York", "Asia/Tokyo")
NEXT_WEEKDAY = {"hour": "10:00", "weekdays": [0, 1, 2, 3, 4]}


def welcome(source: int, **facts: Any) -> int:
    """The campaign of the manual: a text, YES or no YES in three days, a reminder at 10."""
    return drafted(
        text("hello", message=template("Hi {contactfield=firstname}, reply YES")),
        replies("yes", "hello", config={"how": "pattern", "pattern": "YES*"}),
        tag("keen", "yes", path="yes"),
        text("thanks", "keen", message=template("Thank you")),
        text("remind", "yes", message=template("Still there?"), path="no", timing=NEXT_WEEKDAY),
        source=source,
        **facts,
    )


def cast_in_zones(stage: Stage) -> tuple[int, list[int]]:
    source, people = stage.cast(3)
    for contact_id, zone in zip(people, ZONES, strict=True):
        db.session.get_one(Contact, contact_id).timezone = zone
    db.session.commit()
    return source, people


def description(
    campaign: int,
    people: list[int],
    *script: dict[str, Any],
    start: datetime = MONDAY,
    days: float = 90,
    made: tuple[dict[str, Any], ...] = (),
    **more: Any,
) -> dict[str, Any]:
    cast = [{"key": f"c{one}", "contact_id": one} for one in people]
    found = {"campaign_id": campaign, "cast": [*cast, *made], "start": start}
    return found | {"until": start + timedelta(days=days), "script": list(script)} | more


def played(campaign: int, people: list[int], *script: dict[str, Any], **more: Any) -> Transcript:
    return simulate(read_simulation(description(campaign, people, *script, **more)))


def doing(do: str, who: int | str | None = None, *, at: datetime, **more: Any) -> dict[str, Any]:
    found = {"do": do, "at": at} | more
    return found if who is None else found | {"who": f"c{who}" if isinstance(who, int) else who}


def after(**time: float) -> datetime:
    return MONDAY + timedelta(**time)


def texts(transcript: Transcript, key: int | str) -> list[tuple[str, str]]:
    """When, on the contact's own clock, and what it got."""
    way = transcript.way(f"c{key}" if isinstance(key, int) else key)
    return [
        (f"{one.at.astimezone(way.zone):%a %d %H:%M}", one.text)
        for one in way.entries
        if one.kind == "text"
    ]


def steps_of(transcript: Transcript, key: int | str) -> list[str]:
    """`key status path` of each step, in order."""
    way = transcript.way(f"c{key}" if isinstance(key, int) else key)
    return [
        f"{one.event} {one.status} {one.path or ''}".strip()
        for one in way.entries
        if one.kind == "step"
    ]


def kinds(transcript: Transcript, key: int | str) -> list[str]:
    way = transcript.way(f"c{key}" if isinstance(key, int) else key)
    return [one.kind for one in way.entries]


__all__ = ["MONDAY", "cast_in_zones", "description", "event", "played", "texts", "welcome"]
