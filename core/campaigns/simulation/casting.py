"""Choosing a cast: contacts of the sources who differ in where they live."""

from __future__ import annotations

from itertools import zip_longest

from sqlalchemy import select

from heliograph.campaigns.library import get_campaign
from heliograph.campaigns.simulation.description import MOST_PEOPLE, Person
from heliograph.contacts.models import Contact
from heliograph.db import db
from heliograph.errors import BadInput
from heliograph.segments.models import LEFT_OUT, SegmentMember

LOOKED_AT = 500


def sample(campaign_id: int, count: int) -> list[Person]:
    """At most *count* contacts of the draft's sources, of as many zones as there are.

    The same each time, as long as the first members of the sources stay the same.
    """
    if not 1 <= count <= MOST_PEOPLE:
        mend = f"Use 1 to {MOST_PEOPLE}."
        raise BadInput("contacts", "is out of range", value=count, mend=mend)
    sources = get_campaign(campaign_id).draft.get("sources", [])
    members = (
        select(SegmentMember.contact_id)
        .where(SegmentMember.segment_id.in_(sources), SegmentMember.origin != LEFT_OUT)
        .distinct()
        .order_by(SegmentMember.contact_id)
        .limit(LOOKED_AT)
    )
    query = select(Contact.id, Contact.timezone, Contact.country).where(Contact.id.in_(members))
    by_place: dict[tuple[str, str], list[int]] = {}
    for row in db.session.execute(query.order_by(Contact.id)):
        by_place.setdefault((row.timezone, row.country), []).append(row.id)
    db.session.rollback()
    turns = zip_longest(*by_place.values())
    chosen = [one for turn in turns for one in turn if one is not None][:count]
    return [Person(key=f"c{one}", contact_id=one) for one in sorted(chosen)]
