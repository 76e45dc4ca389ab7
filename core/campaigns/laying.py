"""Laying the next steps before contacts: one INSERT for all of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, literal, null, select

from core.campaigns.course import Course, Stop, zone_named
from core.campaigns.models import WAITING, CampaignMember, CampaignStep
from core.campaigns.timing import due
from core.contacts.models import Contact
from core.db import insert_selected, table_of
from core.lookups import one_of


def lay_after(
    course: Course,
    stop: Stop,
    step_ids: Sequence[int],
    now: datetime,
    zones: Iterable[str],
    *,
    anew: bool = False,
) -> int:
    """Lay *stop* before the contacts of these steps; returns how many were new.

    *zones* are the names of all zones among them. *anew* takes the member's
    rotation, which a jump has raised, instead of the step's.
    """
    steps, members = table_of(CampaignStep), table_of(CampaignMember)
    rotation = members.c.rotation if anew else steps.c.rotation
    source: Any = steps
    if anew:
        own = (members.c.campaign_id == steps.c.campaign_id) & (
            members.c.contact_id == steps.c.contact_id
        )
        source = source.join(members, own)
    moment = due_at(course, stop, now, zones)
    if stop.plan.by_zone:
        source = source.join(table_of(Contact), table_of(Contact).c.id == steps.c.contact_id)
    values = step_values(course, stop, now) | {
        "contact_id": steps.c.contact_id,
        "rotation": rotation,
        "due_at": moment,
        "delivery_id": steps.c.delivery_id,
    }
    query = select(*values.values()).select_from(source).where(one_of(steps.c.id, step_ids))
    return insert_steps(values, query.order_by(steps.c.contact_id))


def lay_first(
    course: Course, stop: Stop, contact_ids: Sequence[int], now: datetime, zones: Iterable[str]
) -> int:
    """Lay *stop* before members of the campaign, in their rotation."""
    members = table_of(CampaignMember)
    source: Any = members
    if stop.plan.by_zone:
        source = source.join(table_of(Contact), table_of(Contact).c.id == members.c.contact_id)
    values = step_values(course, stop, now) | {
        "contact_id": members.c.contact_id,
        "rotation": members.c.rotation,
        "due_at": due_at(course, stop, now, zones),
        "delivery_id": null(),
    }
    mine = members.c.campaign_id == course.campaign_id
    query = select(*values.values()).select_from(source)
    query = query.where(mine, one_of(members.c.contact_id, contact_ids))
    return insert_steps(values, query.order_by(members.c.contact_id))


def step_values(course: Course, stop: Stop, now: datetime) -> dict[str, ColumnElement[Any]]:
    types = table_of(CampaignStep).c
    constants = {
        "campaign_id": course.campaign_id,
        "event_id": stop.id,
        "status": WAITING,
        "attempts": 0,
        "reason": "",
        "detail": "",
        "opened_at": now,
    }
    return {name: literal(value, types[name].type) for name, value in constants.items()}


def insert_steps(values: dict[str, ColumnElement[Any]], query: Select[Any]) -> int:
    return insert_selected(CampaignStep, list(values), query)


def due_at(course: Course, stop: Stop, now: datetime, zones: Iterable[str]) -> ColumnElement[Any]:
    """SQL: when *stop* is due, by the contact's zone where that matters."""
    type_ = table_of(CampaignStep).c.due_at.type
    usual = literal(due(stop.plan, now, course.zone), type_)
    if not stop.plan.by_zone:
        return usual
    moments = {
        name: literal(due(stop.plan, now, zone_named(name, course.zone)), type_)
        for name in zones
        if name
    }
    if not moments:
        return usual
    return case(moments, value=table_of(Contact).c.timezone, else_=usual)
