"""Laying the next steps before contacts: one INSERT for all of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Case, ColumnElement, Select, case, literal, null, select

from heliograph.campaigns.course import Course, Stop, zone_named
from heliograph.campaigns.models import WAITING, CampaignMember, CampaignStep
from heliograph.campaigns.timing import due
from heliograph.contacts.models import Contact
from heliograph.db import db, insert_selected, table_of
from heliograph.lookups import one_of, read_rows


def lay_after(
    course: Course,
    stop: Stop,
    step_ids: Sequence[int],
    contact_ids: Sequence[int],
    now: datetime,
    *,
    anew: bool = False,
) -> int:
    """Lay *stop* before the contacts of these steps; returns how many were new.

    *anew* takes the member's rotation, which a jump has raised, instead of the step's.
    """
    steps, members = table_of(CampaignStep), table_of(CampaignMember)
    rotation = members.c.rotation if anew else steps.c.rotation
    source: Any = steps
    if anew:
        own = (members.c.campaign_id == steps.c.campaign_id) & (
            members.c.contact_id == steps.c.contact_id
        )
        source = source.join(members, own)
    moment = due_at(course, stop, contact_ids, now)
    if isinstance(moment, Case):
        source = source.join(table_of(Contact), table_of(Contact).c.id == steps.c.contact_id)
    values = step_values(course, stop, now) | {
        "contact_id": steps.c.contact_id,
        "rotation": rotation,
        "due_at": moment,
        "delivery_id": steps.c.delivery_id,
    }
    query = select(*values.values()).select_from(source).where(one_of(steps.c.id, step_ids))
    return insert_steps(values, query.order_by(steps.c.contact_id))


def lay_first(course: Course, stop: Stop, contact_ids: Sequence[int], now: datetime) -> int:
    """Lay *stop* before members of the campaign, in their rotation."""
    members = table_of(CampaignMember)
    source: Any = members
    moment = due_at(course, stop, contact_ids, now)
    if isinstance(moment, Case):
        source = source.join(table_of(Contact), table_of(Contact).c.id == members.c.contact_id)
    values = step_values(course, stop, now) | {
        "contact_id": members.c.contact_id,
        "rotation": members.c.rotation,
        "due_at": moment,
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


def due_at(
    course: Course, stop: Stop, contact_ids: Sequence[int], now: datetime
) -> ColumnElement[Any]:
    """SQL: when *stop* is due; a CASE of the contact's zone where those differ."""
    type_ = table_of(CampaignStep).c.due_at.type
    usual = due(stop.plan, now, course.zone)
    moments = {}
    if stop.plan.by_zone:
        zones = {name: zone_named(name, course.zone) for name in zones_of(contact_ids)}
        moments = {name: due(stop.plan, now, zone) for name, zone in zones.items()}
    if all(moment == usual for moment in moments.values()):
        return literal(usual, type_)
    each = {name: literal(moment, type_) for name, moment in moments.items()}
    return case(each, value=table_of(Contact).c.timezone, else_=literal(usual, type_))


def zones_of(contact_ids: Sequence[int]) -> list[str]:
    """Names of the zones that these contacts live in."""
    query = select(Contact.timezone).where(one_of(Contact.id, contact_ids)).distinct()
    return list(db.session.scalars(query))


def zone_by_contact(contact_ids: Sequence[int]) -> dict[int, str]:
    columns = table_of(Contact).c
    query = select(columns.id, columns.timezone).where(one_of(columns.id, contact_ids))
    return {row.id: row.timezone for row in read_rows(query)}
