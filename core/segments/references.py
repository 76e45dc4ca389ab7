"""Which segments the filters of others name: their order, and no circles."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from heliograph.errors import BadInput
from heliograph.segments.filters import children

Trees = Mapping[int, Mapping[str, Any] | None]  # stored filters by segment id


def segments_in(filters: Mapping[str, Any] | None) -> set[int]:
    """Ids of the segments that stored filters name."""
    found: set[int] = set()
    level: list[object] = [filters]
    while level:
        for node in level:
            if isinstance(node, dict) and node.get("field") == "segment":
                value = node.get("value")
                named = value if isinstance(value, list) else [value]
                found |= {item for item in named if isinstance(item, int)}
        level = [child for node in level for child in children(node)]
    return found


def in_order(trees: Trees) -> list[int]:
    """The segments of *trees*, each after those that its filters name."""
    named = {key: sorted(segments_in(tree) & trees.keys()) for key, tree in sorted(trees.items())}
    try:
        return list(TopologicalSorter(named).static_order())
    except CycleError:  # refused on edit; should one be there, none must be forgotten
        return list(named)


def refuse_cycle(segment_id: int, filters: Mapping[str, Any], trees: Trees) -> None:
    """Raise BadInput when *filters* lead back to their own segment, by whatever way."""
    seen: set[int] = set()
    waiting = segments_in(filters)
    while waiting:
        current = waiting.pop()
        if current == segment_id:
            mend = "Take out the condition on segments that closes it."
            raise BadInput("filters", "lead back to the segment itself", mend=mend)
        seen.add(current)
        waiting |= segments_in(trees.get(current)) - seen
