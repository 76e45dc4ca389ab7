"""A published canvas becomes rows: its sources and its events, each by its key.

Whoever is inside goes on from where he stands. What waits keeps its time, also
when the timing was changed; a decision keeps the wait that has begun.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from heliograph.campaigns.canvas import Canvas, Event
from heliograph.campaigns.models import Campaign, CampaignEvent, CampaignSegment
from heliograph.db import change_rows, utcnow

ORDER = ("", "yes", "no")


def follow_canvas(session: Session, campaign: Campaign, canvas: Canvas) -> None:
    """Make sources and events what *canvas* says. Runs inside a transaction.

    Who stands at an event that is gone will go on at the nearest one that is
    left, down the tree as it was; the engine does that, see `heliograph.campaigns.moving`.
    """
    follow_sources(session, campaign, canvas)
    query = select(CampaignEvent).where(CampaignEvent.campaign_id == campaign.id)
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    drawn = canvas.by_key()
    heirs = find_heirs([row for row in rows if row.deleted_at is None], drawn)
    known = {row.key: row for row in rows}
    replaced = set_aside(session, known, drawn)
    made = {
        key: known.get(key) or new_row(session, campaign, event) for key, event in drawn.items()
    }
    session.flush()
    for position, (key, event) in enumerate(drawn.items()):
        write_event(made[key], event, made, position)
    for row in rows:
        if row.deleted_at is None and row.key not in drawn:
            row.deleted_at = utcnow()
            row.heir_id = heirs.get(row.id)
    for key, old in replaced.items():
        old.deleted_at, old.heir_id = utcnow(), made[key].id
    session.flush()


def follow_sources(session: Session, campaign: Campaign, canvas: Canvas) -> None:
    change_rows(delete(CampaignSegment).where(CampaignSegment.campaign_id == campaign.id))
    session.add_all(
        CampaignSegment(campaign_id=campaign.id, segment_id=source) for source in canvas.sources
    )


def set_aside(
    session: Session, known: dict[str, CampaignEvent], drawn: Mapping[str, Event]
) -> dict[str, CampaignEvent]:
    """Take its key from each event that was drawn anew as another type; gives those by key."""
    replaced = {}
    for key, event in drawn.items():
        row = known.get(key)
        if row is not None and (row.kind, row.type) != (event.kind, event.type):
            row.key = f"~{row.id}"
            replaced[key] = known.pop(key)
    session.flush()
    return replaced


def new_row(session: Session, campaign: Campaign, event: Event) -> CampaignEvent:
    row = CampaignEvent(
        campaign_id=campaign.id, key=event.key, kind=event.kind, type=event.type, config={}
    )
    session.add(row)
    return row


def write_event(
    row: CampaignEvent, event: Event, made: Mapping[str, CampaignEvent], position: int
) -> None:
    row.name, row.config, row.position = event.name, event.config, position
    row.timing = event.timing.model_dump(mode="json")
    row.parent_id = made[event.parent].id if event.parent is not None else None
    row.path = event.path if event.parent is not None else ""
    row.deleted_at = row.heir_id = None


def find_heirs(rows: Sequence[CampaignEvent], drawn: Mapping[str, Event]) -> dict[int, int]:
    """For each event that is not drawn any more: the nearest below it that is."""
    below: dict[int | None, list[CampaignEvent]] = {}
    for row in sorted(rows, key=by_path):
        below.setdefault(row.parent_id, []).append(row)
    heirs = {}
    for row in rows:
        if row.key in drawn:
            continue
        waiting = deque(below.get(row.id, []))
        while waiting:
            one = waiting.popleft()
            if one.key in drawn:
                heirs[row.id] = one.id
                break
            waiting.extend(below.get(one.id, []))
    return heirs


def by_path(row: CampaignEvent) -> tuple[int, str, int]:
    """The path that goes on first, then yes, then no, then others."""
    place = ORDER.index(row.path) if row.path in ORDER else len(ORDER)
    return place, row.path, row.position
