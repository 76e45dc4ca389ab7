"""A campaign of the showcase that has run for some days, and one that is being drawn."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from heliograph.campaigns import create_campaign, publish, save_draft
from heliograph.campaigns.models import CampaignEvent, CampaignMember, CampaignStep
from heliograph.contacts.models import Contact
from heliograph.db import db, transaction, utcnow
from heliograph.messages import create_message
from heliograph.segments.models import Segment, SegmentMember

TEXTS = {
    "Welcome": "Hello {contactfield=firstname|you}, reply YES and be the first to know.",
    "Thanks": "Thank you! You will hear from us before everybody else.",
    "Reminder": "Still thinking? Reply YES and be the first to know.",
}
WEEKDAYS = {"hour": "10:00", "weekdays": [0, 1, 2, 3, 4]}


def make_campaigns(chance: random.Random) -> None:
    """Needs the segments Newsletter and Friends."""
    messages = {name: create_message(name=name, text=text).id for name, text in TEXTS.items()}
    sources = {one.name: one.id for one in db.session.scalars(select(Segment))}
    running = create_campaign(
        name="Welcome to the newsletter",
        description="Greets who is new, thanks who answers, reminds who does not.",
    )
    canvas = {"sources": [sources["Newsletter"]], "source_at": at(280, 0)}
    save_draft(running.id, canvas | {"events": welcome(messages)}, seen=0)
    publish(running.id, user="ann@example.com")
    let_run(chance, running.id, sources["Newsletter"])
    drawn = create_campaign(name="Birthday greetings")
    canvas = {"sources": [sources["Friends"]], "source_at": at(0, 0)}
    save_draft(drawn.id, canvas | {"events": [send("a", "Greet", None, None, at(0, 180))]}, seen=0)


def at(x: int, y: int) -> dict[str, int]:
    return {"x": x, "y": y}


def send(
    key: str, name: str, message: int | None, parent: str | None, place: dict[str, int], **more: Any
) -> dict[str, Any]:
    config = {"message_id": message} if message else {}
    event = {"key": key, "kind": "action", "type": "simulator.send_text", "name": name}
    return event | {"config": config, "parent": parent} | place | more


def welcome(messages: dict[str, int]) -> list[dict[str, Any]]:
    pattern = {"how": "pattern", "pattern": "*YES*", "wait_amount": 3, "wait_unit": "days"}
    replies = {"key": "yes", "kind": "decision", "type": "core.replies", "name": "Says yes"}
    tags = {"key": "tag", "kind": "action", "type": "core.change_tags", "name": "Tag as fan"}
    return [
        send("hello", "Say hello", messages["Welcome"], None, at(280, 160)),
        replies | {"config": pattern, "parent": "hello"} | at(280, 360),
        tags | {"config": {"add": ["fan"]}, "parent": "yes", "path": "yes"} | at(120, 560),
        send("thanks", "Thank", messages["Thanks"], "tag", at(120, 740)),
        send("remind", "Remind", messages["Reminder"], "yes", at(440, 560), path="no")
        | {"timing": WEEKDAYS},
    ]


def let_run(chance: random.Random, campaign_id: int, source: int) -> None:
    """Everybody is in it, and has come so far as chance would have it."""
    now = utcnow()
    events = {one.key: one.id for one in db.session.scalars(select(CampaignEvent))}
    people = select(Contact.id).join(SegmentMember, SegmentMember.contact_id == Contact.id)
    ids = list(db.session.scalars(people.where(SegmentMember.segment_id == source)))
    with transaction() as session:
        for contact_id in ids:
            joined = now - timedelta(days=6, minutes=contact_id)
            course = walked(chance, joined, now)
            through = all(status in ("done", "failed") for _, status, _, _ in course)
            session.add(
                CampaignMember(
                    campaign_id=campaign_id,
                    contact_id=contact_id,
                    status="finished" if through else "active",
                    joined_at=joined,
                    ended_at=now if through else None,
                )
            )
            for key, status, path, moment in course:
                waits = status in ("waiting", "open")
                session.add(
                    CampaignStep(
                        campaign_id=campaign_id,
                        event_id=events[key],
                        contact_id=contact_id,
                        rotation=1,
                        status=status,
                        path=path,
                        opened_at=joined if waits else moment,
                        due_at=moment if waits else None,
                        done_at=None if waits else moment,
                        reason="unreachable" if status == "failed" else "",
                        detail="The phone could not be reached." if status == "failed" else "",
                    )
                )


def walked(
    chance: random.Random, joined: datetime, now: datetime
) -> list[tuple[str, str, str | None, datetime]]:
    """(event, status, path, when it was done or is due) of one contact."""
    later = joined + timedelta(hours=5)
    first: list[tuple[str, str, str | None, datetime]] = [("hello", "done", "", joined)]
    lot = chance.random()
    if lot < 0.04:
        return [("hello", "failed", "", joined)]
    if lot < 0.25:
        return [*first, ("yes", "open", None, now + timedelta(days=2))]
    if lot < 0.6:
        thanked = [(key, "done", "", later) for key in ("tag", "thanks")]
        return [*first, ("yes", "done", "yes", later), *thanked]
    missed = [*first, ("yes", "done", "no", later + timedelta(days=3))]
    if lot < 0.85:
        return [*missed, ("remind", "waiting", None, now + timedelta(days=1))]
    return [*missed, ("remind", "done", "", now - timedelta(days=1))]
