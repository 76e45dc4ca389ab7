"""Which replies, clicks and other signals count for a step: since when, about which text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from heliograph.campaigns.course import Course, Stop
from heliograph.campaigns.heard import Heard
from heliograph.campaigns.models import CampaignStep
from heliograph.campaigns.steps import ids_of
from heliograph.db import table_of
from heliograph.deliveries.went import sent_since, texted_since
from heliograph.events import Decision, Signal, SignalKind, WaitConfig
from heliograph.lookups import one_of, read_rows


@dataclass(frozen=True, slots=True)
class Memory:
    """Which signals count for the steps of one decision; each counts once.

    `since`: from when on, by step. `used`: when the contact last came out of the
    decision, `texted`: when the campaign's first text to it went out, by contact.
    `settled`: (contact, text before) of the steps that came out of it.
    """

    campaign_id: int
    since: Mapping[int, datetime]
    used: Mapping[int, datetime]
    texted: Mapping[int, datetime]
    settled: Collection[tuple[int, int]] = ()

    def counts(self, heard: Heard, row: Any) -> bool:
        """Whether what was heard is for this step, and not for one long ago."""
        about_text = heard.delivery_id is not None and heard.delivery_id == row.delivery_id
        used = self.used.get(row.contact_id)
        if used is not None and heard.at <= used:
            # a text of this round may have failed in the moment in which the last one ended
            own = heard.kind is SignalKind.STATUS and about_text
            return own and (row.contact_id, row.delivery_id) not in self.settled
        return about_text or heard.at >= self.since[row.id]

    def signals(self, given: Sequence[Heard], row: Any) -> list[Signal]:
        """The signals of the contact that count for the step."""
        texted = self.texted.get(row.contact_id)
        return [
            heard.signal(row.contact_id, row.delivery_id, self.campaign_id, texted)
            for heard in given
            if self.counts(heard, row)
        ]


def remember(
    course: Course, stop: Stop, made: Decision, config: WaitConfig, rows: Sequence[Any]
) -> Memory:
    """The Memory for *rows*, steps of one decision."""
    contact_ids = [row.contact_id for row in rows]
    since = listened_since(stop, rows)
    if config.counts_from_text:
        sent = sent_since([row.delivery_id for row in rows if row.delivery_id is not None])
        for row in rows:
            since[row.id] = min(since[row.id], sent.get(row.delivery_id, since[row.id]))
    replies = SignalKind.REPLY in made.waits_for
    texted = texted_since(course.campaign_id, contact_ids) if replies else {}
    used, settled = used_until(stop, contact_ids)
    return Memory(course.campaign_id, since, used, texted, settled)


def listened_since(stop: Stop, rows: Sequence[Any]) -> dict[int, datetime]:
    """From when on it counts what a contact did, by step: since the event before began.

    That is when its step was laid, if it happened at once, else when it was done.
    """
    steps = table_of(CampaignStep)
    parent = steps.alias("parent")
    same = (
        (parent.c.contact_id == steps.c.contact_id)
        & (parent.c.event_id == stop.parent_id)
        & (parent.c.rotation == steps.c.rotation)
    )
    began = func.coalesce(
        case((parent.c.due_at <= parent.c.opened_at, parent.c.opened_at), else_=None),
        parent.c.begun_at,
        steps.c.opened_at,
    )
    query = (
        select(steps.c.id, began.label("since"))
        .select_from(steps.outerjoin(parent, same))
        .where(one_of(steps.c.id, ids_of(rows)))
    )
    return {row.id: row.since for row in read_rows(query)}


def used_until(
    stop: Stop, contact_ids: Collection[int]
) -> tuple[dict[int, datetime], set[tuple[int, int]]]:
    """When these contacts last came out of this decision, and the texts that were before it."""
    columns = table_of(CampaignStep).c
    query = (
        select(columns.contact_id, columns.delivery_id, func.max(columns.done_at).label("at"))
        .where(
            one_of(columns.contact_id, contact_ids),
            columns.event_id == stop.id,
            columns.done_at.is_not(None),
        )
        .group_by(columns.contact_id, columns.delivery_id)
    )
    used: dict[int, datetime] = {}
    settled = set()
    for row in read_rows(query):
        used[row.contact_id] = max(row.at, used.get(row.contact_id, row.at))
        settled.add((row.contact_id, row.delivery_id))
    return used, settled
