"""How often each link of a message was clicked, and by how many people.

Few clicks are counted while a page waits; a job counts the many and keeps them
in the link's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select, update

from heliograph.db import change_rows, db, transaction, utcnow
from heliograph.links.models import MACHINES, PERSON, Click, Link

FEW = 5000  # so many clicks of a message are counted while a page waits
MOST_SHOWN = 100
WRITTEN_LATE = timedelta(minutes=5)  # a click waits that long for a busy database at most


@dataclass(frozen=True, slots=True)
class LinkCount:
    """`clicks` are those of people, `contacts` the people; `machines` are counted apart."""

    link_id: int
    url: str
    clicks: int
    contacts: int
    machines: int


def link_counts(message_id: int) -> list[LinkCount]:
    """Counts of each link of the message, the most clicked first."""
    query = select(Link).where(Link.message_id == message_id)
    links = db.session.scalars(query.execution_options(populate_existing=True)).all()
    ids = [link.id for link in links]
    if ids and are_few(ids):
        exact = counted(ids)
        found = [LinkCount(one.id, one.url, *exact.get(one.id, (0, 0, 0))) for one in links]
    else:
        found = [
            LinkCount(one.id, one.url, one.clicks, one.contacts, one.machines) for one in links
        ]
    return sorted(found, key=lambda one: (-one.clicks, one.link_id))[:MOST_SHOWN]


def counted(link_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Clicks, people and machines of each of the links that was clicked."""
    # one without a contact is as good as a contact of its own
    who = func.coalesce(Click.contact_id, -Click.delivery_id)
    by_people, by_machines = Click.kind == PERSON, Click.kind.in_(MACHINES)
    rows = db.session.execute(
        select(
            Click.link_id,
            func.count().filter(by_people),
            func.count(who.distinct()).filter(by_people),
            func.count().filter(by_machines),
        )
        .where(Click.link_id.in_(link_ids))
        .group_by(Click.link_id)
    )
    return {link_id: (clicks, people, machines) for link_id, clicks, people, machines in rows}


def are_few(link_ids: Sequence[int]) -> bool:
    """Whether no more than FEW clicks would have to be counted."""
    clicks = select(Click.link_id).where(Click.link_id.in_(link_ids))
    in_order = clicks.order_by(Click.link_id, Click.kind, Click.contact_id, Click.delivery_id)
    return db.session.execute(in_order.offset(FEW).limit(1)).first() is None


def clicked_links() -> Select[Any]:
    """Ids of the links that were clicked since the last count."""
    last = db.session.scalar(select(func.max(Link.counted_at)))
    clicked = select(Click.link_id).distinct()
    return clicked if last is None else clicked.where(Click.at > last - WRITTEN_LATE)


def is_any_clicked() -> bool:
    return db.session.execute(clicked_links().limit(1)).first() is not None


def count_new_clicks() -> str | None:
    """Job: count each link anew that was clicked since the last time."""
    now = utcnow()
    for link_id in db.session.scalars(clicked_links()).all():
        clicks, people, machines = counted([link_id]).get(link_id, (0, 0, 0))
        kept = {"clicks": clicks, "contacts": people, "machines": machines, "counted_at": now}
        with transaction():
            change_rows(update(Link).where(Link.id == link_id).values(**kept))
    return None
