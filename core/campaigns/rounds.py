"""Campaigns that add to each other: would a contact go round through them for ever?"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from heliograph.campaigns.canvas import Canvas, Event, read_canvas
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.loops import quickly_reached
from heliograph.campaigns.models import Campaign, CampaignVersion
from heliograph.campaigns.things import MOVES
from heliograph.campaigns.timing import BadTiming, Plan, read_timing
from heliograph.db import db


def quick_rounds(
    canvas: Canvas, campaign: Campaign, plans: Mapping[str, Plan], types: EventTypes
) -> list[Event]:
    """The events of *canvas* that add to campaigns which lead back here with no time between.

    Only where all of them let contacts begin anew: else the round ends by itself.
    """
    adding = quick_adds(canvas, plans, types)
    if not adding or not campaign.allow_restart:
        return []
    onward = adds_of_others(campaign.id, types)
    return [
        event
        for event, targets in adding
        if any(comes_back(campaign.id, target, event, onward) for target in targets)
    ]


def comes_back(home: int, target: int, event: Event, onward: Mapping[int, set[int]]) -> bool:
    if target == home:  # who is in it is not added again, unless it was taken out just before
        return home in ids(event.config.get("remove_from"))
    seen, waiting = {target}, [target]
    while waiting:
        for one in onward.get(waiting.pop(), set()) - seen:
            if one == home:
                return True
            seen.add(one)
            waiting.append(one)
    return False


def quick_adds(
    canvas: Canvas, plans: Mapping[str, Plan], types: EventTypes
) -> list[tuple[Event, set[int]]]:
    """Events that are reached at once and add to campaigns, with the campaigns."""
    reached = quickly_reached(canvas, plans, types)
    adding = [one for one in canvas.events if one.type == MOVES and one.key in reached]
    found = [(event, ids(event.config.get("add_to"))) for event in adding]
    return [(event, targets) for event, targets in found if targets]


def adds_of_others(but: int, types: EventTypes) -> dict[int, set[int]]:
    """To which campaigns each published one that may be begun anew adds at once."""
    query = (
        select(Campaign.id, CampaignVersion.canvas)
        .join(CampaignVersion, CampaignVersion.id == Campaign.version_id)
        .where(Campaign.published.is_(True), Campaign.allow_restart.is_(True), Campaign.id != but)
    )
    found: dict[int, set[int]] = {}
    for campaign_id, raw in db.session.execute(query):
        canvas = read_canvas(raw)
        adding = quick_adds(canvas, plans_of(canvas), types)
        found[campaign_id] = {one for _, targets in adding for one in targets}
    return found


def plans_of(canvas: Canvas) -> dict[str, Plan]:
    found = {}
    for event in canvas.events:
        try:
            found[event.key] = read_timing(event.timing)
        except BadTiming:
            continue
    return found


def ids(given: object) -> set[int]:
    """The ids in what a draft may hold, which may be anything."""
    return {one for one in given if isinstance(one, int)} if isinstance(given, list) else set()
