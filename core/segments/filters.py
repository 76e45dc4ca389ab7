"""Filters of segments: a tree of conditions, compiled to one SQL select.

A node is `{"all": [node, ...]}`, `{"any": [node, ...]}`, `{"not": node}` or a
condition `{"field": ..., "operator": ..., "value": ...}`. A contact without a
value fails every condition but `empty` and the negative ones (is_not, not_in,
!=, ...), also inside of a `not`. Values are bound, never written into the SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select

from heliograph.contacts.fields import contact_fields
from heliograph.contacts.models import Contact
from heliograph.db import utcnow
from heliograph.errors import BadInput
from heliograph.installation import current_settings, current_zone
from heliograph.nfc import nfc_json
from heliograph.segments.conditions import Clause, Operand, Operator, Scope, opposite, shown
from heliograph.segments.subjects import find_operator, find_subject, known_subjects

MAX_DEPTH = 5
MAX_CONDITIONS = 100
MAX_VALUES = 5000  # each is a bound parameter, of which databases take only so many
GROUPS = ("all", "any", "not")
KEYS = ("field", "operator", "value")
FORMS = 'Use {"all": [...]}, {"any": [...]}, {"not": {...}} or {"field": ..., "operator": ...}.'


class Node(Protocol):
    def clause(self, *, turned: bool) -> Clause:
        """SQL of the node, or of its opposite when *turned*."""

    def stored(self) -> dict[str, Any]:
        """The node as it is to be kept: fields by alias, segments by id."""


@dataclass(frozen=True, slots=True)
class Condition:
    subject: str
    name: str
    operator: Operator
    operand: Operand

    def clause(self, *, turned: bool) -> Clause:
        found = self.operator.test(self.operand)
        return opposite(found) if self.operator.turned != turned else found

    def stored(self) -> dict[str, Any]:
        kept: dict[str, Any] = {"field": self.subject, "operator": self.name}
        if not self.operator.bare and self.operand.raw is not None:
            kept["value"] = self.operator.keep(self.operand)
        return kept


@dataclass(frozen=True, slots=True)
class Group:
    word: str
    nodes: list[Node]

    def clause(self, *, turned: bool) -> Clause:
        # turned at the leaves: SQL's NOT of an unknown value would stay unknown
        join = and_ if (self.word == "all") != turned else or_
        return join(*(node.clause(turned=turned) for node in self.nodes))

    def stored(self) -> dict[str, Any]:
        return {self.word: [node.stored() for node in self.nodes]}


@dataclass(frozen=True, slots=True)
class Negation:
    node: Node

    def clause(self, *, turned: bool) -> Clause:
        return self.node.clause(turned=not turned)

    def stored(self) -> dict[str, Any]:
        return {"not": self.node.stored()}


def compile_filters(
    filters: Mapping[str, Any], *, now: datetime | None = None, zone: ZoneInfo | None = None
) -> Select[Any]:
    """A select of the ids of matching contacts.

    Days are those of *zone*, the installation's by default. Raises BadInput
    naming the place in the tree, the value and the mend.
    """
    return select(Contact.id).where(read_filters(filters, now, zone).clause(turned=False))


def check_filters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters as they are to be stored; raises BadInput as `compile_filters`."""
    node = read_filters(filters, None, None)
    node.clause(turned=False)
    return node.stored()


def read_filters(filters: object, now: datetime | None, zone: ZoneInfo | None) -> Node:
    check_size(filters)
    filters = nfc_json(filters)
    region = current_settings().region
    scope = Scope(
        now or utcnow(), zone or current_zone(), region, contact_fields(), known_subjects()
    )
    return read_node(filters, "filters", scope)


def check_size(filters: object) -> None:
    """Bound depth first: nothing else may walk a tree of any depth."""
    level, depth = [filters], 0
    conditions = values = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH + 1:
            problem = f"are nested deeper than {MAX_DEPTH} levels"
            raise BadInput("filters", problem, mend="Take a group out of its group.")
        leaves = [node for node in level if isinstance(node, dict) and "field" in node]
        conditions += len(leaves)
        given = [leaf.get("value") for leaf in leaves]
        values += sum(len(value) for value in given if isinstance(value, list))
        level = [child for node in level for child in children(node)]
    if conditions > MAX_CONDITIONS:
        mend = f"Use {MAX_CONDITIONS} at most; the operator in takes many values."
        raise BadInput("filters", f"have {conditions} conditions", mend=mend)
    if values > MAX_VALUES:
        mend = f"Use {MAX_VALUES} at most; tag the contacts instead."
        raise BadInput("filters", f"have {values} values", mend=mend)


def children(node: object) -> Iterator[object]:
    if not isinstance(node, dict):
        return
    for word in GROUPS:
        inner = node.get(word, [])
        yield from inner if isinstance(inner, list) else [inner]


def read_node(node: object, path: str, scope: Scope) -> Node:
    if not isinstance(node, dict) or not node:
        raise BadInput(path, "is no group and no condition", value=shown(node), mend=FORMS)
    word = next((name for name in GROUPS if name in node), None)
    extra = next((key for key in node if key not in ((word,) if word else KEYS)), None)
    if extra is not None:
        raise BadInput(path, "does not belong here", value=shown(extra), mend=FORMS)
    if word is None:
        return read_condition(node, path, scope)
    path, inner = f"{path}.{word}", node[word]
    if word == "not":
        return Negation(read_node(inner, path, scope))
    if not isinstance(inner, list) or not inner:
        mend = "Put at least one condition into its list."
        raise BadInput(path, "is no list, or an empty one", value=shown(inner), mend=mend)
    return Group(word, [read_node(one, f"{path}[{n}]", scope) for n, one in enumerate(inner)])


def read_condition(node: Mapping[str, Any], path: str, scope: Scope) -> Condition:
    subject = find_subject(node.get("field"), f"{path}.field", scope)
    name = node.get("operator")
    operator = find_operator(name, f"{path}.operator", subject)
    operand = Operand(node.get("value"), f"{path}.value", scope)
    if operator.bare and operand.raw not in (None, "", True):
        raise operand.refused(f"does not belong to {name}", "Leave the value out.")
    return Condition(subject.name, str(name), operator, operand)
