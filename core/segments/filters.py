"""Filters of segments: a tree of conditions, compiled to one SQL select.

A node is `{"all": [...]}`, `{"any": [...]}`, `{"not": node}` or a condition
`{"field": ..., "operator": ..., "value": ...}`. No value ever becomes SQL text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select

from core.contacts.fields import Field, contact_fields, find_field
from core.contacts.models import Contact
from core.db import db, utcnow
from core.errors import BadInput
from core.installation import current_zone
from core.segments import conditions, relations
from core.segments.models import Segment

MAX_DEPTH = 5
MAX_CONDITIONS = 100
GROUPS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a compilation sees: the clock, the fields, the segment it is for."""

    now: datetime
    zone: ZoneInfo
    fields: dict[str, Field]
    segment_id: int | None = None


def compile_filters(filters: dict[str, Any], *, now: datetime, zone: ZoneInfo) -> Select[Any]:
    """A select of the ids of matching contacts; raises BadInput with the place."""
    sight = Sight(now, zone, contact_fields())
    return select(Contact.id).where(build(filters, "filters", sight, 1))


def check_filters(filters: dict[str, Any], *, segment_id: int | None = None) -> None:
    """Raise BadInput naming the place in the tree, the value and the mend."""
    count = sum(1 for _ in leaves(filters))
    if count > MAX_CONDITIONS:
        raise BadInput("filters", f"have {count} conditions", mend=f"{MAX_CONDITIONS} is the most.")
    sight = Sight(utcnow(), current_zone(), contact_fields(), segment_id)
    build(filters, "filters", sight, 1)
    if segment_id is not None:
        refuse_cycle(filters, segment_id)


def build(node: object, path: str, sight: Sight, depth: int) -> ColumnElement[bool]:
    if not isinstance(node, dict):
        raise BadInput(path, "is no group and no condition", value=node, mend="Use an object.")
    if depth > MAX_DEPTH:
        raise BadInput(path, f"is nested deeper than {MAX_DEPTH} levels", mend="Flatten it.")
    group = next((name for name in GROUPS if name in node), None)
    if group is None:
        return build_condition(node, path, sight)
    if len(node) > 1:
        extra = next(key for key in node if key != group)
        raise BadInput(path, "does not belong beside a group", value=extra, mend="Nest it.")
    if group == "not":
        return not_(build(node["not"], f"{path}.not", sight, depth + 1))
    children = node[group]
    if not isinstance(children, list) or not children:
        raise BadInput(f"{path}.{group}", "is empty or no list", value=children, mend="Use [...].")
    built = [
        build(child, f"{path}.{group}[{number}]", sight, depth + 1)
        for number, child in enumerate(children)
    ]
    return and_(*built) if group == "all" else or_(*built)


def build_condition(node: dict[str, Any], path: str, sight: Sight) -> ColumnElement[bool]:
    unknown = node.keys() - {"field", "operator", "value"}
    if unknown:
        mend = "A condition has field, operator and value; a group all, any or not."
        raise BadInput(path, "is not known", value=sorted(unknown)[0], mend=mend)
    name, operator, value = node.get("field"), node.get("operator"), node.get("value")
    if not isinstance(name, str) or not name:
        raise BadInput(f"{path}.field", "is missing", value=name, mend="Name a field.")
    condition = conditions.Condition(path, name, str(operator or ""), value, sight.now, sight.zone)
    if name in relations.RELATIONS:
        return relations.build_relation(condition)
    if name in conditions.COLUMNS:
        return conditions.build_column(condition)
    field = find_field(name, sight.fields)
    if field is None:
        names = [*sight.fields, *relations.RELATIONS, *conditions.COLUMNS]
        close = difflib.get_close_matches(name, names, n=1)
        mend = f"Did you mean {close[0]}?" if close else f"Fields: {', '.join(names)}."
        raise BadInput(f"{path}.field", "is no field", value=name, mend=mend)
    return conditions.build_field(condition, field)


def leaves(node: object) -> Iterator[dict[str, Any]]:
    """All conditions of a tree."""
    if not isinstance(node, dict):
        return
    if "field" in node:
        yield node
    for name in GROUPS:
        children = node.get(name)
        for child in children if isinstance(children, list) else [children]:
            yield from leaves(child)


def segments_in(filters: dict[str, Any]) -> set[int]:
    """Ids of the segments that a tree names."""
    found: set[int] = set()
    for leaf in leaves(filters):
        if leaf.get("field") == "segment":
            value: Any = leaf.get("value")
            values = value if isinstance(value, list) else [value]
            found |= {int(str(item)) for item in values if str(item).isdecimal()}
    return found


def refuse_cycle(filters: dict[str, Any], segment_id: int) -> None:
    """A segment must not build on itself, by whatever way."""
    seen: set[int] = set()
    waiting = segments_in(filters)
    while waiting:
        current = waiting.pop()
        if current == segment_id:
            raise BadInput(
                "filters", "build on the segment itself", value=segment_id, mend="Break the circle."
            )
        seen.add(current)
        other = db.session.get(Segment, current)
        if other is not None and other.filters:
            waiting |= segments_in(other.filters) - seen
